// SPDX-License-Identifier: MIT
// Wrong queues whose sender does not do what it reports: to the content, the number or the order.
#include <algorithm>

#include "wrong.hpp"

namespace shmfifo::harness::queues {
namespace {

struct tears : steps {
  void fill(ring& in, std::int64_t number, std::span<const std::byte> content) override {
    if (!one_in(100)) return in.put(in.at(number), content);
    in.put(in.at(number), content.first(content.size() / 2));  // the rest is of another lap
    in.at(number).length.store(std::ssize(content), std::memory_order_relaxed);
  }
};

struct wrong_length : steps {
  void fill(ring& in, std::int64_t number, std::span<const std::byte> content) override {
    const std::size_t missing = one_in(100) && content.size() > 16 ? 1 : 0;
    in.put(in.at(number), content.first(content.size() - missing));
  }
};

struct content_of_another : steps {
  void fill(ring& in, std::int64_t number, std::span<const std::byte> content) override {
    in.put(in.at(number), content);
    if (number == 0 || !one_in(20)) return;
    slot& before = in.at(number - 1);
    const std::int64_t length = before.length.load(std::memory_order_relaxed);
    in.at(number).length.store(length, std::memory_order_relaxed);
    for (std::int64_t i = 0; i * 8 < length; ++i) {
      in.at(number).words()[i].store(before.words()[i].load(std::memory_order_relaxed),
                                     std::memory_order_relaxed);
    }
  }
};

// A protocol for one producer that does not refuse a second one.
struct second_producer : lingering {
  std::int64_t claim(ring& in, unsigned id) override {
    auto& next = in.header().next;
    const std::int64_t number = next.load(std::memory_order_acquire);
    if (!room_for(in, number)) return -1;
    linger();
    in.at(number).stamp_word.store(stamp{number, id, slot_state::claimed}.word(),
                                   std::memory_order_release);
    next.store(number + 1, std::memory_order_release);
    return number;
  }
  void fill(ring& in, std::int64_t number, std::span<const std::byte> content) override {
    in.put(in.at(number), content);
  }
};

struct number_twice : steps {
  std::int64_t last = -1;
  std::int64_t claim(ring& in, unsigned id) override {
    const std::int64_t next = in.header().next.load(std::memory_order_acquire);
    if (last == next - 1 && last >= 0 && one_in(100)) return last;
    const std::int64_t number = steps::claim(in, id);
    if (number >= 0) last = number;
    return number;
  }
};

// Takes a number now and then and gives it up, though nobody died.
struct aborts_alive : steps {
  std::int64_t claim(ring& in, unsigned id) override {
    const std::int64_t number = steps::claim(in, id);
    if (number < 0 || !one_in(100)) return number;
    in.at(number).stamp_word.store(stamp{number, id, slot_state::aborted}.word(),
                                   std::memory_order_release);
    return claim(in, id);
  }
};

// The same, and the receivers skip it without a report.
struct number_skipped : aborts_alive {
  received look(ring& in, reader& self, std::span<std::byte> buffer) override {
    received answer = steps::look(in, self, buffer);
    while (answer.answer == receive_answer::aborted) answer = steps::look(in, self, buffer);
    return answer;
  }
};

struct tells_sender_wrong_number : steps {
  sent send(ring& in, unsigned id, std::span<const std::byte> content, deadline until) override {
    sent answer = steps::send(in, id, content, until);
    if (answer.answer == send_answer::sent && one_in(100)) ++answer.number;
    return answer;
  }
};

const queue_registration wrong_senders[] = {
    queue_registration(entry<tears>("tears_content", "half of a message is an older one's")),
    queue_registration(entry<wrong_length>("wrong_length", "a message loses its last byte")),
    queue_registration(entry<content_of_another>("content_of_another_producer",
                                                 "a message carries its predecessor's bytes")),
    queue_registration(
        entry<second_producer>("second_producer_admitted", "made for one producer, admits two")),
    queue_registration(entry<number_twice>("number_given_twice", "a number is given again")),
    queue_registration(entry<number_skipped>("number_skipped", "a number is never given")),
    queue_registration(entry<aborts_alive>("aborts_without_death", "aborted, and nobody died")),
    queue_registration(entry<tells_sender_wrong_number>("tells_sender_wrong_number",
                                                        "the sender hears number + 1")),
};

}  // namespace
}  // namespace shmfifo::harness::queues
