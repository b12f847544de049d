// SPDX-License-Identifier: MIT
#pragma once
// What a program prints, and whether it was written: a full disk, a closed descriptor or a reader
// that has gone must show in the exit code, since a script takes an empty answer with exit code 0
// for the truth. Standard C++ only, so that the programs of every folder use it. (A reader that has
// gone ends a program by SIGPIPE, as usual, unless that signal is ignored.)

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shmfifo::apps {

// Standard output cannot be written; the text says why.
struct output_error : std::runtime_error {
  explicit output_error(const std::string& why) : runtime_error("standard output: " + why) {}
};

// Throws output_error, now or at the next call.
inline void write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return;
  throw output_error(std::strerror(errno));
}

// Throws output_error unless everything up to here is written.
inline void flush_output() {
  if (std::fflush(stdout) != 0) throw output_error(std::strerror(errno));
  if (std::ferror(stdout) != 0) throw output_error("some of it could not be written");
}

// Needs no memory unless it fails: code that changes something makes the text of its success first.
inline void print_now(std::string_view text) {
  write_output(text);
  flush_output();
}

// The exit code of a program that is about to end with `code`: `lost` instead of 0, and a sentence
// on standard error, unless everything that it printed is written.
inline int exit_code_after_output(const char* program, int code, int lost) {
  try {
    flush_output();
    return code;
  } catch (const output_error& problem) {
    std::fprintf(stderr, "%s: %s\n", program, problem.what());
    return code == 0 ? lost : code;
  }
}

}  // namespace shmfifo::apps
