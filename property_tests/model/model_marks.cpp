// SPDX-License-Identifier: MIT
// Goal: a mark changes the status of the message meant and of no other. Method: a marker races with
// a producer that rewrites the slot and with a reader.
#include "core_test.hpp"

namespace shmfifo::model_tests {
namespace {

// A mark never falls on the slot's next message.
void mark_races_with_overwriting() {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::single, 1));
  model::thread producing([=] {
    producer writer(*world, 0);
    for (unsigned i = 0; i < 2; ++i) static_cast<void>(writer.publish_word(content_of(1, i)));
  });
  model::thread marking([=] {
    const core_memory memory(*world);
    const status answer = protocol::mark(world->view, memory, 0, 7);
    model::require(answer == status::ok || answer == status::empty || answer == status::lost,
                   "mark tells whether there was something to mark");
  });
  producing.join();
  marking.join();
  consumer watcher(*world, consumer::observes{}, 1);
  const poll_result result = watcher.poll([](const record_view& record) {
    model::require(record.status == 0, "G4: the second message was not marked");
  });
  model::require(result.answer == status::ok, "the second message is there");
}
const registration races{{"marks.G4.G12_never_fall_on_the_next_message",
                          "1 producer, 1 marker, 1 slot, 2 messages", mark_races_with_overwriting}};

// What can be marked is never called broken.
void mark_of_a_new_message() {
  auto* world = model::make<core_world>(ring(full_policy::overwrite, producer_role::single, 1));
  auto* writer = model::make<producer>(*world, 0U);
  static_cast<void>(writer->publish_word(content_of(1, 0)));
  model::thread producing([=] { static_cast<void>(writer->publish_word(content_of(1, 1))); });
  const core_memory memory(*world);
  const status answer = protocol::mark(world->view, memory, 1, 7);
  model::require(answer == status::ok || answer == status::empty, "mark of a message that comes");
}
const registration new_message{{"marks.G4.G12_of_a_new_message",
                                "1 producer, 1 marker, 1 slot, 2 messages", mark_of_a_new_message}};

// Whoever sees a mark sees what its maker did before.
void mark_publishes() {
  auto* world = model::make<core_world>(ring(full_policy::wait, producer_role::single, 2));
  auto* note = model::make<std::uint64_t>(0U);
  auto* reader = model::make<consumer>(*world, 1U);
  producer writer(*world, 0);
  writer.publish_surely(content_of(1, 0));
  model::thread marking([=] {
    model::write_plain(*note, 5U);
    const core_memory memory(*world);
    model::require(protocol::mark(world->view, memory, 0, 7) == status::ok, "mark");
  });
  const poll_result result = reader->poll([=](const record_view& record) {
    if (record.status == 7) model::require(model::read_plain(*note) == 5, "G4: mark is a release");
  });
  model::require(result.answer == status::ok, "the message is there");
}
const registration publishes{
    {"marks.G4.G12_publish_what_came_before", "1 marker, 1 consumer, 1 message", mark_publishes}};

}  // namespace
}  // namespace shmfifo::model_tests
