// SPDX-License-Identifier: MIT
// One behaviour for each word of `capabilities` that takes a promise back or asks for something: a
// right queue that declares the word, one that behaves alike and does not, and one that does worse
// than the word forgives.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

// A behaviour with a word declared.
template <class Base, auto Word>
struct declaring : Base {
  declaring() { this->promises.*Word = true; }
};

// One message in twenty gets lost, or comes twice, whoever lives.
template <class Base>
struct also_loses : Base {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = Base::look(in, self, buffer);
    const bool drop = answer.answer == receive_answer::message && ++seen % 20 == 5;
    return drop ? Base::look(in, self, buffer) : answer;
  }
  unsigned seen = 0;
};
template <class Base>
struct also_repeats : Base {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    if (repeat) {
      repeat = false;
      std::copy(last.begin(), last.end(), buffer.begin());
      return {receive_answer::message, -1, 0, std::ssize(last)};
    }
    const received answer = Base::look(in, self, buffer);
    repeat = answer.answer == receive_answer::message && ++seen % 20 == 5;
    if (repeat) last.assign(buffer.begin(), buffer.begin() + answer.length);
    return answer;
  }
  unsigned seen = 0;
  bool repeat = false;
  std::vector<std::byte> last;
};

using fetches_ahead_and_says_so = declaring<fetching_ahead, &capabilities::buffered>;

// After each death of a sender, one call of a receiver reports it.
template <receive_answer Answer>
struct reports_deaths : plain {
  void enter(ring& in, unsigned id) override {
    ++in.header().spare[0];
    plain::enter(in, id);
  }
  received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) override {
    const std::int64_t died = in.header().spare[0] - static_cast<int>(in.shape().producers);
    if (died <= reported) return plain::receive(in, self, buffer, until);
    reported = died;
    return {Answer};
  }
  std::int64_t reported = 0;
};
using ends_early_after_death = reports_deaths<receive_answer::nothing>;
using fails_after_death = reports_deaths<receive_answer::failed>;

struct fails_unprovoked : declaring<plain, &capabilities::fallible> {
  received receive(ring& in, reader& self, std::span<std::byte> buffer, deadline until) override {
    if (self.position > 200) return {receive_answer::failed};
    return plain::receive(in, self, buffer, until);
  }
};

struct any_order : fetching_ahead {
  any_order() { reversed_every = 1; }
};
using any_order_declared = declaring<any_order, &capabilities::unordered>;

struct any_pair_differs : declaring<swaps<unnumbered>, &capabilities::divergent> {
  bool fits(const reader& self, stamp, stamp) override { return self.id == 1; }
};

// A sender that comes back after its death is refused.
struct admits_once : plain {
  void enter(ring& in, unsigned id) override {
    if (in.header().spare[id].exchange(1) != 0) throw std::runtime_error("it was here before");
    plain::enter(in, id);
  }
};
using admits_once_declared = declaring<admits_once, &capabilities::permanent_senders>;

// After the first death of a sender nobody does anything for a while.
template <std::uint32_t Declared>
struct recovers_slowly : plain {
  recovers_slowly() { promises.recovery_ms = Declared; }
  void enter(ring& in, unsigned id) override {
    plain::enter(in, id);
    if (++in.header().spare[0] != in.shape().producers + 1) return;
    in.header().spare[1] = (now() + std::chrono::milliseconds(1300)).count();
  }
  std::int64_t claim(ring& in, unsigned id) override {
    return now().count() < in.header().spare[1] ? -1 : plain::claim(in, id);
  }
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    return now().count() < in.header().spare[1] ? received{} : plain::look(in, self, buffer);
  }
  static deadline::duration now() { return std::chrono::steady_clock::now().time_since_epoch(); }
};

using admits_two = declaring<plain, &capabilities::exclusive>;
struct admits_one : admits_two {
  void enter(ring& in, unsigned id) override {
    admits_two::enter(in, id);
    for (unsigned other = 0; other < senders_max; ++other) {
      if (other == id) continue;
      pthread_mutex_t& life = in.header().alive[other];
      const int taken = pthread_mutex_trylock(&life);
      if (taken == EOWNERDEAD) pthread_mutex_consistent(&life);
      if (taken != EBUSY) pthread_mutex_unlock(&life);
      if (taken != EBUSY) continue;
      in.end_life(id);
      throw std::runtime_error("there is a producer already");
    }
  }
};

// Attaching is a handshake: each side waits until the other has begun.
struct handshake : plain {
  handshake() { promises.start = start_order::together; }
  void enter(ring& in, unsigned id) override {
    senders(in) += 1;
    if (waits_for_receivers()) wait_for(receivers(in), in.shape().consumers);
    plain::enter(in, id);
  }
  std::int64_t first_position(ring& in, const reader& self) override {
    receivers(in) += 1;
    wait_for(senders(in), in.shape().producers);
    return plain::first_position(in, self);
  }
  virtual bool waits_for_receivers() { return true; }
  static std::atomic<std::int64_t>& senders(ring& in) { return in.header().spare[0]; }
  static std::atomic<std::int64_t>& receivers(ring& in) { return in.header().spare[1]; }
  static void wait_for(const std::atomic<std::int64_t>& there, unsigned enough) {
    while (there.load(std::memory_order_acquire) < enough) ::usleep(500);
  }
};
struct senders_first : handshake {
  senders_first() { promises.start = start_order::senders; }
  bool waits_for_receivers() override { return false; }
};
struct never_attaches : handshake {
  std::int64_t first_position(ring& in, const reader& self) override {
    wait_for(receivers(in), 1);  // of which it is none
    return handshake::first_position(in, self);
  }
};

const queue_registration promised_words[] = {
    queue_registration(
        entry<fetches_ahead_and_says_so>("right_buffered", "fetches ahead, and says so")),
    queue_registration(entry<also_loses<fetches_ahead_and_says_so>>(
        "buffered_and_loses", "loses more than a dead process's memory")),
    queue_registration(entry<declaring<ends_early_after_death, &capabilities::fallible>>(
        "right_fallible", "calls end early after a death, as declared")),
    queue_registration(entry<ends_early_after_death>("ends_early_after_death", "undeclared")),
    queue_registration(entry<declaring<fails_after_death, &capabilities::fallible>>(
        "right_failing", "calls fail after a death, as declared")),
    queue_registration(entry<fails_after_death>("fails_after_death", "undeclared")),
    queue_registration(entry<fails_unprovoked>("fails_unprovoked", "a call fails, nobody died")),
    queue_registration(entry<any_order_declared>("right_unordered", "any order, as declared")),
    queue_registration(
        entry<also_repeats<any_order_declared>>("unordered_and_repeats", "any order, and twice")),
    queue_registration(entry<declaring<different_orders, &capabilities::divergent>>(
        "right_divergent", "consumers see two orders, as declared")),
    queue_registration(
        entry<any_pair_differs>("divergent_in_one_producer", "one producer's order breaks, too")),
    queue_registration(entry<admits_once_declared>("right_permanent", "senders never come back")),
    queue_registration(entry<admits_once>("admits_once", "the same, undeclared")),
    queue_registration(
        entry<also_loses<admits_once_declared>>("permanent_and_loses", "and messages get lost")),
    queue_registration(entry<recovers_slowly<5000>>("right_recovering", "recovers in a while")),
    queue_registration(entry<recovers_slowly<0>>("recovers_slowly", "the same, undeclared")),
    queue_registration(entry<admits_one>("right_exclusive", "refuses a second producer")),
    queue_registration(entry<admits_two>("admits_two", "says exclusive, and admits two")),
    queue_registration(entry<handshake>("right_handshake", "both sides attach together")),
    queue_registration(entry<senders_first>("right_senders_first", "receivers need a sender")),
    queue_registration(entry<never_attaches>("never_attaches", "a receiver never gets in")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
