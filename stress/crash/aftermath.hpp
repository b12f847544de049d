// SPDX-License-Identifier: MIT
#pragma once
// What must still be true after a process was killed, or while it is paused: nothing committed is
// lost, only numbers that were claimed and not committed become aborted, numbers stay dense and in
// order, all readers agree, nobody is stuck, recovering twice equals once, and the segment is
// usable. Stuck is counted in failed attempts (bounds of the library: 256, 1024), not in seconds.

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "world.hpp"

namespace shmfifo::harness::crash {

struct violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What is known about the stream: the numbers that its writers got, and what readers saw.
class ledger {
 public:
  struct entry {
    author who = author::past;
    std::uint32_t sequence = 0;
    bool operator==(const entry&) const = default;
  };

  void promise(std::int64_t number, const entry& what);
  void allow_abort(std::int64_t number) { may_abort_.insert(number); }
  void allow_any_abort() { any_abort_ = true; }
  void saw_message(std::int64_t number, byte_view bytes);
  void saw_abort(std::int64_t number);
  [[nodiscard]] bool seen(std::int64_t number) const { return seen_.contains(number); }
  [[nodiscard]] std::int64_t end() const;  // one past the last promised or seen number
  // Every acknowledged publish of the victim was seen where it was acknowledged, unless lossy.
  void check_victim(const control_page& control, bool lossy) const;

 private:
  std::map<std::int64_t, entry> promised_;
  std::map<std::int64_t, entry> seen_;
  std::set<std::int64_t> aborted_;
  std::set<std::int64_t> may_abort_;
  std::map<std::uint32_t, std::int64_t> victims_;  // sequence -> number
  bool any_abort_ = false;
};

struct aftermath_options {
  std::uint64_t messages_after = 0;  // that must pass at the very end
  bool recovered = false;            // a recovery ran, or began, after the death
  bool newcomers_first = false;      // these recover before anybody reads
  bool long_wait = false;            // while paused, also wait longer than any time in the library
};

class court;  // the judge's handles and its ledger

class aftermath {
 public:
  aftermath(world& scene, const control_page& control, const aftermath_options& options);
  ~aftermath();
  aftermath(const aftermath&) = delete;
  aftermath& operator=(const aftermath&) = delete;

  // The victim is paused: the others do all they can, and no role or claim of a living process may
  // be taken.
  void act_meanwhile();
  // The victim is dead, or has ended normally (`survived`).
  void judge(bool survived);

 private:
  std::unique_ptr<court> court_;
};

}  // namespace shmfifo::harness::crash
