// SPDX-License-Identifier: MIT
// Goal: with one producer, every reader gets exactly what was published, in a ring that wraps,
// whatever the interleaving and whatever RC11 lets the memory do. Method: more messages than slots,
// all executions.
#include "core_test.hpp"

namespace shmfifo::model_tests {
namespace {

constexpr auto wait_single = [](std::uint64_t slots) {
  return ring(full_policy::wait, producer_role::single, slots);
};

void expect_all(const seen& log, std::int64_t count) {
  for (std::int64_t i = log.first; i < count; ++i) {
    model::require(log.words[i] == content_of(1, static_cast<unsigned>(i)),
                   "G1, G4: content by number");
  }
}

void ring_wraps_for_one_consumer(std::uint64_t slots, unsigned messages) {
  auto* world = model::make<core_world>(wait_single(slots));
  auto* reader = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < messages; ++i) writer.publish_surely(content_of(1, i));
  });
  seen log;
  read_until(*world, *reader, log, messages);
  expect_all(log, messages);
}
const registration wraps_2_3{{"single.G1.G2.G4.G5.G12_ring_of_2_wraps",
                              "1 producer, 1 consumer, 2 slots, 3 messages",
                              [] { ring_wraps_for_one_consumer(2, 3); }}};
const registration wraps_1_3{{"single.G1.G2.G4.G5.G12_ring_of_1_wraps",
                              "1 producer, 1 consumer, 1 slot, 3 messages",
                              [] { ring_wraps_for_one_consumer(1, 3); }}};

void two_consumers_gate() {
  auto* world = model::make<core_world>(wait_single(1));
  auto* first = model::make<consumer>(*world, 1U);
  auto* second = model::make<consumer>(*world, 2U);
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) writer.publish_surely(content_of(1, i));
  });
  model::thread reading([=] {
    seen log;
    read_until(*world, *second, log, 2);
    expect_all(log, 2);
  });
  seen log;
  read_until(*world, *first, log, 2);
  expect_all(log, 2);
}
const registration gates_2{{"single.G1.G2.G4.G5_two_consumers_gate",
                            "1 producer, 2 consumers, 1 slot, 2 messages", two_consumers_gate}};

// A consumer that attaches while the producer runs misses nothing from its start on.
enum class newcomer : std::uint8_t { in_used_line, behind_unused_line, in_passed_line };
void late_consumer(newcomer which) {
  auto* world = model::make<core_world>(wait_single(1));
  if (which != newcomer::in_used_line) world->view.participant(2).role = 0;
  const auto pass = [=] { protocol::pass_line(world->view, core_memory(*world), 2); };
  auto* early = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) writer.publish_surely(content_of(1, i));
  });
  model::thread attaching([=] {
    if (which == newcomer::behind_unused_line) pass();
    consumer late(*world, which == newcomer::behind_unused_line ? 3 : 2);
    seen log;
    log.start(late.position());
    read_until(*world, late, log, 2);
    expect_all(log, 2);
    late.leave();
  });
  if (which == newcomer::in_passed_line) pass();
  seen log;
  read_until(*world, *early, log, 2);
  expect_all(log, 2);
}
const registration late{{"single.G2.G4.G5_consumer_attaches_late",
                         "1 producer, 2 consumers (one attaches and leaves), 1 slot, 2 messages",
                         [] { late_consumer(newcomer::in_used_line); }}};
const registration behind{{"single.G2.G4.G5.G12_consumer_attaches_behind_a_line_never_used",
                           "1 producer, 2 consumers (one attaches and leaves), 1 slot, 2 messages",
                           [] { late_consumer(newcomer::behind_unused_line); }}};
const registration passed{{"single.G2.G4.G5.G12_consumer_attaches_in_a_line_that_is_passed",
                           "1 producer, 2 consumers (one attaches and leaves), 1 slot, 2 messages",
                           [] { late_consumer(newcomer::in_passed_line); }}};

// The last consumer leaves; messages that it has not read are kept for the next one.
void consumer_leaves_and_another_comes() {
  auto* world = model::make<core_world>(wait_single(1));
  auto* first = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 3; ++i) writer.publish_surely(content_of(1, i));
  });
  seen log;
  read_until(*world, *first, log, 1);
  const std::int64_t kept = log.next;
  expect_all(log, kept);
  first->leave();
  core_memory memory(*world);
  const std::uint64_t floor = memory.load(world->view.control().gate_floor,
                                          std::memory_order_seq_cst, site::gate_floor_load);
  model::require(static_cast<std::int64_t>(floor) <= kept, "G2: nothing unread is given up");
  consumer next(*world, 1, participant_kind::consumer, floor);
  seen rest;
  rest.start(next.position());
  read_until(*world, next, rest, 3);
  expect_all(rest, 3);
}
const registration leaves{{"single.G2.G5.G7_consumer_leaves_and_another_comes",
                           "1 producer, 2 consumers in turn, 1 slot, 3 messages",
                           consumer_leaves_and_another_comes}};

void observer_of_an_overwriting_ring(std::uint64_t slots, unsigned messages) {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::single, slots));
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < messages; ++i) {
      model::require(writer.publish_word(content_of(1, i)) == status::ok, "G5: never full");
    }
  });
  consumer watcher(*world, consumer::observes{});
  seen log;
  read_until(*world, watcher, log, messages);
  for (unsigned i = 0; i < messages; ++i) {
    model::require(log.words[i] == content_of(1, i) || log.words[i] == seen::lost,
                   "G4: never torn, never of another lap");
  }
  model::require(log.words[messages - 1] != seen::lost, "G5: the last message is not lost");
}
const registration observer_1{{"single.G4.G2.G5.G12_observer_of_overwriting_ring_of_1",
                               "1 producer, 1 observer, 1 slot, 2 messages",
                               [] { observer_of_an_overwriting_ring(1, 2); }}};
const registration observer_2{{"single.G4.G2.G5.G12_observer_of_overwriting_ring_of_2",
                               "1 producer, 1 observer, 2 slots, 3 messages",
                               [] { observer_of_an_overwriting_ring(2, 3); }}};

// Length and status belong to the same lap as the content.
void observer_sees_fields_of_one_lap() {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::single, 1));
  auto* writer = model::make<producer>(*world, 0U);
  model::require(writer->publish_word(content_of(1, 0)) == status::ok, "G5");
  const core_memory memory(*world);
  model::require(protocol::mark(world->view, memory, 0, 7) == status::ok, "mark");
  model::thread producing(
      [=] { model::require(writer->try_publish(byte_view()) == status::ok, "G5"); });
  consumer watcher(*world, consumer::observes{});
  const poll_result result = watcher.poll(
      [&](const record_view& record) {
        const bool older = record.message_number == 0;
        model::require(record.value_length == (older ? 8 : 0), "G3, G4: the message's own length");
        model::require(record.status == (older ? 7 : 0), "G4: the message's own status");
      },
      1);
  model::require(result.answer != status::invalid, "G9");
}
const registration fields{{"single.G3.G4.G12_observer_sees_fields_of_one_lap",
                           "1 producer, 1 observer, 1 slot, 2 messages of different length",
                           observer_sees_fields_of_one_lap}};

// A consumer leaves while another attaches and the producer goes round: either the newcomer sees
// the floor that the first raises, or the producer sees the newcomer.
void one_comes_while_another_leaves() {
  auto* world = model::make<core_world>(wait_single(1));
  auto* leaving = model::make<consumer>(*world, 1U);
  auto* writer = model::make<producer>(*world, 0U);
  writer->publish_surely(content_of(1, 0));
  model::thread reading([=] {
    seen log;
    static_cast<void>(poll_once(*world, *leaving, log));
    leaving->leave();
  });
  model::thread producing([=] { static_cast<void>(writer->publish_word(content_of(1, 1))); });
  consumer coming(*world, 2);
  seen log;
  log.start(coming.position());
  while (poll_once(*world, coming, log)) {
  }
  expect_all(log, log.next);
}
const registration comes{{"single.G4.G5.G12_one_comes_while_another_leaves",
                          "1 producer, 2 consumers (one leaves, one attaches), 1 slot, 2 messages",
                          one_comes_while_another_leaves}};

// A durable consumer takes the line of a consumer that was ahead of it: whoever sees its role also
// sees its cursor, not its predecessor's.
void durable_takes_a_used_line() {
  auto* world = model::make<core_world>(wait_single(1));
  auto* slow = model::make<consumer>(*world, 1U);
  auto* fast = model::make<consumer>(*world, 2U);
  auto* writer = model::make<producer>(*world, 0U);
  writer->publish_surely(content_of(1, 0));
  seen ahead;
  model::require(poll_once(*world, *fast, ahead), "there is one");
  fast->leave();
  model::thread coming([=] {
    consumer next_owner(*world, 2, participant_kind::durable);
    seen log;
    log.start(next_owner.position());
    static_cast<void>(poll_once(*world, next_owner, log));
    expect_all(log, log.next);
  });
  model::thread producing([=] { static_cast<void>(writer->publish_word(content_of(1, 1))); });
  seen log;
  static_cast<void>(poll_once(*world, *slow, log));
}
const registration used_line{{"single.G4.G5.G12_durable_takes_a_used_line",
                              "1 producer, 2 consumers (one attaches), 1 slot, 2 messages",
                              durable_takes_a_used_line}};

// Two leave at once while a third attaches: the floor never goes back.
void two_leave_while_one_comes() {
  auto* world = model::make<core_world>(wait_single(2));
  auto* writer = model::make<producer>(*world, 0U);
  auto* slow = model::make<consumer>(*world, 1U);
  auto* fast = model::make<consumer>(*world, 2U);
  writer->publish_surely(content_of(1, 0));
  writer->publish_surely(content_of(1, 1));
  seen all;
  model::require(poll_once(*world, *fast, all), "there are two");
  model::thread first([=] {
    const core_memory memory(*world);
    seen log;
    for (int i = 0; i < 2; ++i) {
      static_cast<void>(poll_once(*world, *slow, log, 1));
      static_cast<void>(protocol::raise_gate_floor(world->view, memory));
    }
  });
  model::thread second([=] { fast->leave(); });
  first.join();
  second.join();
  const core_memory memory(*world);
  model::require(
      memory.load(world->view.control().gate_floor, std::memory_order_seq_cst, site::operate) == 2,
      "G5: the floor never goes back");
}
const registration floor_only_rises{{"single.G5.G12_the_floor_never_goes_back",
                                     "3 raisers, 2 consumers that leave, 2 slots",
                                     two_leave_while_one_comes}};

// An aborted claim is reported, in its place.
void claim_and_abort() {
  auto* world = model::make<core_world>(wait_single(1));
  auto* reader = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    model::require(writer.take_surely().abort() == status::ok, "abort of an open claim");
    writer.publish_surely(content_of(1, 1));
  });
  seen log;
  read_until(*world, *reader, log, 2);
  model::require(log.words[0] == seen::aborted, "G2: the aborted number is told");
  model::require(log.words[1] == content_of(1, 1), "G4");
}
const registration abort_1{
    {"single.G2.G4_claim_and_abort", "1 producer, 1 consumer, 1 slot, 2 numbers", claim_and_abort}};

// A batch is as good as single messages.
void batch() {
  auto* world = model::make<core_world>(wait_single(2));
  auto* reader = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    const std::uint64_t words[3] = {content_of(1, 0), content_of(1, 1), content_of(1, 2)};
    const byte_view messages[3] = {bytes_of(words[0]), bytes_of(words[1]), bytes_of(words[2])};
    std::size_t done = 0;
    while (done < 3) {
      const batch_result part = writer.try_publish(std::span(messages).subspan(done));
      done += part.published;
      if (part.answer == status::full) model::pause();
    }
  });
  seen log;
  read_until(*world, *reader, log, 3);
  expect_all(log, 3);
}
const registration batch_3{
    {"single.G1.G2.G4.G5_batch", "1 producer, 1 consumer, 2 slots, 3 messages", batch}};

}  // namespace
}  // namespace shmfifo::model_tests
