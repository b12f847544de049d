// SPDX-License-Identifier: MIT
#pragma once
// What all programs of the product share on their command lines: exit codes, options that take a
// word, sizes with suffixes, and one way from main() to an exit code. Errors of the library keep
// their rule and text up to here, so that a person and a script both see what was broken and
// what helps.

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "shmfifo/segment.hpp"
#include "words.hpp"

namespace shmfifo::apps {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

// The command line was understood but asks for something that cannot be: exit_usage.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Something that the library refused, or that the program found wrong: exit_failed.
class failure : public std::runtime_error {
 public:
  explicit failure(error cause) : std::runtime_error(cause.text), cause_(std::move(cause)) {}
  [[nodiscard]] const error& cause() const noexcept { return cause_; }

 private:
  error cause_;
};

// The value, or the way out with the error.
template <class T>
T need(result<T> answer) {
  if (!answer) throw failure(answer.error());
  return std::move(answer).value();
}

// An option that takes one of the words; `target` keeps its value when the option is not given.
template <class T, class Target>
CLI::Option* add_choice(CLI::App& app, const std::string& option, Target& target,
                        const choices<T>& words, const std::string& help) {
  std::vector<std::string> allowed;
  for (const auto& entry : words) allowed.push_back(entry.first);
  const auto take = [&target, &words](const std::string& text) {
    for (const auto& [word, meaning] : words) {
      if (word == text) target = meaning;
    }
  };
  return app.add_option_function<std::string>(option, take, help)
      ->check(CLI::IsMember(std::move(allowed)));
}

// A count or size that may end in K, M or G (powers of 1024).
CLI::Option* add_size(CLI::App& app, const std::string& option, std::uint64_t& target,
                      const std::string& help);

// A number from 0 to `most`.
CLI::Option* add_amount(CLI::App& app, const std::string& option, double& target, double most,
                        const std::string& help);

// --owner, whose segments are attached: a user's name or uid, or any; otherwise the caller's and
// root's.
CLI::Option* add_owner(CLI::App& app, owner_rule& target);

// --directory, and SHMFIFO_DIRECTORY in the environment: where segments lie.
CLI::Option* add_directory(CLI::App& app, std::string& target);

// Where a reader begins, as --from says it.
struct from_option {
  start_at start;
  bool resume = false;  // "cursor": where the named cursor stands
};
[[nodiscard]] from_option parse_from(const std::string& word);

// One line on standard error; the text may quote others. Never throws for a stream that is closed.
void complain(const std::string& program, const std::string& text);

// Why a wait for messages is in vain: the segment's name means another one by now.
[[nodiscard]] error replaced(const std::string& name);

// From now on a want of memory ends the program: a word to standard error, exit_failed. Nothing is
// unwound, because libraries allocate where they may not throw, and nothing needs to be: the kernel
// takes back a dead program's locks and mappings, and a segment is made to outlive its programs.
void end_when_out_of_memory(const char* program) noexcept;

// Parses, runs `body`, and turns every way out into an exit code; exit_failed, and a sentence, also
// if something that was printed could not be written. With `json` an error is also printed to
// standard output as {"error": {...}}, so that a script always gets JSON (but for a want of memory,
// see above).
int run_program(CLI::App& app, int argc, char** argv, const bool& json,
                const std::function<int()>& body);

}  // namespace shmfifo::apps
