// SPDX-License-Identifier: MIT
#pragma once
// Questions about the logs of a simulated run whose answers only the simulation knows.

#include <algorithm>

#include "simulation.hpp"

namespace shmfifo::harness::generated {

class witness {
 public:
  explicit witness(const simulated_run& seen)
      : run(seen.run), logs(seen.logs), real(seen.real), can(seen.run.shape.promises) {}

  // -- kinds of queues
  [[nodiscard]] bool by_number() const noexcept { return can.numbered && !can.competing; }
  [[nodiscard]] bool resumes(unsigned r) const noexcept {
    return can.durable && !logs.is_observer(r);
  }
  // Competing receivers share one cursor; a single receiver has the same kind.
  [[nodiscard]] bool shared(unsigned r) const noexcept {
    return !can.broadcast && !resumes(r) && !logs.is_observer(r);
  }
  [[nodiscard]] bool begins_anywhere(unsigned r) const noexcept {
    return !resumes(r) && !shared(r);
  }
  [[nodiscard]] bool lossy(unsigned r) const noexcept {
    return run.kind->reuses_slots && (can.lossy || logs.is_observer(r));
  }
  [[nodiscard]] bool by_place() const noexcept { return run.shape.shortest == 0 && !by_number(); }

  // -- messages
  [[nodiscard]] std::uint64_t answer_of(std::size_t at) const noexcept {
    const message_id id = real.line[at].id;
    const auto answers = logs.answered(id.producer);
    return id.sequence < answers.size() ? answers[id.sequence] : answer::in_doubt;
  }
  [[nodiscard]] bool sent(std::size_t at) const noexcept { return answer::is_sent(answer_of(at)); }
  [[nodiscard]] std::uint64_t in_doubt(unsigned p) const noexcept {
    const auto answers = logs.answered(p);
    const auto count = std::count(answers.begin(), answers.end(), answer::in_doubt);
    return static_cast<std::uint64_t>(count) + (logs.sender(p).started > answers.size() ? 1U : 0U);
  }
  [[nodiscard]] std::uint64_t in_doubt() const noexcept {
    std::uint64_t sum = 0;
    for (unsigned p = 0; p < logs.senders(); ++p) sum += in_doubt(p);
    return sum;
  }

  // -- events
  [[nodiscard]] std::size_t events(unsigned r) const noexcept { return logs.told(r).size(); }
  [[nodiscard]] const event& entry(unsigned r, std::size_t e) const noexcept {
    return logs.told(r)[e];
  }
  [[nodiscard]] std::size_t place_of(unsigned r, std::size_t e) const noexcept {
    return e < real.places[r].size() ? real.places[r][e] : nowhere;
  }
  [[nodiscard]] bool attaches(unsigned r, std::size_t e) const noexcept {
    return entry(r, e).kind == event_kind::attached && entry(r, e).number > 0;
  }
  [[nodiscard]] bool is_message(unsigned r, std::size_t e) const noexcept {
    return entry(r, e).kind == event_kind::message;
  }
  // Does the receiver attach again from this event to that one?
  [[nodiscard]] bool attaches_between(unsigned r, std::size_t first,
                                      std::size_t end) const noexcept {
    for (std::size_t e = first; e < end; ++e) {
      if (attaches(r, e)) return true;
    }
    return false;
  }
  [[nodiscard]] bool logged(unsigned r, std::size_t at) const noexcept {
    const auto& all = real.places[r];
    return std::find(all.begin(), all.end(), at) != all.end();
  }
  [[nodiscard]] bool logged_by_any(std::size_t at) const noexcept {
    for (unsigned r = 0; r < logs.receivers(); ++r) {
      if (logged(r, at)) return true;
    }
    return false;
  }
  // The first event from here on that is no attachment; without one, or if the receiver attaches
  // before it, nowhere.
  [[nodiscard]] std::size_t next_of_incarnation(unsigned r, std::size_t e) const noexcept {
    return e < events(r) && !attaches(r, e) ? e : nowhere;
  }
  [[nodiscard]] bool just_attached(unsigned r, std::size_t e) const noexcept {
    return e > 0 && e <= events(r) && attaches(r, e - 1);
  }

  // -- the end
  [[nodiscard]] bool complete(unsigned r) const noexcept {
    return logs.facts().ended == run_end::completed && logs.receiver(r).now == stage::finished;
  }
  [[nodiscard]] std::uint64_t kills() const noexcept {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < logs.senders(); ++i) sum += logs.sender(i).kills;
    for (unsigned i = 0; i < logs.receivers(); ++i) sum += logs.receiver(i).kills;
    return sum;
  }
  // May what comes last be missing?
  [[nodiscard]] bool may_block() const noexcept { return !can.recoverable && kills() != 0; }

  const scenario& run;
  const histories& logs;
  const truth& real;
  const capabilities& can;
};

}  // namespace shmfifo::harness::generated
