// SPDX-License-Identifier: MIT
// All receivers of a broadcast see the producers' messages merged in one way. Each of them is known
// to get each producer's messages in order, so this is about those of different producers.

#include "judging.hpp"

namespace shmfifo::harness {
namespace {

class order_judge {
 public:
  explicit order_judge(const judged_run& run)
      : run_(run), places_(message_table<std::uint64_t>(run.logs)) {}

  // First the receivers that got everything: the others are compared with what these saw.
  maybe judge() {
    for (const bool whole : {true, false}) {
      for (unsigned i = 0; i < run_.logs.receivers(); ++i) {
        if (run_.lossy(i) || whole != got_everything(i)) continue;
        if (auto found = read_receiver(i)) return found;
      }
    }
    return std::nullopt;
  }

 private:
  struct arrival {
    unsigned receiver;
    std::size_t event;
  };
  struct walk {
    std::uint64_t place = 0;  // in the common order
    bool known = true;        // else it began anew, and nobody knows where
    bool everything = true;   // it gets each message from there on
  };

  [[nodiscard]] bool has_cursor(unsigned receiver) const {
    return run_.can.durable && !run_.logs.is_observer(receiver);
  }
  [[nodiscard]] bool got_everything(unsigned receiver) const {
    return has_cursor(receiver) || run_.logs.receiver(receiver).incarnation.load() <= 1;
  }

  maybe read_receiver(unsigned i) {
    walk at;
    at.everything = !run_.can.buffered;
    const auto told = run_.logs.told(i);
    for (std::size_t e = 0; e < told.size(); ++e) {
      if (told[e].kind == event_kind::attached && told[e].number > 0) {
        attach(at, i, told[e].killed != 0);
      } else if (told[e].kind == event_kind::message && names_itself(told[e])) {
        if (auto found = read_message(at, {i, e})) return found;
      }
    }
    return std::nullopt;
  }

  // A receiver with a cursor continues the order that it saw before; nobody knows where another one
  // begins.
  void attach(walk& at, unsigned receiver, bool killed) const {
    if (has_cursor(receiver) && (at.everything || !killed)) return;
    at.place = 0;
    at.known = at.everything = false;
  }

  maybe read_message(walk& at, arrival came) {
    const message_id id = unpack(run_.logs.told(came.receiver)[came.event].identity);
    const std::uint64_t place = places_[id.producer][id.sequence];  // one more, or 0
    if (place == 0 && at.place == order_.size() && at.known) {
      order_.push_back(came);
      places_[id.producer][id.sequence] = ++at.place;
      return std::nullopt;
    }
    if (place == at.place + 1 || (!at.everything && place > at.place)) {
      at.place = place;
      at.known = true;
      return std::nullopt;
    }
    if (at.everything ? place != 0 && place <= at.place : place == 0) {
      return std::nullopt;  // again after a restart, or nobody saw yet where it belongs
    }
    const arrival other = order_[at.everything ? at.place : place - 1];
    return broken(rule::disagreement, "{}\n  {}",
                  excerpt(run_, other.receiver, other.event, "a different order"),
                  excerpt(run_, came.receiver, came.event, "at the same place"));
  }

  const judged_run& run_;
  std::vector<arrival> order_;
  std::vector<std::vector<std::uint64_t>> places_;  // in it, of each producer's messages: from 1
};

}  // namespace

maybe judge_one_order(const judged_run& run) {
  if (run.can.divergent || run.logs.senders() < 2) return std::nullopt;
  return order_judge(run).judge();
}

}  // namespace shmfifo::harness
