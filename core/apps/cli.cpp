// SPDX-License-Identifier: MIT
#include "cli.hpp"

#include <fmt/format.h>
#include <pwd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "parse_number.hpp"
#include "summary.hpp"

namespace shmfifo::apps {

CLI::Option* add_size(CLI::App& app, const std::string& option, std::uint64_t& target,
                      const std::string& help) {
  // Before CLI11's reading of suffixes, which takes -4 and 2^64 for a number close to 2^64.
  const auto digits_first = [](const std::string& text) {
    const std::string_view all = text;
    const bool good =
        parse_number<std::uint64_t>(all.substr(0, all.find_first_not_of("0123456789"))).has_value();
    return good ? std::string() : "'" + text + "' is no count: digits, and perhaps K, M or G";
  };
  return app.add_option(option, target, help)
      ->transform(CLI::AsSizeValue(false).description(""))
      ->transform(CLI::Validator(digits_first, ""))
      ->type_name("N[K|M|G]");
}

CLI::Option* add_amount(CLI::App& app, const std::string& option, double& target, double most,
                        const std::string& help) {
  // CLI11's ranges hold what is no number.
  const auto number = [](const std::string& text) {
    const bool good = !std::isnan(std::strtod(text.c_str(), nullptr));
    return good ? std::string() : "'" + text + "' is no number";
  };
  return app.add_option(option, target, help)
      ->check(CLI::Range(0.0, most))
      ->check(CLI::Validator(number, ""));
}

namespace {

owner_rule parse_owner(const std::string& word) {
  if (word == "any") return owner_rule::any();
  if (const auto uid = parse_number<std::uint32_t>(word)) return owner_rule::user(*uid);
  const passwd* user = ::getpwnam(word.c_str());
  if (user == nullptr) {
    throw CLI::ValidationError("--owner",
                               "'" + word + "' is neither a uid, a user's name, nor any");
  }
  return owner_rule::user(user->pw_uid);
}

}  // namespace

CLI::Option* add_owner(CLI::App& app, owner_rule& target) {
  return app
      .add_option_function<std::string>(
          "--owner", [&target](const std::string& word) { target = parse_owner(word); },
          "attach a segment of this user, or of any; otherwise only of yourself and of root")
      ->type_name("UID|NAME|any");
}

CLI::Option* add_directory(CLI::App& app, std::string& target) {
  return app.add_option("--directory", target, "where segments lie, a tmpfs (default: /dev/shm)")
      ->envname("SHMFIFO_DIRECTORY")
      ->type_name("PATH");
}

from_option parse_from(const std::string& word) {
  if (word == "oldest") return {};
  if (word == "latest") return {start_at::latest()};
  if (word == "cursor") return {start_at::oldest(), true};
  const auto number = parse_number<std::int64_t>(word);
  if (!number || *number < 0) {
    throw usage_error("--from: '" + word + "' is neither oldest, latest, cursor nor a number");
  }
  return {start_at::at(*number)};
}

namespace {

int report_failure(const std::string& program, const error& cause, bool json) {
  complain(program, cause.text);
  if (json) {
    print_json({{"error", {{"code", cause.code}, {"rule", cause.rule}, {"text", cause.text}}}});
  }
  // A name or directory that no segment can have is a slip on the command line.
  const std::string_view rule = cause.rule;
  const bool slip = (rule == "name" || rule == "directory") &&
                    (cause.code == EINVAL || cause.code == ENAMETOOLONG);
  return slip ? exit_usage : exit_failed;
}

int report_usage(const std::string& program, const std::string& text) {
  complain(program, text);
  std::fputs("Run with --help for more information.\n", stderr);
  return exit_usage;
}

// The exit code; output_error goes through.
int run_checked(CLI::App& app, int argc, char** argv, const bool& json,
                const std::function<int()>& body) {
  const std::string program = app.get_name();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) return app.exit(problem);  // --help
    return report_usage(program, problem.what());
  }
  try {
    return body();
  } catch (const usage_error& problem) {
    return report_usage(program, problem.what());
  } catch (const failure& problem) {
    return report_failure(program, problem.cause(), json);
  } catch (const output_error&) {
    throw;
  } catch (const std::exception& problem) {
    return report_failure(program, {0, "exception", problem.what()}, json);
  }
}

}  // namespace

void complain(const std::string& program, const std::string& text) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), printable(text).c_str());
}

error replaced(const std::string& name) {
  return {ESTALE, "name_state",
          "'" + name +
              "' was removed and made again: the name means another segment now, and nobody "
              "publishes in the old one. Start again (message_consumer: or use --follow-name)"};
}

void end_when_out_of_memory(const char* program) noexcept {
  static const char* const name = program;
  std::set_new_handler([] {
    std::fflush(stdout);
    for (const char* piece : {name, ": out of memory\n"}) std::fputs(piece, stderr);
    std::_Exit(exit_failed);
  });
}

int run_program(CLI::App& app, int argc, char** argv, const bool& json,
                const std::function<int()>& body) {
  const std::string program = app.get_name();
  try {
    const int code = run_checked(app, argc, argv, json, body);
    flush_output();
    return code;
  } catch (const output_error& problem) {
    complain(program, problem.what());
    return exit_failed;
  }
}

}  // namespace shmfifo::apps
