// SPDX-License-Identifier: MIT
#pragma once
// consumer: the role of reading from a segment, from segment::attach_consumer (producers of a
// lossless ring wait for it) or attach_observer (nobody waits for it) until it is destroyed.
//
//   poll      hands messages to a handler, in place or copied, and releases them
//   read      copies one message out
//   wait      sleeps until poll has something to report
//   wake      ends a wait, from any thread or signal handler
//   position, observer
//
// Trap: what a poll or read reported stays reserved until the next call or the end of the role, and
// a lossless ring's producers wait for it; a record_view ends with its handler. After fork() a
// child's copy returns wrong_process. Threads: one at a time, wake excepted.
// protocol/poll.hpp defines the calls and all that they return.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "shmfifo/protocol/poll.hpp"

namespace shmfifo {

class mapping;  // one mapping of a segment's file, shared by the handles that use it
class segment;

// Where a reader begins.
struct start_at {
  // See the functions below.
  enum class place : std::uint8_t { oldest, latest, number };
  place where = place::oldest;  // the kind of place
  std::int64_t number = 0;      // with place::number

  // At the oldest message that is left.
  static constexpr start_at oldest() noexcept { return {}; }
  // Behind the newest message: only what comes.
  static constexpr start_at latest() noexcept { return {place::latest}; }
  // At this number. Where it is gone a consumer cannot attach (ENODATA); an observer is told.
  static constexpr start_at at(std::int64_t number) noexcept { return {place::number, number}; }
};

// What a consumer asks for.
struct consumer_options {
  // With a name the cursor is durable: it outlives the process, resumes here, and in a lossless
  // ring holds producers back even while nobody reads (until it resumes or is forgotten).
  std::string name = {};
  start_at start = {};  // of a new cursor; a resumed one goes on where it was
};

// A consumer's or observer's role, made by segment::attach_consumer or attach_observer.
class SHMFIFO_EXPORT consumer final : public basic_consumer<std_memory_model> {
 public:
  // The role moves; what is left may only be destroyed.
  consumer(consumer&&) noexcept = default;
  consumer& operator=(consumer&&) = delete;
  ~consumer();  // leaves the role in good order; a durable cursor stays

 private:
  friend class segment;
  consumer(std::shared_ptr<mapping> home, std_memory_model&& memory, std::optional<unsigned> self,
           std::uint64_t position, std::unique_ptr<std::byte[]> buffer);
  std::shared_ptr<mapping> home_;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace shmfifo
