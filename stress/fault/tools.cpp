// SPDX-License-Identifier: MIT
// Makes every system call of the core fail under each command of the operator's tool, and a sample
// of the tool's allocations. The tool itself runs, with the wrappers linked in (tool_plan.cpp). It
// must never crash, hang, succeed with another answer and no explanation, fail without naming the
// cause, or leave something behind.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <stdexcept>

#include "full_file_system.hpp"
#include "report.hpp"
#include "shmfifo/harness/fault/faults.hpp"
#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"
#include "standard_output.hpp"

namespace shmfifo::harness::fault {
namespace {

struct command {
  const char* name;
  std::vector<std::string> words;  // NAME stands for the segment's name
  enum class does : std::uint8_t { nothing, creates, changes, removes } effect = does::nothing;
};
const std::vector<command>& commands() {
  using enum command::does;
  static const std::vector<command> all = {
      {"create", {"create", "NAME", "--slots", "4", "--content-size", "16"}, creates},
      {"ls", {"ls", "--json"}},
      {"stat", {"stat", "NAME", "--json"}},
      {"tail", {"tail", "NAME", "-n", "3", "--count", "3"}},
      {"dump", {"dump", "NAME"}},
      {"verify", {"verify", "NAME", "--json"}},
      {"recover", {"recover", "NAME"}, changes},
      {"forget", {"forget", "NAME", "old"}, changes},
      {"rm", {"rm", "NAME"}, removes},
  };
  return all;
}

struct ran {
  int status = 0;
  std::string out, err;
  std::array<unsigned, call_count> made{};
  bool struck = false;
};

class bench {
 public:
  bench(std::string tool, run_names& names)
      : tool_(std::move(tool)), names_(names), name_(names.next()) {}

  // Runs the command on a fresh segment with three messages and an old cursor in it.
  ran play(const command& what, const std::string& fault) {
    remove_names(name_);
    if (what.effect != command::does::creates) prepare();
    return run(what, fault);
  }

  // The complaint, or an empty string.
  [[nodiscard]] std::string judge(const command& what, const plan& fault, const ran& calm,
                                  const ran& seen) const {
    if (!WIFEXITED(seen.status)) {
      return WTERMSIG(seen.status) == SIGALRM ? "does not end"
                                              : fmt::format("signal {}", WTERMSIG(seen.status));
    }
    const int code = WEXITSTATUS(seen.status);
    if (code != 0 && seen.err.empty() && (seen.out.empty() || seen.out == calm.out)) {
      return "fails without a word";
    }
    if (code == 0 && steady(seen.out) != steady(calm.out) && !may_differ(what, fault) &&
        !says_why(seen, fault.code)) {
      return "ends well with another answer: " + seen.out;
    }
    const bool exists = std::filesystem::exists("/dev/shm/" + name_);
    const bool expected = what.effect == command::does::creates   ? code == 0
                          : what.effect == command::does::removes ? code != 0
                                                                  : true;
    if (exists != expected) {
      return fmt::format("exit {}, and the name is {}", code, exists ? "there" : "gone");
    }
    if (code == 0 && what.effect == command::does::changes && !old_cursor_is_as_after(what)) {
      return "ends well and did not do it";
    }
    std::size_t names = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
      names += entry.path().filename().string().starts_with(name_) ? 1U : 0U;
    }
    if (names > 1) return "leaves another name behind";
    return {};
  }

  // The text without the parts that differ from segment to segment.
  [[nodiscard]] static std::string steady(const std::string& text) {
    static const std::regex changing("\"uid\":\"[0-9a-f]*\"|\"created_ns\":[0-9]*");
    return std::regex_replace(text, changing, "");
  }
  // ls skips files it cannot read, as documented; a lock that cannot be queried counts as held.
  [[nodiscard]] static bool may_differ(const command& what, const plan& fault) {
    const bool shortage = fault.code == EMFILE || fault.code == ENFILE || fault.code == ENOMEM;
    return fault.which == call::fcntl ||
           (std::strcmp(what.name, "ls") == 0 && !shortage &&
            (fault.which == call::open || fault.which == call::fstat ||
             fault.which == call::pread));
  }

  [[nodiscard]] bool says_why(const ran& seen, int code) const {
    const bool of_memory = (seen.err + seen.out).find("memory") != std::string::npos;
    if (code == ENOMEM && of_memory) return true;
    return code != 0 && (seen.err + seen.out).find(std::strerror(code)) != std::string::npos;
  }

 private:
  void prepare() const {
    geometry shape;
    shape.content_size = 16;
    shape.slot_count = 4;
    shape.participant_count = 4;
    const segment home = must(segment::create(name_, shape));
    consumer_options old;
    old.name = "old";
    const consumer kept = must(home.attach_consumer(old));
    producer out = must(home.attach_producer());
    for (int i = 0; i < 3; ++i) {
      if (out.try_publish("abc") != status::ok) throw std::runtime_error("publish failed");
    }
  }
  [[nodiscard]] bool old_cursor_is_as_after(const command& what) const {
    auto home = segment::attach(name_);
    if (!home) return false;
    auto now = home->stat();
    if (!now) return false;
    const bool there = !now->participants.empty();
    return there == (std::strcmp(what.name, "forget") != 0);
  }

  ran run(const command& what, const std::string& fault) const {
    int out[2], err[2], report[2];
    if (::pipe(out) != 0 || ::pipe(err) != 0 || ::pipe(report) != 0) {
      throw std::runtime_error("no pipes");
    }
    const pid_t child = start_child([&] {
      ::alarm(120);  // a hang: the longest wait of the library ends after seconds
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
      for (const int end : {out[0], out[1], err[0], err[1], report[0]}) ::close(end);
      ::setenv("SHMFIFO_FAULT", fault.c_str(), 1);
      ::setenv("SHMFIFO_FAULT_REPORT", std::to_string(report[1]).c_str(), 1);
      std::vector<std::string> words = what.words;
      words.insert(words.begin(), tool_);
      std::vector<char*> pointers;
      for (std::string& word : words) {
        if (word == "NAME") word = name_;
        pointers.push_back(word.data());
      }
      pointers.push_back(nullptr);
      names_.keep_across_exec();
      ::execv(tool_.c_str(), pointers.data());
      return 127;
    });
    for (const int end : {out[1], err[1], report[1]}) ::close(end);
    ran seen;
    seen.out = read_all(out[0]);
    seen.err = read_all(err[0]);
    const std::string report_bytes = read_all(report[0]);
    if (report_bytes.size() >= sizeof seen.made)
      std::memcpy(&seen.made, report_bytes.data(), sizeof seen.made);
    seen.struck = report_bytes.size() > sizeof seen.made && report_bytes[sizeof seen.made] != 0;
    seen.status = reap(child);
    return seen;
  }
  static std::string read_all(int end) {
    std::string text;
    char piece[4096];
    for (ssize_t got = 0; (got = ::read(end, piece, sizeof piece)) > 0;) {
      text.append(piece, static_cast<std::size_t>(got));
    }
    ::close(end);
    return text;
  }

  std::string tool_;
  const run_names& names_;
  std::string name_;
};

constexpr unsigned samples = 60;

void explore(bench& trials, const command& what, bool all, report& results) {
  const ran calm = trials.play(what, "none 1 0 0");
  if (const std::string wrong = trials.judge(what, {}, calm, calm);
      !wrong.empty() || WEXITSTATUS(calm.status) != 0) {
    fmt::print("VIOLATION: {} without any fault: {} {}\n", what.name, wrong, calm.err);
    results.add_wrong();
  }
  for (std::size_t i = 0; i < call_count; ++i) {
    const auto which = static_cast<call>(i);
    tally here;
    here.made = calm.made[i];
    for (const failure_code& code : codes_of(which)) {
      here.codes += std::string(here.codes.empty() ? "" : " ") + code.name;
      // Of the thousands of allocations a sample; of the calls the first three and the last.
      const unsigned spread = which == call::allocation ? 1 + calm.made[i] / samples : ~0U;
      for (const unsigned nth : occurrences(calm.made[i], all, spread)) {
        for (const bool forever : {false, true}) {
          const ran seen = trials.play(
              what, fmt::format("{} {} {} {}", to_string(which), nth, forever ? 1 : 0, code.code));
          std::string wrong = trials.judge(what, {which, nth, forever, code.code}, calm, seen);
          const bool failed = seen.status != 0;
          // A lock that is held, a name that is taken and the like have texts of their own.
          if (wrong.empty() && failed && which != call::fcntl && code.code != 0 &&
              !trials.says_why(seen, code.code) &&
              !(which == call::open && std::strcmp(what.name, "create") == 0) &&
              !(which == call::linkat && code.code == EEXIST)) {
            wrong = "does not say why: " + seen.err;
          }
          ++here.cases;
          ++(failed ? here.refused : here.tolerated);
          if (wrong.empty()) continue;
          ++here.wrong;
          fmt::print("VIOLATION: {} {} #{} {} {}: {}\n", what.name, to_string(which), nth,
                     code.name, forever ? "for ever" : "once", wrong);
        }
      }
    }
    if (here.cases == 0) continue;
    results.add(what.name, which, here);
  }
}

int run(const std::string& tool, const std::vector<std::string>& selection, bool all,
        const std::string& json, const std::string& markdown) {
  static_cast<void>(private_shm("size=64m"));  // where that is permitted
  run_names names("tools");
  bench trials(tool, names);
  report results("command", "failed_clearly", "unimpressed");
  for (const command& what : commands()) {
    if (selection.empty() ||
        std::find(selection.begin(), selection.end(), what.name) != selection.end()) {
      explore(trials, what, all, results);
    }
  }
  return results.finish(json, markdown);
}

int run_program(int count, char** words) {
  CLI::App app(
      "Makes every system call of the core fail under each command of the operator's tool.");
  std::string tool, json, markdown;
  std::vector<std::string> selection;
  app.add_option("--tool", tool, "the tool with the wrappers linked in")
      ->required()
      ->check(CLI::ExistingFile);
  std::vector<std::string> names;
  for (const command& what : commands()) names.emplace_back(what.name);
  app.add_option("--command", selection, "only these commands")->check(CLI::IsMember(names));
  bool all = false;
  app.add_flag(
      "--all", all,
      "every occurrence; default: the first three and the last, and a sample of allocations");
  app.add_option("--json", json, "write the report to FILE");
  app.add_option("--markdown", markdown, "write the table to FILE");
  try {
    app.parse(count, words);
    return run(tool, selection, all, json, markdown);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "shmfifo_fault_tools: {}\n", problem.what());
    return 2;
  }
}

}  // namespace
}  // namespace shmfifo::harness::fault

int main(int count, char** words) {
  return shmfifo::apps::run_with_output_checked(
      "shmfifo_fault_tools", 2, [&] { return shmfifo::harness::fault::run_program(count, words); });
}
