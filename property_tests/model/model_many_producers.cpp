// SPDX-License-Identifier: MIT
// Goal: many producers get distinct, dense numbers and nobody's message is torn, in lossless and in
// overwriting rings that wrap. Method: each producer publishes a few messages, all executions.
#include <array>

#include "core_test.hpp"

namespace shmfifo::model_tests {
namespace {

// Each producer's own messages in its own order, each once; gives the number of messages seen.
unsigned expect_orders_of_own(const seen& log, unsigned producers) {
  unsigned next[4] = {};
  unsigned messages = 0;
  for (std::int64_t i = log.first; i < log.next; ++i) {
    const std::uint64_t word = log.words[i];
    if (word == seen::aborted || word == seen::lost) continue;
    const auto who = static_cast<unsigned>(word / 1000);
    const auto index = static_cast<unsigned>(word % 1000);
    model::require(who < producers && index >= next[who], "G1: each producer's order is kept");
    next[who] = index + 1;
    ++messages;
  }
  return messages;
}

void share_a_lossless_ring(std::uint64_t slots, unsigned of_first, unsigned of_second) {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, slots));
  auto* reader = model::make<consumer>(*world, 2U);
  const auto produce = [=](unsigned line, unsigned count) {
    producer writer(*world, line);
    for (unsigned i = 0; i < count; ++i) writer.publish_surely(content_of(line, i));
  };
  model::thread first([=] { produce(0, of_first); });
  model::thread second([=] { produce(1, of_second); });
  seen log;
  read_until(*world, *reader, log, of_first + of_second);
  model::require(expect_orders_of_own(log, 2) == of_first + of_second, "G2: every message once");
}
const registration share_1{{"many.G1.G2.G4.G5.G12_two_share_a_ring_of_1",
                            "2 producers, 1 consumer, 1 slot, 2 messages",
                            [] { share_a_lossless_ring(1, 1, 1); }}};
const registration share_2{{"many.G1.G2.G4.G5.G12_two_share_a_ring_of_2",
                            "2 producers, 1 consumer, 2 slots, 3 messages",
                            [] { share_a_lossless_ring(2, 1, 2); }}};

void share_a_log() {
  auto* world = model::make<core_world>(
      geometry{segment_mode::log, full_policy::reject, producer_role::many, 2, 8, 4});
  const auto produce = [=](unsigned line) {
    producer writer(*world, line);
    const status answer = writer.publish_word(content_of(line, 0));
    model::require(answer == status::ok || answer == status::full, "ok or full");
    return answer == status::ok ? 1U : 0U;
  };
  auto* accepted = model::make<std::array<unsigned, 3>>();
  model::thread first([=] { (*accepted)[0] = produce(0); });
  model::thread second([=] { (*accepted)[1] = produce(1); });
  model::thread third([=] { (*accepted)[2] = produce(2); });
  consumer watcher(*world, consumer::observes{});
  seen log;
  read_until(*world, watcher, log, 2);
  first.join();
  second.join();
  third.join();
  model::require((*accepted)[0] + (*accepted)[1] + (*accepted)[2] == 2, "G5: full tells the truth");
  model::require(expect_orders_of_own(log, 3) == 2, "G2: every message once");
}
const registration log_3{{"many.G1.G2.G4.G5_three_share_a_log",
                          "3 producers, 1 observer, log of 2, 3 messages", share_a_log}};

// A slot whose owner is a lap behind is passed over.
void overwrite(std::uint64_t slots, unsigned of_first, unsigned of_second, bool watched) {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::many, slots));
  const auto produce = [=](unsigned line, unsigned count) {
    producer writer(*world, line);
    for (unsigned i = 0; i < count; ++i) {
      const status answer = writer.publish_word(content_of(line, i));
      // A ring with no more slots than producers may have every slot in the making.
      model::require(answer == status::ok || (answer == status::full && slots < 3),
                     "G5: never full");
    }
  };
  model::thread first([=] { produce(0, of_first); });
  model::thread second([=] { produce(1, of_second); });
  consumer watcher(*world, consumer::observes{});
  seen log;
  while (watched && poll_once(*world, watcher, log)) {
  }
  first.join();
  second.join();
  while (poll_once(*world, watcher, log)) {
  }
  model::require(log.next >= 1, "G2: what was published is there");
  expect_orders_of_own(log, 2);
}
const registration over_1{{"many.G5.G1.G2.G4.G12_two_overwrite_a_ring_of_1",
                           "2 producers, 1 observer, 1 slot, 2 messages and more numbers",
                           [] { overwrite(1, 1, 1, true); }}};
const registration over_2{
    {"many.G5.G1.G2.G4.G12_two_overwrite_a_ring_of_2",
     "2 producers, 1 observer afterwards, 2 slots, 3 messages and more numbers",
     [] { overwrite(2, 1, 2, false); }}};

// A group of its own, left out of coverage and of the instruments: it takes three times as long as
// all the others.
const registration late_stores{{"late.G5.G1.G2.G4.G12_stores_come_before_the_next_owners",
                                "2 producers, 1 observer, 1 slot, 3 messages and more numbers",
                                [] { overwrite(1, 1, 2, true); }}};

// What was written in place into a claim that was given up comes before the next owner's message.
void abort_after_writing_in_place() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 1));
  auto* reader = model::make<consumer>(*world, 2U);
  auto* first = model::make<producer>(*world, 0U);
  model::thread giving_up([=] {
    auto open = first->try_take();
    model::require(open.answer() == status::ok, "the ring is empty");
    model::write_plain(reinterpret_cast<std::uint64_t&>(open.content()[0]), 99U);
    model::require(std::move(open).abort() == status::ok, "abort of an open claim");
  });
  seen log;
  read_until(*world, *reader, log, 1);
  model::require(!poll_once(*world, *reader, log), "nothing else; what was told is released");
  producer second(*world, 1);
  second.publish_surely(content_of(1, 0));
  read_until(*world, *reader, log, 2);
  model::require(log.words[1] == content_of(1, 0), "G4: the next owner's message");
}
const registration in_place{{"many.G4.G12_abort_after_writing_in_place",
                             "2 producers, 1 consumer, 1 slot, 2 numbers",
                             abort_after_writing_in_place}};

// Two observers that read the same numbers agree on them.
void observers_agree() {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::many, 2));
  model::thread first([=] {
    producer writer(*world, 0);
    static_cast<void>(writer.publish_word(content_of(0, 0)));
  });
  model::thread second([=] {
    producer writer(*world, 1);
    static_cast<void>(writer.publish_word(content_of(1, 0)));
  });
  auto* other = model::make<seen>();
  model::thread reading([=] {
    consumer watcher(*world, consumer::observes{});
    read_until(*world, watcher, *other, 2);
  });
  consumer watcher(*world, consumer::observes{});
  seen log;
  read_until(*world, watcher, log, 2);
  reading.join();
  for (unsigned i = 0; i < 2; ++i) {
    model::require(log.words[i] == other->words[i], "G1: all readers agree");
  }
}
const registration agree{
    {"many.G1_observers_agree", "2 producers, 2 observers, 2 slots, 2 messages", observers_agree}};

// A claim that is given up is reported to everybody.
void abort_among_others() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 1));
  auto* reader = model::make<consumer>(*world, 2U);
  model::thread first([=] {
    producer writer(*world, 0);
    model::require(writer.take_surely().abort() == status::ok, "abort of an open claim");
  });
  model::thread second([=] {
    producer writer(*world, 1);
    writer.publish_surely(content_of(1, 0));
  });
  seen log;
  read_until(*world, *reader, log, 2);
  model::require(expect_orders_of_own(log, 2) == 1, "G2: one message, one aborted number");
}
const registration aborts{{"many.G2.G6_abort_among_others",
                           "2 producers, 1 consumer, 1 slot, 2 numbers", abort_among_others}};

}  // namespace
}  // namespace shmfifo::model_tests
