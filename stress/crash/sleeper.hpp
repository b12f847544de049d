// SPDX-License-Identifier: MIT
#pragma once
// A living peer that is really asleep: a process in its futex while the victim is interrupted. It
// waits without a deadline, so only the protocol can wake it. Private to these programs.

#include <sys/types.h>

#include "aftermath.hpp"

namespace shmfifo::harness::crash {

// What the sleeper reports to the judge, on a shared page.
struct sleeper_page {
  struct sighting {
    std::int64_t number = 0;
    author who{};  // 0: the number was answered `aborted`
    std::uint32_t sequence = 0;
  };
  volatile std::uint32_t count = 0;  // a consumer's sightings, complete up to here
  sighting sightings[32] = {};
  volatile std::int64_t published = -1;  // the number of a producer's message
  char complaint[200] = {};
};

// How often the judge looks whether the peer sleeps, and whether it has gone on. Counted in looks,
// which are as slow as the machine, not in seconds: some hundred times the slice after which a
// sleeper looks again.
struct patience {
  unsigned until_asleep = 8'000;
  unsigned until_awake = 8'000;
};

class sleeper {
 public:
  // Forks, and returns when the peer sleeps in the kernel.
  explicit sleeper(world& scene, const patience& looks = {});
  ~sleeper();
  sleeper(const sleeper&) = delete;
  sleeper& operator=(const sleeper&) = delete;

  // Stops it for good: the trace of the operation's instructions must not depend on its slices.
  void freeze();
  // The victim is dead, or has ended normally (`survived`): the peer must go on, and the stream
  // must be right.
  void judge(const control_page& control, bool survived);

 private:
  sleeper(world& scene, sleeper_page* page, const patience& looks);
  void judge_consumer(bool survived);
  void judge_producer();
  void fall_asleep();
  [[nodiscard]] bool asleep() const;
  [[nodiscard]] std::string blocked_in() const;
  void hear(std::int64_t until, const char* whose);

  world& scene_;
  sleeper_page* page_;
  patience looks_;
  pid_t pid_ = -1;
  ledger book_;
  std::uint32_t heard_ = 0;
  std::int64_t next_ = 0;
};

}  // namespace shmfifo::harness::crash
