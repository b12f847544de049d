// SPDX-License-Identifier: MIT
#pragma once
// What a program prints, and whether it was written: a full disk, a closed descriptor or a reader
// that has gone must show in the exit code, since a script takes an empty answer with exit code 0
// for the truth. Needs libc only, so that the programs of every folder use it. (A reader that has
// gone ends a program by SIGPIPE, as usual, unless that signal is ignored.)

#include <fcntl.h>
#include <unistd.h>

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

// A closed standard descriptor would be given to the next file that is opened, and what is printed
// would go there. The null device, opened the wrong way round, keeps the number and still fails.
inline void occupy_closed_standard_descriptors() noexcept {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    static_cast<void>(::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

// For the main() of instruments: the exit code of `body`, or `lost` instead of 0, and a sentence on
// standard error, unless everything that it printed is written.
template <class Body>
int run_with_output_checked(const char* program, int lost, const Body& body) {
  occupy_closed_standard_descriptors();
  const int code = body();
  try {
    flush_output();
    return code;
  } catch (const output_error& problem) {
    std::fprintf(stderr, "%s: %s\n", program, problem.what());
    return code == 0 ? lost : code;
  }
}

}  // namespace shmfifo::apps
