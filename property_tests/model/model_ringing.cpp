// SPDX-License-Identifier: MIT
// Goal: each call that makes something available wakes who sleeps for it. Method: as in
// model_waiting.cpp, one sleeper beside one call, which is the only one that could wake it: without
// the ring, executions in which it fell asleep first are deadlocks.
#include <array>

#include "core_test.hpp"

namespace shmfifo::model_tests {
namespace {

constexpr std::uint32_t dying_thread = 1;  // the body of a test is thread 0

// A reader that sleeps until there is something, and what its poll says then.
template <class Reader>
void sleep_for(Reader& reader, status expected, std::int64_t count) {
  while (count > 0) {
    model::require(reader.wait() == status::ok, "G11: wait without a deadline answers ok");
    const poll_result seen = reader.poll([](const record_view&) {});
    model::require(seen.answer == expected, "G2: the number's fate is as it was decided");
    count -= seen.count;
  }
}

// One producer, one reader that sleeps for what `call` does.
template <class Call>
void reader_beside(geometry shape, status expected, std::int64_t count, Call call) {
  auto* world = model::make<core_world>(shape);
  auto* reader = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    call(writer);
  });
  sleep_for(*reader, expected, count);
}

void commit_beside(producer_role role) {
  reader_beside(ring(full_policy::wait, role, 2), status::ok, 1, [](producer& writer) {
    model::require(writer.try_take().commit(8) == status::ok, "the claim is open");
  });
}
const registration commit_of_one{{"ringing.G11_reader_beside_a_commit",
                                  "1 producer, 1 sleeping consumer, 2 slots",
                                  [] { commit_beside(producer_role::single); }}};
const registration commit_of_many{{"ringing.G11_reader_beside_a_commit_of_many",
                                   "1 producer of many, 1 sleeping consumer, 2 slots",
                                   [] { commit_beside(producer_role::many); }}};

void abort_beside() {
  reader_beside(ring(full_policy::wait, producer_role::many, 2), status::aborted, 1,
                [](producer& writer) {
                  model::require(writer.try_take().abort() == status::ok, "the claim is open");
                });
}
const registration aborting{{"ringing.G11.G2_reader_beside_an_abort",
                             "1 producer, 1 sleeping consumer, 2 slots", abort_beside}};

// The claim stays open until the role ends.
void leaving_producer_beside() {
  reader_beside(ring(full_policy::wait, producer_role::many, 2), status::aborted, 1,
                [](producer& writer) {
                  const claim open = writer.try_take();
                  writer.leave();
                });
}
const registration leaving_producer{{"ringing.G11.G2_reader_beside_a_producer_that_leaves",
                                     "1 producer with a claim, 1 sleeping consumer, 2 slots",
                                     leaving_producer_beside}};

constexpr std::array<std::uint64_t, 2> contents = {1, 2};

std::array<byte_view, 2> two_messages() {
  return {bytes_of(contents[0]), bytes_of(contents[1])};
}

// Of two messages one finds room, or both do.
void batch_beside(std::uint64_t slots) {
  reader_beside(ring(full_policy::reject, producer_role::single, slots), status::ok,
                static_cast<std::int64_t>(slots), [=](producer& writer) {
                  const auto messages = two_messages();
                  const batch_result sent = writer.try_publish(messages);
                  model::require(sent.published >= slots, "G5: what has room is published");
                });
}
const registration cut_batch{{"ringing.G11.G5_reader_beside_a_batch_that_is_cut_short",
                              "1 producer, 1 sleeping consumer, 1 slot, 2 messages",
                              [] { batch_beside(1); }}};
const registration whole_batch{{"ringing.G11_reader_beside_a_batch",
                                "1 producer, 1 sleeping consumer, 2 slots, 2 messages",
                                [] { batch_beside(2); }}};

// Each side waits for the other: the batch for room, the reader for messages.
void both_sides_sleep() {
  reader_beside(ring(full_policy::wait, producer_role::single, 1), status::ok, 2,
                [](producer& writer) {
                  const auto messages = two_messages();
                  const batch_result sent = writer.publish(messages);
                  model::require(sent.answer == status::ok, "G5: wait loses nothing");
                });
}
const registration both_sides{{"ringing.G11.G5_a_batch_and_its_reader_sleep_for_each_other",
                               "1 sleeping producer, 1 sleeping consumer, 1 slot, 2 messages",
                               both_sides_sleep}};

// A claim that stays open is passed over by another producer, which finds no place at all.
void number_given_up_beside() {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::many, 1));
  auto* reader = model::make<consumer>(*world, 2U);
  producer slow(*world, 0);
  const claim open = slow.try_take();
  model::thread producing([=] {
    producer writer(*world, 1);
    model::require(writer.publish_word(content_of(1, 0)) == status::full, "G5: no place at all");
  });
  sleep_for(*reader, status::lost, 1);
}
const registration given_up{{"ringing.G11.G2.G5_reader_beside_a_number_that_is_given_up",
                             "2 producers (one holds a claim), 1 sleeping consumer, 1 slot",
                             number_given_up_beside}};

// One slot, full: the producer sleeps for what `call` does. model_waiting.cpp has the poll.
template <class Call>
void producer_beside(Call call) {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  auto* reader = model::make<consumer>(*world, 1U);
  auto* writer = model::make<producer>(*world, 0U);
  model::require(writer->publish_word(content_of(1, 0)) == status::ok, "there is room for one");
  model::thread producing([=] {
    const std::uint64_t word = content_of(1, 1);
    model::require(writer->publish(bytes_of(word)) == status::ok, "G5: wait loses nothing");
  });
  call(*world, *reader);
}

void copy_one(consumer& reader) {
  std::array<std::byte, 8> copy{};
  model::require(reader.read(copy).answer == status::ok, "the message is there");
}
const registration read_releases{
    {"ringing.G11.G5_producer_beside_a_read", "1 sleeping producer, 1 consumer, 1 slot", [] {
       producer_beside([](core_world&, consumer& reader) {
         copy_one(reader);
         std::array<std::byte, 8> copy{};
         static_cast<void>(reader.read(copy));  // releases the first
       });
     }}};
const registration wait_releases{{"ringing.G11.G5_producer_beside_a_wait",
                                  "1 sleeping producer, 1 sleeping consumer, 1 slot", [] {
                                    producer_beside([](core_world&, consumer& reader) {
                                      copy_one(reader);
                                      sleep_for(reader, status::ok, 1);
                                    });
                                  }}};
const registration leave_releases{{"ringing.G11.G5_producer_beside_a_reader_that_leaves",
                                   "1 sleeping producer, 1 consumer, 1 slot", [] {
                                     producer_beside([](core_world&, consumer& reader) {
                                       copy_one(reader);
                                       reader.leave();
                                     });
                                   }}};

// Who recovers wakes those who fell asleep before the death.
void recover(core_world& world) {
  core_memory memory(world);
  protocol::recover_dead(world.view, memory);
}
void wait_too(core_world& world) {
  consumer other(world, 3U);
  sleep_for(other, status::aborted, 1);
}
void take_line(core_world& world) {
  core_memory memory(world);
  model::require(protocol::take_line(world.view, memory).has_value(), "G8: there is a line");
}

// One that dies holds something, and somebody falls asleep for it, perhaps before the death: the
// kernel was asked about the owner before the sleep, and is not asked again. Deaths on the way
// there are given up: model_deaths.cpp has them.
template <class Hold, class Sleep>
void death_beside(core_world* world, Hold hold, Sleep sleep, void (*mend)(core_world&)) {
  world->mortals = 1U << dying_thread;
  auto* held = model::make<std::uint64_t>(0U);
  model::thread dying(model::mortal, [=] {
    hold();
    model::store(*held, 1U, std::memory_order_relaxed);
  });
  model::thread sleeping([=] { sleep(); });
  dying.join();
  model::assume(model::load(*held, std::memory_order_relaxed) == 1);
  mend(*world);
}

void claim_of_the_dead(void (*mend)(core_world&)) {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 2));
  auto* reader = model::make<consumer>(*world, 2U);
  const auto hold = [=] {
    auto* writer = model::make<producer>(*world, 0U);
    static_cast<void>(model::make<claim>(writer->try_take()));
  };
  death_beside(
      world, hold, [=] { sleep_for(*reader, status::aborted, 1); }, mend);
}
const registration recovered_claim{{"ringing.G6.G11_reader_beside_a_recoverer",
                                    "1 producer that dies, 1 sleeping consumer, recoverer",
                                    [] { claim_of_the_dead(recover); }}};
const registration claim_met{{"ringing.G6.G11_reader_beside_a_reader_that_ends_a_dead_claim",
                              "1 producer that dies, 2 sleeping consumers",
                              [] { claim_of_the_dead(wait_too); }}};
const registration line_taken{{"ringing.G6.G8.G11_reader_beside_the_next_owner_of_a_dead_line",
                               "1 producer that dies, 1 sleeping consumer, its successor",
                               [] { claim_of_the_dead(take_line); }}};

// A second consumer, which has read nothing.
void cursor_of_the_dead(void (*mend)(core_world&)) {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  auto* reader = model::make<consumer>(*world, 1U);
  auto* writer = model::make<producer>(*world, 0U);
  model::require(writer->publish_word(content_of(1, 0)) == status::ok, "there is room for one");
  sleep_for(*reader, status::ok, 1);
  const auto hold = [=] { model::make<consumer>(*world, 2U); };
  const auto sleep = [=] {
    const std::uint64_t word = content_of(1, 1);
    model::require(writer->publish(bytes_of(word)) == status::ok, "G5: wait loses nothing");
  };
  death_beside(world, hold, sleep, mend);
}
const registration recovered_cursor{{"ringing.G7.G11_producer_beside_a_recoverer",
                                     "1 sleeping producer, 2 consumers (one dies), 1 slot",
                                     [] { cursor_of_the_dead(recover); }}};
const registration cursor_line_taken{{"ringing.G7.G8.G11_producer_beside_the_next_owner_of_a_line",
                                      "1 sleeping producer, 2 consumers (one dies), 1 slot",
                                      [] { cursor_of_the_dead(take_line); }}};

}  // namespace
}  // namespace shmfifo::model_tests
