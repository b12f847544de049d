// SPDX-License-Identifier: MIT
// Goal: a death at any event of any operation loses nothing committed, aborts at most the one
// claimed number, and leaves everybody else going on. Method: the mortal thread is killed before
// each of its events; survivors recover and go on; the reader's account must be dense and true.
#include "core_test.hpp"

namespace shmfifo::model_tests {
namespace {

constexpr std::uint32_t first_thread = 1;  // the body of a test is thread 0

struct account {
  unsigned messages = 0;
  unsigned aborted = 0;
  unsigned of_dead = 0;
};
account count(const seen& log, unsigned dead_line) {
  account a;
  for (std::int64_t i = log.first; i < log.next; ++i) {
    if (log.words[i] == seen::aborted) {
      ++a.aborted;
    } else {
      ++a.messages;
      if (log.words[i] / 1000 == dead_line) ++a.of_dead;
    }
  }
  return a;
}

// One of two producers dies, the other publishes; the reader must get past the dead claim.
void one_of_two_producers_dies() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 2));
  world->mortals = 1U << first_thread;
  auto* told = model::make<std::uint64_t>(0U);
  auto* reader = model::make<consumer>(*world, 2U);
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    if (writer.publish_word(content_of(0, 0)) == status::ok) {
      model::store(*told, 1U, std::memory_order_relaxed);
    }
  });
  model::thread living([=] {
    producer writer(*world, 1);
    writer.publish_surely(content_of(1, 0));
  });
  dying.join();
  living.join();
  core_memory memory(*world);
  protocol::recover_dead(world->view, memory);
  protocol::recover_dead(world->view, memory);  // twice is as good as once
  const auto end = static_cast<std::int64_t>(memory.load(
      world->view.control().producer_cursor, std::memory_order_acquire, site::poll_cursor));
  seen log;
  read_until(*world, *reader, log, end);
  const account a = count(log, 0);
  model::require(a.messages - a.of_dead == 1, "G6: the living producer's message is there");
  model::require(a.aborted <= 1, "G6: at most the claimed number is aborted");
  const std::uint64_t answered = model::load(*told, std::memory_order_relaxed);
  model::require(answered == 0 || a.of_dead == 1, "G6: nothing committed is lost");
}
const registration two_producers{
    {"deaths.G6.G2.G11.G12_one_of_two_producers",
     "2 producers (one dies at each event), recoverer, consumer, 2 slots",
     one_of_two_producers_dies}};

// The reader itself, while waiting, gets past a dead producer's claim. Nobody else recovers.
void waiting_reader_passes_a_dead_claim(bool observer) {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 2));
  world->mortals = 1U << first_thread;
  auto* reader = observer ? model::make<consumer>(*world, consumer::observes{})
                          : model::make<consumer>(*world, 2U);
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    static_cast<void>(writer.publish_word(content_of(0, 0)));
  });
  dying.join();
  producer writer(*world, 1);
  writer.publish_surely(content_of(1, 0));
  core_memory memory(*world);
  const auto end = static_cast<std::int64_t>(memory.load(
      world->view.control().producer_cursor, std::memory_order_acquire, site::poll_cursor));
  seen log;
  while (log.next < end) {
    model::require(reader->wait() == status::ok, "G11: wait gets past the dead");
    model::require(poll_once(*world, *reader, log), "G11: and poll says what it was");
  }
  model::require(count(log, 0).aborted <= 1, "G6");
}
const registration waiting_consumer{{"deaths.G6.G11_waiting_consumer_passes_a_dead_claim",
                                     "1 producer that dies, 1 living, 1 consumer, 2 slots",
                                     [] { waiting_reader_passes_a_dead_claim(false); }}};
const registration waiting_observer{{"deaths.G6.G11_waiting_observer_passes_a_dead_claim",
                                     "1 producer that dies, 1 living, 1 observer, 2 slots",
                                     [] { waiting_reader_passes_a_dead_claim(true); }}};

// A reader that waits at a claim asks whether its owner lives. A living one keeps its claim.
void waiting_reader_meets_a_living_claim(bool observer) {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 2));
  auto* reader = observer ? model::make<consumer>(*world, consumer::observes{})
                          : model::make<consumer>(*world, 2U);
  model::thread producing([=] {
    producer writer(*world, 0);
    writer.publish_surely(content_of(0, 0));
  });
  seen log;
  while (log.next < 1) {
    model::require(reader->wait() == status::ok, "G11");
    model::require(poll_once(*world, *reader, log), "G11: after wait there is something to poll");
  }
  model::require(log.words[0] == content_of(0, 0), "G11: nobody takes a living producer's claim");
}
const registration living_consumer{{"deaths.G11.G6.G12_waiting_consumer_meets_a_living_claim",
                                    "1 producer, 1 waiting consumer, 2 slots, 1 message",
                                    [] { waiting_reader_meets_a_living_claim(false); }}};
const registration living_observer{{"deaths.G11.G6.G12_waiting_observer_meets_a_living_claim",
                                    "1 producer, 1 waiting observer, 2 slots, 1 message",
                                    [] { waiting_reader_meets_a_living_claim(true); }}};

// Two processes recover at once, while a third takes the dead producer's line.
void two_recover_at_once() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 2));
  world->mortals = 1U << first_thread;
  auto* reader = model::make<consumer>(*world, 2U);
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    static_cast<void>(writer.publish_word(content_of(0, 0)));
  });
  dying.join();
  model::thread recovering([=] {
    core_memory memory(*world);
    protocol::recover_dead(world->view, memory);
  });
  core_memory memory(*world);
  const auto line = protocol::take_line(world->view, memory);
  model::require(line.has_value(), "G8: there is a line for the next one");
  basic_producer<core_memory> next(world->view, std::move(memory), *line);
  const std::uint64_t word = content_of(1, 0);
  auto open = next.try_take();
  model::require(open.answer() == status::ok, "G8: and it can claim");
  recovering.join();
  const core_memory look(*world);
  const std::uint64_t number =
      look.load(world->view.control().producer_cursor, std::memory_order_acquire, site::operate) -
      1;
  model::require(look.load(world->view.slot(number).stamp, std::memory_order_relaxed,
                           site::operate) == make_stamp(number, slot_state::claimed, *line),
                 "G8, G11: nobody takes a living producer's claim");
  model::require(role_kind(look.load(world->view.participant(*line).role, std::memory_order_relaxed,
                                     site::operate)) == participant_kind::producer,
                 "G8, G11: nobody frees a living producer's line");
  model::store(reinterpret_cast<std::uint64_t&>(open.content()[0]), word,
               std::memory_order_relaxed);
  model::require(std::move(open).commit(8) == status::ok, "G8: and commit");
  const std::int64_t end = next.last_number() + 1;
  seen log;
  while (log.next < end) {
    model::require(reader->wait() == status::ok, "G11");
    model::require(poll_once(*world, *reader, log), "G11");
  }
  model::require(log.words[end - 1] == word, "G8: the successor's message is not aborted");
}
const registration two_recoverers{{"deaths.G8.G6.G11.G12_two_recover_while_a_third_takes_the_line",
                                   "1 producer that dies, recoverer, successor, consumer, 2 slots",
                                   two_recover_at_once}};

// A recoverer dies at each of its events; the next one finishes.
void recoverer_dies() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 2));
  world->mortals = 3U << first_thread;
  auto* reader = model::make<consumer>(*world, 2U);
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    static_cast<void>(writer.publish_word(content_of(0, 0)));
  });
  dying.join();
  model::thread recovering(model::mortal, [=] {
    core_memory memory(*world);
    protocol::recover_dead(world->view, memory);
  });
  recovering.join();
  core_memory memory(*world);
  protocol::recover_dead(world->view, memory);
  model::require(role_kind(memory.load(world->view.participant(0).role, std::memory_order_acquire,
                                       site::recover_role)) == participant_kind::none,
                 "G8: the line is free");
  producer writer(*world, 0);
  writer.publish_surely(content_of(1, 0));
  const std::int64_t end = writer.last_number() + 1;
  seen log;
  read_until(*world, *reader, log, end);
  model::require(log.words[end - 1] == content_of(1, 0), "G8: usable afterwards");
}
const registration recoverer{{"deaths.G8_recoverer",
                              "1 producer and 1 recoverer that die, consumer, 2 slots",
                              recoverer_dies}};

// A single producer dies; its successor goes on with the number that was not published.
void single_producer_dies() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 2));
  world->mortals = 1U << first_thread;
  auto* told = model::make<std::uint64_t>(0U);
  auto* reader = model::make<consumer>(*world, 1U);
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) {
      if (writer.publish_word(content_of(0, i)) == status::ok) {
        model::store(*told, std::uint64_t{i} + 1, std::memory_order_relaxed);
      }
    }
  });
  dying.join();
  const std::uint64_t answered = model::load(*told, std::memory_order_relaxed);
  core_memory memory(*world);
  protocol::recover_dead(world->view, memory);
  producer writer(*world, 0);
  seen log;
  while (true) {
    const status answer = writer.publish_word(content_of(1, 0));
    if (answer == status::ok) break;
    model::require(poll_once(*world, *reader, log),
                   "G6: full only while there is something to read");
  }
  const std::int64_t end = writer.last_number() + 1;
  read_until(*world, *reader, log, end);
  model::require(count(log, 9).aborted == 0, "G6: no number was used up");
  model::require(end - 1 >= static_cast<std::int64_t>(answered), "G6: nothing committed is lost");
  for (std::int64_t i = 0; i < end - 1; ++i) {
    model::require(log.words[i] == content_of(0, static_cast<unsigned>(i)), "G1 G4");
  }
}
const registration single{{"deaths.G6.G1.G2.G4_single_producer",
                           "1 producer that dies, successor, consumer, 2 slots, 3 messages",
                           single_producer_dies}};

// A consumer without a name dies; the producer is not held back for ever, and nothing unread is
// lost.
void consumer_dies() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  world->mortals = 1U << first_thread;
  auto* survivor = model::make<consumer>(*world, 2U);
  model::thread dying(model::mortal, [=] {
    consumer reader(*world, 1);
    seen log;
    log.start(reader.position());
    static_cast<void>(poll_once(*world, reader, log));
  });
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) writer.publish_surely(content_of(1, i));
  });
  seen log;
  read_until(*world, *survivor, log, 1);
  dying.join();
  core_memory memory(*world);
  protocol::recover_dead(world->view, memory);
  read_until(*world, *survivor, log, 2);
  model::require(log.words[0] == content_of(1, 0) && log.words[1] == content_of(1, 1), "G4 G7");
}
const registration consumer_death{
    {"deaths.G7.G4.G5.G8.G11.G12_anonymous_consumer",
     "1 producer, 1 consumer that dies attaching or reading, 1 survivor, 1 slot", consumer_dies}};

// A durable cursor's owner dies; the next owner resumes with nothing skipped.
void durable_consumer_dies() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 1));
  world->mortals = 1U << (first_thread + 1);
  auto* handled = model::make<std::uint64_t>(0U);
  auto* cursor = model::make<consumer>(*world, 1U, participant_kind::durable);
  cursor->leave();
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) writer.publish_surely(content_of(1, i));
  });
  const auto resume = [=](core_memory& memory) {
    model::require(memory.try_own(1), "G7: the dead one's lock is free");
    return memory.load(world->view.participant(1).consumer_cursor, std::memory_order_relaxed,
                       site::attach_resume);
  };
  model::thread dying(model::mortal, [=] {
    core_memory memory(*world);
    const std::uint64_t position = resume(memory);
    basic_consumer<core_memory> reader(world->view, std::move(memory), 1U, position, nullptr);
    seen log;
    log.start(reader.position());
    while (!poll_once(*world, reader, log)) model::pause();
    model::store(*handled, static_cast<std::uint64_t>(log.next), std::memory_order_relaxed);
  });
  dying.join();
  core_memory memory(*world);
  const std::uint64_t position = resume(memory);
  basic_consumer<core_memory> reader(world->view, std::move(memory), 1U, position, nullptr);
  seen log;
  log.start(reader.position());
  model::require(reader.position() <= 1, "G7: nothing is skipped");
  read_until(*world, reader, log, 2);
  model::require(log.words[1] == content_of(1, 1), "G7");
}
const registration durable{
    {"deaths.G7_durable_consumer",
     "1 producer, 1 durable consumer that dies, its successor, 1 slot, 2 messages",
     durable_consumer_dies}};

// The successor of a producer that died between stamp and cursor moves the cursor on. A waiting
// reader must not conclude from the two stores that the slot is broken.
void successor_moves_the_cursor() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 2));
  world->mortals = 1U << first_thread;
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    static_cast<void>(writer.publish_word(content_of(1, 0)));
  });
  // Only the successor knows of the death; to the reader the stores of both are merely stores.
  model::thread succeeding([=, &dying] {
    dying.join();
    producer writer(*world, 1);
  });
  consumer watcher(*world, 2);
  seen log;
  // One look as wait() takes it before it sleeps; then read what it found.
  if (watcher.wait(deadline::min()) == status::ok) {
    model::require(poll_once(*world, watcher, log), "G11: after wait there is something to poll");
  }
  succeeding.join();
  while (poll_once(*world, watcher, log)) {
  }
  model::require(log.next == 0 || log.words[0] == content_of(1, 0), "G4");
}
const registration successor{{"deaths.G6.G9.G11.G12_successor_moves_the_cursor",
                              "1 producer that dies, successor, consumer, 2 slots, 1 message",
                              successor_moves_the_cursor}};

// What a dead producer wrote in place comes before the next owner's message.
void dead_claim_written_in_place() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::many, 1));
  world->mortals = 1U << first_thread;
  auto* reader = model::make<consumer>(*world, 2U);
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    auto* open = model::make<claim>(writer.try_take());  // stays open: nothing ends it here
    if (!*open) return;
    model::write_plain(reinterpret_cast<std::uint64_t&>(open->content()[0]), 99U);
  });
  model::thread recovering([=] {
    core_memory memory(*world);
    protocol::recover_dead(world->view, memory);
  });
  seen log;
  static_cast<void>(poll_once(*world, *reader, log));
  if (log.next == 1) {
    model::require(!poll_once(*world, *reader, log), "nothing else; what was told is released");
    producer writer(*world, 1);
    writer.publish_surely(content_of(1, 0));
    read_until(*world, *reader, log, 2);
    model::require(log.words[1] == content_of(1, 0), "G4: the next owner's message");
  }
}
const registration written{{"deaths.G4.G6.G12_claim_written_in_place",
                            "1 producer that dies, recoverer, successor, consumer, 1 slot",
                            dead_claim_written_in_place}};

// A recoverer and an overwriting producer meet at a dead claim: one of them gets it.
void recovery_meets_overwriting() {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::many, 1));
  world->mortals = 1U << first_thread;
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    static_cast<void>(writer.publish_word(content_of(0, 0)));
  });
  dying.join();
  model::thread recovering([=] {
    core_memory memory(*world);
    protocol::recover_dead(world->view, memory);
  });
  producer writer(*world, 1);
  model::require(writer.publish_word(content_of(1, 0)) == status::ok,
                 "G5: the dead hold nobody up");
  const std::int64_t end = writer.last_number() + 1;
  recovering.join();
  consumer watcher(*world, consumer::observes{}, static_cast<std::uint64_t>(end - 1));
  seen log;
  log.start(end - 1);
  static_cast<void>(poll_once(*world, watcher, log));
  model::require(log.next == end && log.words[end - 1] == content_of(1, 0),
                 "G6: nothing committed is lost");
}
const registration meets{{"deaths.G6.G2.G8.G12_recovery_meets_overwriting",
                          "1 producer that dies, recoverer, overwriting producer, observer, 1 slot",
                          recovery_meets_overwriting}};

// A producer of an overwriting ring dies a lap behind; others go round.
void overwriting_past_the_dead() {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::many, 1));
  world->mortals = 1U << first_thread;
  model::thread dying(model::mortal, [=] {
    producer writer(*world, 0);
    static_cast<void>(writer.publish_word(content_of(0, 0)));
  });
  model::thread living([=] {
    producer writer(*world, 1);
    for (unsigned i = 0; i < 2; ++i) {
      const status answer = writer.publish_word(content_of(1, i));
      model::require(answer == status::ok || answer == status::full, "G5: never waits");
    }
  });
  living.join();
  dying.join();
  core_memory memory(*world);
  protocol::recover_dead(world->view, memory);
  producer writer(*world, 2);
  model::require(writer.publish_word(content_of(2, 0)) == status::ok, "G8: usable afterwards");
  const std::int64_t end = writer.last_number() + 1;
  consumer watcher(*world, consumer::observes{});
  seen log;
  read_until(*world, watcher, log, end);
  model::require(log.words[end - 1] == content_of(2, 0), "G5: the last message is not lost");
}
const registration overwriting{{"deaths.G5.G6.G8.G12_overwriting_producer",
                                "2 producers (one dies), recoverer, observer, 1 slot",
                                overwriting_past_the_dead}};

}  // namespace
}  // namespace shmfifo::model_tests
