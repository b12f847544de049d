// SPDX-License-Identifier: MIT
#pragma once
// A file without a name, for what reads files by their path: nothing of it can be left behind.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace shmfifo::harness {

class memory_file {
 public:
  memory_file() : number_(::memfd_create("history", MFD_CLOEXEC)) {}
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;
  ~memory_file() { ::close(number_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

}  // namespace shmfifo::harness
