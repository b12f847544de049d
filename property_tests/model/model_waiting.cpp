// SPDX-License-Identifier: MIT
// Goal: no wake-up is lost. Method: readers and producers wait without a deadline; the model's
// sleepers sleep until they are woken (no time slices), so a lost wake-up is a deadlock.
#include <array>

#include "core_test.hpp"

namespace shmfifo::model_tests {
namespace {

void reader_sleeps(unsigned messages) {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 2));
  auto* reader = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < messages; ++i) writer.publish_surely(content_of(1, i));
  });
  seen log;
  while (log.next < messages) {
    model::require(reader->wait() == status::ok, "G11: wait without a deadline answers ok");
    model::require(poll_once(*world, *reader, log), "G11: after wait there is something to poll");
  }
}
const registration sleeps_1{{"waiting.G11.G12_reader_sleeps_for_one",
                             "1 producer, 1 sleeping consumer, 2 slots, 1 message",
                             [] { reader_sleeps(1); }}};
const registration sleeps_2{{"waiting.G11.G12_reader_sleeps_for_two",
                             "1 producer, 1 sleeping consumer, 2 slots, 2 messages",
                             [] { reader_sleeps(2); }}};

// One bell wakes all.
void two_readers_sleep() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 2));
  auto* first = model::make<consumer>(*world, 1U);
  auto* second = model::make<consumer>(*world, 2U);
  model::thread producing([=] {
    producer writer(*world, 0);
    writer.publish_surely(content_of(1, 0));
  });
  model::thread reading([=] {
    seen log;
    model::require(second->wait() == status::ok, "G11");
    model::require(poll_once(*world, *second, log), "G11");
  });
  seen log;
  model::require(first->wait() == status::ok, "G11");
  model::require(poll_once(*world, *first, log), "G11");
}
const registration two{{"waiting.G11.G12_two_readers_sleep",
                        "1 producer, 2 sleeping consumers, 1 message", two_readers_sleep}};

// Two producers ring while a reader falls asleep.
void many_producers_ring() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 2));
  auto* reader = model::make<consumer>(*world, 2U);
  const auto produce = [=](unsigned line) {
    producer writer(*world, line);
    writer.publish_surely(content_of(line, 0));
  };
  model::thread first([=] { produce(0); });
  model::thread second([=] { produce(1); });
  seen log;
  while (log.next < 2) {
    model::require(reader->wait() == status::ok, "G11");
    model::require(poll_once(*world, *reader, log), "G11");
  }
}
const slow_registration many{{"waiting.G11_two_producers_ring",
                              "2 producers, 1 sleeping consumer, 2 slots, 2 messages",
                              many_producers_ring}};

// The bell alone: two ring, each with news of its own; the sleeper must learn of both.
void two_ring_one_bell() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  auto* news = model::make<std::array<std::uint64_t, 2>>();
  (*news)[0] = (*news)[1] = 0;
  std::uint32_t& ringing = world->view.control().data_bell;
  const auto tell = [=, &ringing](unsigned i) {
    model::store((*news)[i], 1U, std::memory_order_relaxed);
    protocol::ring_bell(core_memory(*world), ringing);
  };
  model::thread first([=] { tell(0); });
  model::thread second([=] { tell(1); });
  const auto both = [=] {
    return model::load((*news)[0], std::memory_order_relaxed) == 1 &&
           model::load((*news)[1], std::memory_order_relaxed) == 1;
  };
  model::require(protocol::sleep_until(core_memory(*world), ringing, no_deadline, both, [] {}),
                 "G11");
}
const registration bell{
    {"waiting.G11.G12_two_ring_one_bell", "2 ringers, 1 sleeper", two_ring_one_bell}};

// A ringer that is slow rings with what it saw before others rang and fell asleep. If it could
// take back what they did to the bell, a sleeper would be behind the news and still find its value
// there.
void slow_ringer() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  auto* news = model::make<std::uint64_t>(0U);
  std::uint32_t& ringing = world->view.control().data_bell;
  ringing = protocol::bell_sleeper;  // as a sleeper that was killed leaves it
  model::thread slow([=, &ringing] { protocol::ring_bell(core_memory(*world), ringing); });
  model::thread telling([=, &ringing] {
    protocol::ring_bell(core_memory(*world), ringing);
    model::store(*news, std::uint64_t{1}, std::memory_order_relaxed);
    protocol::ring_bell(core_memory(*world), ringing);
  });
  model::thread passing([=, &ringing] {
    const auto at_once = [] { return true; };
    model::require(protocol::sleep_until(core_memory(*world), ringing, no_deadline, at_once, [] {}),
                   "G11");
  });
  const auto told = [=] { return model::load(*news, std::memory_order_relaxed) == 1; };
  model::require(protocol::sleep_until(core_memory(*world), ringing, no_deadline, told, [] {}),
                 "G11");
}
const registration slow{
    {"waiting.G11.G12_slow_ringer", "2 ringers, 1 sleeper, 1 that passes by", slow_ringer}};

void producer_sleeps() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  auto* reader = model::make<consumer>(*world, 1U);
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) {
      const status answer = writer.publish(bytes_of(content_of(1, i)));
      model::require(answer == status::ok, "G5: wait loses nothing");
    }
  });
  seen log;
  read_until(*world, *reader, log, 2);
}
const registration producer_waits{{"waiting.G11.G5.G12_producer_sleeps",
                                   "1 sleeping producer, 1 consumer, 1 slot, 2 messages",
                                   producer_sleeps}};

// Two threads, each with its own news, wake a third that waits for nothing else.
template <class Role, class Wait>
void woken_by_two(Role* role, Wait wait) {
  auto* news = model::make<std::array<std::uint64_t, 2>>();
  (*news)[0] = (*news)[1] = 0;
  const auto tell = [=](unsigned i) {
    model::store((*news)[i], 1U, std::memory_order_relaxed);
    role->wake();
  };
  model::thread first([=] { tell(0); });
  model::thread second([=] { tell(1); });
  const auto told = [=](unsigned i) {
    return model::load((*news)[i], std::memory_order_relaxed) == 1;
  };
  // A wake-up that is lost, or does not bring its news along, leaves this asleep.
  while (!told(0) || !told(1)) {
    model::require(wait(*role) == status::interrupted, "G11: only the wake-ups end it");
  }
}

void two_wake_a_consumer() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  woken_by_two(model::make<consumer>(*world, 1U), [](consumer& reader) { return reader.wait(); });
}
const registration consumer_woken{
    {"waiting.G11.G12_two_wake_a_consumer", "2 wakers, 1 sleeping consumer", two_wake_a_consumer}};

void two_wake_an_observer() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  woken_by_two(model::make<consumer>(*world, consumer::observes{}),
               [](consumer& reader) { return reader.wait(); });
}
const registration observer_woken{
    {"waiting.G11.G12_two_wake_an_observer", "2 wakers, 1 napping observer", two_wake_an_observer}};

void two_wake_a_producer() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  auto* writer = model::make<producer>(*world, 0U);
  model::require(writer->publish_word(content_of(1, 0)) == status::ok, "the ring is full now");
  woken_by_two(writer,
               [](producer& waiting) { return waiting.publish(bytes_of(content_of(1, 1))); });
}
const registration producer_woken{{"waiting.G11.G12_two_wake_a_producer",
                                   "2 wakers, 1 sleeping producer, 1 slot", two_wake_a_producer}};

// The news may also be that the consumer left.
void consumer_that_leaves_wakes() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  auto* reader = model::make<consumer>(*world, 1U);
  auto* other = model::make<consumer>(*world, 2U);
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) {
      const status answer = writer.publish(bytes_of(content_of(1, i)));
      model::require(answer == status::ok, "G5: wait loses nothing");
    }
  });
  other->leave();
  seen log;
  read_until(*world, *reader, log, 2);
}
const registration leaving{{"waiting.G11.G5_consumer_that_leaves_wakes",
                            "1 sleeping producer, 2 consumers (one leaves), 1 slot, 2 messages",
                            consumer_that_leaves_wakes}};

}  // namespace
}  // namespace shmfifo::model_tests
