// SPDX-License-Identifier: MIT
// Wrong queues whose receiver sees too little, too much, or in another order.
#include <algorithm>
#include <thread>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

struct drops : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = steps::look(in, self, buffer);
    const bool drop = answer.answer == receive_answer::message && answer.number % 199 == 100;
    return drop ? steps::look(in, self, buffer) : answer;
  }
};

struct duplicates : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = steps::look(in, self, buffer);
    if (answer.answer == receive_answer::message && one_in(200)) --self.position;
    return answer;
  }
};

struct reorders_two_producers : swaps<lingering> {
  // Often, so that neighbours are of two producers even on a busy machine.
  reorders_two_producers() { linger_every = 7; }
  bool fits(const reader&, stamp first, stamp second) override {
    return first.sender != second.sender;
  }
};
struct breaks_producer_order : swaps<unnumbered> {
  bool fits(const reader&, stamp first, stamp second) override {
    return first.sender == second.sender;
  }
};
struct length_over_content_size : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    received answer = steps::look(in, self, buffer);
    if (answer.answer == receive_answer::message && one_in(200)) {
      answer.length = static_cast<std::int64_t>(in.shape().content_size) + 8;
    }
    return answer;
  }
};

// Any published slot will do, whatever lap it is of.
struct stale_lap : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = steps::look(in, self, buffer);
    slot& here = in.at(self.position);
    if (answer.answer != receive_answer::nothing) return answer;
    if (here.stamped().state != slot_state::published) return answer;
    const std::int64_t length = here.length.load(std::memory_order_relaxed);
    ring::get(here, buffer.first(static_cast<std::size_t>(length)));
    return {receive_answer::message, self.position++, 0, length};
  }
};

struct aborted_where_committed : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    received answer = steps::look(in, self, buffer);
    if (answer.answer == receive_answer::message && one_in(200)) {
      answer = {receive_answer::aborted, answer.number, 1};
    }
    return answer;
  }
};

struct tells_receiver_wrong_number : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    received answer = steps::look(in, self, buffer);
    if (answer.answer == receive_answer::message && one_in(200)) ++answer.number;
    return answer;
  }
};

struct invents : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    const received answer = steps::look(in, self, buffer);
    if (answer.answer != receive_answer::nothing || !one_in(50)) return answer;
    std::fill(buffer.begin(), buffer.end(), std::byte{0x5a});
    return {receive_answer::message, self.position, 0, std::ssize(buffer)};
  }
};

// A reader that checks for being overtaken only before it copies a message, not after.
struct reads_while_overwritten : overwriting {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    slot& here = in.at(self.position);
    if (!here.stamped().is(self.position, slot_state::published)) {
      return steps::look(in, self, buffer);
    }
    const std::int64_t length = here.length.load(std::memory_order_relaxed);
    const auto whole = buffer.first(static_cast<std::size_t>(length));
    ring::get(here, whole.first(whole.size() / 2));
    std::atomic_thread_fence(std::memory_order_acquire);
    if (!here.stamped().is(self.position, slot_state::published)) {
      return steps::look(in, self, buffer);
    }
    if (one_in(16)) std::this_thread::sleep_for(std::chrono::microseconds(200));
    std::vector<std::byte> later(whole.size());
    ring::get(here, later);
    std::copy(later.begin() + std::ssize(whole) / 2, later.end(),
              whole.begin() + std::ssize(whole) / 2);
    return {receive_answer::message, self.position++, 0, length};
  }
};

struct miscounts_loss : overwriting {
  received pass_over(ring& in, reader& self) override {
    received answer = steps::pass_over(in, self);
    ++answer.count;
    return answer;
  }
};

struct loses_in_silence : overwriting {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    received answer = steps::look(in, self, buffer);
    while (answer.answer == receive_answer::lost) answer = steps::look(in, self, buffer);
    return answer;
  }
};

struct observers_loss_short : steps {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    if (self.observer && one_in(16)) std::this_thread::sleep_for(std::chrono::microseconds(200));
    return steps::look(in, self, buffer);
  }
  received pass_over(ring& in, reader& self) override {
    received answer = steps::pass_over(in, self);
    if (answer.count > 1) --answer.count;
    return answer;
  }
};

const queue_registration wrong_receivers[] = {
    queue_registration(entry<drops>("drops_one_in_n", "nobody gets one message in 199")),
    queue_registration(entry<duplicates>("duplicates", "a consumer gets a message twice")),
    queue_registration(entry<reorders_two_producers>("reorders_two_producers",
                                                     "neighbours of two producers change places")),
    queue_registration(entry<breaks_producer_order>("breaks_producer_order",
                                                    "neighbours of one producer change places")),
    queue_registration(entry<different_orders>("two_orders", "consumers see different orders")),
    queue_registration(entry<length_over_content_size>("length_over_content_size",
                                                       "tells a length that no message can have")),
    queue_registration(entry<stale_lap>("stale_lap", "delivers a slot's older message again")),
    queue_registration(entry<aborted_where_committed>("aborted_where_committed",
                                                      "says aborted of a message that is there")),
    queue_registration(entry<tells_receiver_wrong_number>("tells_receiver_wrong_number",
                                                          "the receiver hears number + 1")),
    queue_registration(entry<invents>("invents_messages", "delivers what nobody sent")),
    queue_registration(entry<reads_while_overwritten>("reads_while_overwritten",
                                                      "does not look again after copying")),
    queue_registration(entry<miscounts_loss>("wrong_loss_count", "one more lost than told")),
    queue_registration(entry<loses_in_silence>("loses_in_silence", "overwritten, and not told")),
    queue_registration(
        entry<observers_loss_short>("observers_loss_short", "observers hear one lost too few")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
