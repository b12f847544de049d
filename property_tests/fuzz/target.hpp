// SPDX-License-Identifier: MIT
#pragma once
// What the fuzz targets share. Each target is one LLVMFuzzerTestOneInput, the function that
// libFuzzer and AFL++ call, and that the replay runner calls for kept inputs under every compiler.
// A target fails by crashing: a sanitizer's report, an assertion, or require().

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/segment.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace shmfifo::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz target: %s\n", what);
  std::abort();
}

// Takes an input apart; gives zeros when it is used up.
class input {
 public:
  input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}
  [[nodiscard]] bool empty() const { return left_.empty(); }
  template <class T>
  T take() {
    T value{};
    const std::size_t size = std::min(sizeof value, left_.size());
    if (size != 0) std::memcpy(&value, left_.data(), size);
    left_ = left_.subspan(size);
    return value;
  }
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return left_; }

 private:
  std::span<const std::uint8_t> left_;
};

// A small geometry out of two bytes.
inline geometry take_geometry(input& from) {
  const auto kind = from.take<std::uint8_t>();
  const auto size = from.take<std::uint8_t>();
  geometry shape;
  shape.mode = (kind & 3) == 0 ? segment_mode::log : segment_mode::ring;
  shape.when_full =
      shape.mode == segment_mode::log ? full_policy::reject : static_cast<full_policy>(kind & 3);
  shape.producers = (kind & 4) == 0 ? producer_role::single : producer_role::many;
  shape.slot_count = std::uint64_t{1} << (kind >> 3 & 3);
  shape.participant_count = 2U + (kind >> 5);
  shape.content_size = 1U + size % 100U;
  return shape;
}

// One name for all inputs of this process, so that nothing but the last file can be left behind.
inline const harness::unique_name& own_name() {
  static const harness::unique_name name;
  return name;
}

// A new segment under that name.
[[nodiscard]] segment new_segment(const geometry& shape);

// Rewrites the file; nothing of the previous input is left.
inline void write_segment_file(std::span<const std::uint8_t> bytes, std::uint64_t size) {
  const std::string path = own_name().path();
  ::unlink(path.c_str());
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  require(file >= 0, "the segment's file can be made");
  const std::size_t used = std::min<std::size_t>(bytes.size(), size);
  require(used == 0 || ::pwrite(file, bytes.data(), used, 0) == static_cast<ssize_t>(used),
          "the segment's file can be written");
  require(::ftruncate(file, static_cast<off_t>(size)) == 0, "the segment's file can be sized");
  ::close(file);
}

// Every call that a reader offers, a bounded number of times. Reads every byte it is given.
void exercise_reader(consumer& reader, const segment& home);
void exercise_writer(producer& writer);
// Makes every call that there is on an attached segment, whatever its bytes are.
void exercise(const segment& home);

}  // namespace shmfifo::fuzz
