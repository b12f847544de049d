// SPDX-License-Identifier: MIT
// Goal: each call wakes those who sleep for what it did, after it did it, and nobody else; sleeps
// are sliced, so no other test would miss a ring. Method: both bells say that somebody sleeps, and
// a journal lists the steps that sleepers wait for and the rings, in their order.
#include <stdexcept>

#include "shmfifo/protocol/mark.hpp"
#include "support/listening_memory.hpp"

namespace shmfifo {
namespace {

using testing::journal;
using testing::listening_consumer;
using testing::listening_memory;
using testing::listening_producer;
using testing::must;
using testing::open_memory;
using testing::put;
using testing::small;

constexpr std::uint64_t ringing_word = 7;

byte_view ringing_bytes() {
  return testing::bytes_of(ringing_word);
}

// A ring of four slots, its journal, and listening roles in it.
struct ringing_scene {
  testing::unique_name name;
  segment home;
  journal log;

  explicit ringing_scene(full_policy when_full, producer_role role = producer_role::single,
                         segment_mode mode = segment_mode::ring)
      : home(must(segment::create(name.get(), small(mode, when_full, role)))),
        log{home.view().control()} {}
  template <class Call>
  std::string heard(Call&& call) {
    return log.heard(std::forward<Call>(call));
  }
  listening_producer producer() { return {home, name, log}; }
  listening_consumer consumer(participant_kind kind = participant_kind::consumer) {
    return {home, name, log, kind};
  }
};

constexpr producer_role both_roles[] = {producer_role::single, producer_role::many};

// One producer moves the cursor after each message, before readers are woken.
std::string with_cursor(producer_role role, std::string text) {
  if (role == producer_role::single) {
    for (const std::string word : {"published", "aborted"}) {
      for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
        text.insert(at + word.size(), " cursor");
      }
    }
  }
  return text;
}

void ignore(const record_view&) {}

TEST(ringing, G11_each_way_to_publish_wakes_readers_after_the_message) {
  for (const producer_role role : both_roles) {
    const std::string message = with_cursor(role, "published data");
    ringing_scene scene(full_policy::overwrite, role);
    auto writer = scene.producer();
    EXPECT_EQ(scene.heard([&] { return writer.try_publish(ringing_bytes()); }), message);
    EXPECT_EQ(scene.heard([&] { return writer.publish(ringing_bytes()); }), message);
    EXPECT_EQ(scene.heard([&] { return writer.try_publish("text"); }), message);
    EXPECT_EQ(scene.heard([&] { return writer.publish("text"); }), message);
  }
}

TEST(ringing, G5_G11_what_is_refused_wakes_nobody) {
  for (const producer_role role : both_roles) {
    ringing_scene scene(full_policy::reject, role);
    auto writer = scene.producer();
    const byte_view batch[] = {ringing_bytes(), ringing_bytes()};
    const byte_view long_last[] = {ringing_bytes(), byte_view(batch[0].data(), 17)};
    EXPECT_EQ(scene.heard([&] { return writer.try_publish(long_last[1]); }), "");
    EXPECT_EQ(scene.heard([&] { return writer.try_publish(long_last); }), "");
    EXPECT_EQ(scene.heard([&] { return writer.try_publish(std::span<const byte_view>()); }), "");
    {
      auto taken = writer.try_take();
      EXPECT_EQ(scene.heard([&] { return writer.try_publish("text"); }), "");
      EXPECT_EQ(scene.heard([&] { return writer.try_publish(batch); }), "");
      EXPECT_EQ(scene.heard([&] { return writer.try_take().answer(); }), "");
      EXPECT_EQ(scene.heard([&] { return std::move(taken).commit(17); }), "");
    }
    while (put(writer, 1) == status::ok) {
    }
    EXPECT_EQ(scene.heard([&] { return writer.try_publish("text"); }), "");
    EXPECT_EQ(scene.heard([&] { return writer.publish("text"); }), "");
    EXPECT_EQ(scene.heard([&] { return writer.try_publish(batch); }), "");
    EXPECT_EQ(scene.heard([&] { return writer.try_take().answer(); }), "");
  }
}

TEST(ringing, G11_a_batch_wakes_readers_once_also_when_it_is_cut_short) {
  for (const producer_role role : both_roles) {
    ringing_scene scene(full_policy::reject, role);
    auto writer = scene.producer();
    const std::vector<byte_view> three(3, ringing_bytes());
    EXPECT_EQ(scene.heard([&] { return writer.try_publish(three); }),
              with_cursor(role, "published published published data"));
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(writer.publish(three).published, 1U); }),
              with_cursor(role, "published data"));
  }
}

// Whoever waits for room has told readers what is there: they are to make it.
TEST(ringing, G5_G11_a_batch_wakes_readers_before_it_waits_for_room) {
  for (const producer_role role : both_roles) {
    ringing_scene scene(full_policy::wait, role);
    auto writer = scene.producer();
    auto reader = scene.consumer();
    scene.log.at_sleep = [&] { return reader.poll(ignore, 1); };
    const std::vector<byte_view> six(6, ringing_bytes());
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(writer.publish(six).published, 6U); }),
              with_cursor(role,
                          "published published published published data sleep released space "
                          "published data sleep released space published data"));
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(writer.publish(six, deadline::min()).published, 0U); }),
              "");
  }
}

TEST(ringing, G11_each_end_of_a_claim_wakes_readers) {
  for (const producer_role role : both_roles) {
    const std::string message = with_cursor(role, "published data");
    const std::string gap = with_cursor(role, "aborted data");
    ringing_scene scene(full_policy::overwrite, role);
    auto writer = scene.producer();
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(writer.take().commit(1), status::ok); }), message);
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(writer.try_take().abort(), status::ok); }), gap);
    EXPECT_EQ(scene.heard([&] { return writer.try_take().answer(); }), gap);
    basic_claim<listening_memory> kept;
    EXPECT_EQ(scene.heard([&] { kept = writer.try_take(); }), "");
    basic_claim<listening_memory> moved(std::move(kept));
    EXPECT_EQ(scene.heard([&] { moved = basic_claim<listening_memory>(); }), gap);
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(std::move(moved).commit(1), status::no_claim); }), "");
    kept = writer.try_take();
    EXPECT_EQ(scene.heard([&] { return writer.leave(); }), gap + " vacant");
  }
}

// The number that was given up is news at once: who holds the claim may take long.
TEST(ringing, G2_G5_G11_a_number_that_is_given_up_wakes_readers) {
  ringing_scene scene(full_policy::overwrite, producer_role::many);
  auto slow = scene.producer();
  auto open = slow.try_take();
  auto writer = scene.producer();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(put(writer, 1), status::ok);
  basic_claim<listening_memory> taken;
  EXPECT_EQ(scene.heard([&] { taken = writer.try_take(); }), "given_up data");
  EXPECT_TRUE(taken);
  // Passed over, the slow one has nothing to say when it ends.
  EXPECT_EQ(scene.heard([&] { EXPECT_EQ(std::move(open).commit(1), status::lost); }), "");
  EXPECT_EQ(scene.heard([&] { EXPECT_EQ(std::move(taken).commit(1), status::ok); }),
            "published data");
}

// Every slot is being written by somebody alive: all that the call did was to give numbers up.
TEST(ringing, G2_G5_G11_numbers_given_up_wake_readers_though_the_ring_is_full) {
  ringing_scene scene(full_policy::overwrite, producer_role::many);
  std::vector<listening_producer> owners;
  owners.reserve(4);
  std::vector<basic_claim<listening_memory>> claims;
  for (int i = 0; i < 4; ++i) {
    owners.push_back(scene.producer());
    claims.push_back(owners.back().try_take());
  }
  auto writer = scene.producer();
  EXPECT_EQ(scene.heard([&] { EXPECT_EQ(put(writer, 1), status::full); }),
            "given_up data given_up data given_up data given_up data");
}

TEST(ringing, G11_each_release_wakes_producers_that_wait_for_room) {
  for (const full_policy policy : {full_policy::reject, full_policy::wait}) {
    ringing_scene scene(policy);
    auto writer = scene.producer();
    auto reader = scene.consumer();
    for (int i = 0; i < 4; ++i) ASSERT_EQ(put(writer, 1), status::ok);
    const auto fill = [&] {
      while (put(writer, 1) == status::ok) {
      }
    };
    std::byte buffer[16];
    EXPECT_EQ(scene.heard([&] { return reader.poll(ignore, 0); }), "");
    EXPECT_EQ(scene.heard([&] { return reader.poll(ignore, 2); }), "released space");
    EXPECT_EQ(scene.heard([&] { return reader.poll([](const record_view&) { return false; }); }),
              "released space");
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(reader.wait(), status::ok); }), "");
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(reader.read(buffer).count, 1); }), "");
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(reader.read(buffer).count, 0); }), "released space");
    EXPECT_EQ(scene.heard([&] { return reader.poll(ignore); }), "");
    fill();
    EXPECT_EQ(reader.read(buffer).count, 1);
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(reader.wait(), status::ok); }), "released space");
    EXPECT_EQ(reader.read(buffer).count, 1);
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(reader.poll(ignore, 1).count, 1); }),
              "released space released space");
    const auto stop = [](const record_view& seen) {
      if (seen.message_number == 7) throw std::runtime_error("stop");
    };
    EXPECT_EQ(put(writer, 1), status::ok);
    EXPECT_EQ(put(writer, 1), status::ok);
    EXPECT_EQ(scene.heard(
                  [&] { EXPECT_THROW(static_cast<void>(reader.poll(stop)), std::runtime_error); }),
              "");
    EXPECT_EQ(reader.read(buffer).number, 7);
    EXPECT_EQ(scene.heard([&] { return reader.leave(); }), "released space vacant space");
  }
}

// What was skipped is released by the next call, whichever it is.
TEST(ringing, G2_G11_an_aborted_number_is_room_from_the_next_call_on) {
  ringing_scene scene(full_policy::wait);
  auto writer = scene.producer();
  auto reader = scene.consumer();
  std::byte buffer[16];
  const std::function<void()> calls[] = {
      [&] { EXPECT_EQ(reader.poll(ignore).answer, status::empty); },
      [&] { EXPECT_EQ(reader.read(buffer).answer, status::empty); },
      [&] { EXPECT_EQ(reader.wait(deadline::min()), status::timed_out); },
      [&] { return reader.leave(); },
  };
  for (const auto& call : calls) {
    EXPECT_EQ(writer.try_take().abort(), status::ok);
    EXPECT_EQ(scene.heard([&] { EXPECT_EQ(reader.poll(ignore).answer, status::aborted); }), "");
    const bool leaves = &call == std::end(calls) - 1;
    EXPECT_EQ(scene.heard(call), leaves ? "released space vacant space" : "released space");
  }
}

TEST(ringing, G11_nobody_waits_for_readers_that_hold_nobody_back) {
  for (const auto& [policy, mode] : {std::pair(full_policy::overwrite, segment_mode::ring),
                                     std::pair(full_policy::reject, segment_mode::log)}) {
    ringing_scene scene(policy, producer_role::single, mode);
    auto writer = scene.producer();
    auto reader = scene.consumer();
    auto observer = scene.consumer(participant_kind::none);
    ASSERT_EQ(put(writer, 1), status::ok);
    EXPECT_EQ(scene.heard([&] { return reader.poll(ignore); }), "released");
    EXPECT_EQ(scene.heard([&] { return observer.poll(ignore); }), "");
    EXPECT_EQ(scene.heard([&] { return reader.leave(); }), "vacant");
    EXPECT_EQ(scene.heard([&] { return observer.leave(); }), "");
  }
  ringing_scene scene(full_policy::wait);
  auto writer = scene.producer();
  auto observer = scene.consumer(participant_kind::none);
  ASSERT_EQ(put(writer, 1), status::ok);
  EXPECT_EQ(scene.heard([&] { return observer.poll(ignore); }), "");
}

// A durable cursor stays, and makes no room.
TEST(ringing, G7_G11_a_durable_cursor_that_leaves_wakes_nobody) {
  ringing_scene scene(full_policy::wait);
  auto reader = scene.consumer(participant_kind::durable);
  EXPECT_EQ(scene.heard([&] { return reader.leave(); }), "");
}

TEST(ringing, G11_wake_rings_the_bell_that_its_handle_sleeps_on) {
  ringing_scene scene(full_policy::wait);
  auto writer = scene.producer();
  auto reader = scene.consumer();
  auto observer = scene.consumer(participant_kind::none);
  EXPECT_EQ(scene.heard([&] { return writer.wake(); }), "request space");
  EXPECT_EQ(scene.heard([&] { return reader.wake(); }), "request data");
  EXPECT_EQ(scene.heard([&] { return observer.wake(); }), "request");  // it naps, and may not write
}

TEST(ringing, G6_G11_whoever_ends_a_dead_claim_wakes_the_others_that_wait_for_it) {
  using reader_of = listening_consumer;
  const std::pair<const char*, std::function<void(ringing_scene&, reader_of&)>> calls[] = {
      {"aborted data",
       [](ringing_scene&, reader_of& reader) {
         EXPECT_EQ(reader.wait(deadline::min()), status::ok);
       }},
      {"aborted data",
       [](ringing_scene&, reader_of& reader) {
         for (int polls = 0; polls < 1024; ++polls) {
           EXPECT_EQ(reader.poll(ignore).answer, status::empty);
         }
       }},
      {"aborted data vacant",
       [](ringing_scene& scene, reader_of&) {
         const listening_memory memory(open_memory(scene.name), scene.log);
         EXPECT_EQ(protocol::recover_dead(scene.home.view(), memory), 1U);
       }},
      {"aborted data vacant",
       [](ringing_scene& scene, reader_of&) {
         listening_memory memory(open_memory(scene.name), scene.log);
         EXPECT_TRUE(protocol::take_line(scene.home.view(), memory));
       }},
  };
  for (const auto& call : calls) {
    ringing_scene scene(full_policy::wait, producer_role::many);
    std::optional<listening_producer> dead(scene.producer());
    auto reader = scene.consumer();
    auto claim = dead->try_take();
    ASSERT_TRUE(claim);
    dead.reset();  // without leave()
    EXPECT_EQ(scene.heard([&] { call.second(scene, reader); }), call.first);
  }
}

// Whoever was faster has rung.
TEST(ringing, G6_G11_a_dead_claim_that_another_has_ended_wakes_nobody) {
  ringing_scene scene(full_policy::wait, producer_role::many);
  auto writer = scene.producer();
  ASSERT_EQ(put(writer, 1), status::ok);
  const listening_memory memory(open_memory(scene.name), scene.log);
  const std::uint64_t claimed = make_stamp(0, slot_state::claimed);
  EXPECT_EQ(scene.heard([&] {
    EXPECT_FALSE(protocol::abort_dead_claim(scene.home.view(), memory, 0, claimed));
  }),
            "");
}

TEST(ringing, G11_the_end_of_a_dead_reader_wakes_producers) {
  ringing_scene scene(full_policy::wait);
  static_cast<void>(scene.consumer());  // dead at once
  const listening_memory memory(open_memory(scene.name), scene.log);
  const auto recover = [&] { return protocol::recover_dead(scene.home.view(), memory); };
  EXPECT_EQ(scene.heard(recover), "vacant space");
  EXPECT_EQ(scene.heard(recover), "");
}

TEST(ringing, G7_G11_a_producer_that_waits_ends_dead_readers_and_wakes_other_producers) {
  ringing_scene scene(full_policy::wait, producer_role::many);
  auto writer = scene.producer();
  auto durable = scene.consumer(participant_kind::durable);
  static_cast<void>(scene.consumer());  // dead at once
  for (int i = 0; i < 4; ++i) ASSERT_EQ(put(writer, 1), status::ok);
  EXPECT_EQ(scene.heard([&] { return writer.publish("text", deadline::min()); }), "vacant space");
  EXPECT_EQ(scene.heard([&] { return writer.publish("text", deadline::min()); }), "");
}

// One that does not wait finds them after some hundred refusals.
TEST(ringing, G7_G11_a_producer_that_is_refused_again_and_again_ends_dead_readers) {
  ringing_scene scene(full_policy::reject);
  auto writer = scene.producer();
  auto durable = scene.consumer(participant_kind::durable);
  static_cast<void>(scene.consumer());  // dead at once
  const auto refusals = [&](int count) {
    return scene.heard([&] {
      for (int i = 0; i < count; ++i) EXPECT_EQ(put(writer, 1), status::full);
    });
  };
  for (int i = 0; i < 4; ++i) ASSERT_EQ(put(writer, 1), status::ok);
  EXPECT_EQ(refusals(256), "");
  EXPECT_EQ(refusals(1), "vacant space");
}

TEST(ringing, G11_attaching_and_marking_are_no_news) {
  ringing_scene scene(full_policy::wait, producer_role::many);
  std::optional<listening_producer> writer;
  EXPECT_EQ(scene.heard([&] { writer.emplace(scene.producer()); }), "");
  ASSERT_EQ(put(*writer, 1), status::ok);
  EXPECT_EQ(scene.heard([&] { scene.consumer(participant_kind::durable); }), "");
  const listening_memory memory(open_memory(scene.name), scene.log);
  EXPECT_EQ(
      scene.heard([&] { EXPECT_EQ(protocol::mark(scene.home.view(), memory, 0, 1), status::ok); }),
      "");
}

// Which bells the calls of a segment ring, whose memory model is the production's.
std::string rung_bells(const segment& home, const std::function<void()>& call) {
  control_block& control = home.view().control();
  control.data_bell = control.space_bell = protocol::bell_sleeper;
  call();
  constexpr std::uint32_t rung = protocol::bell_sleeper + 1;
  EXPECT_LE(control.data_bell, rung);
  EXPECT_LE(control.space_bell, rung);
  return std::string(control.data_bell == rung ? "data" : "") +
         (control.space_bell == rung ? "space" : "");
}

TEST(ringing, G7_G8_G11_calls_of_a_segment_wake_those_who_gain_by_them) {
  ringing_scene scene(full_policy::wait, producer_role::many);
  const segment& home = scene.home;
  std::optional<producer> writer;
  std::optional<consumer> reader;
  const auto rung = [&](const std::function<void()>& call) { return rung_bells(home, call); };
  EXPECT_EQ(rung([&] { writer.emplace(must(home.attach_producer())); }), "");
  EXPECT_EQ(rung([&] { reader.emplace(must(home.attach_consumer({"billing", {}}))); }), "space");
  EXPECT_EQ(rung([&] { must(home.recover()); }), "");
  EXPECT_EQ(rung([&] { must(home.stat()); }), "");
  EXPECT_EQ(rung([&] { EXPECT_FALSE(home.forget("billing")); }), "");  // in use
  EXPECT_EQ(rung([&] { EXPECT_EQ(writer->try_publish("text"), status::ok); }), "data");
  EXPECT_EQ(rung([&] { EXPECT_EQ(home.mark(0, 1), status::ok); }), "");
  EXPECT_EQ(rung([&] { return reader.reset(); }), "");
  EXPECT_EQ(rung([&] { EXPECT_TRUE(home.forget("billing")); }), "space");
  EXPECT_EQ(rung([&] { EXPECT_FALSE(home.forget("billing")); }), "");
  reader.emplace(must(home.attach_consumer()));
  EXPECT_EQ(rung([&] { return reader.reset(); }), "space");
  EXPECT_EQ(rung([&] { return writer.reset(); }), "");
  writer.emplace(must(home.attach_producer()));
  auto open = writer->try_take();
  EXPECT_EQ(rung([&] { return writer.reset(); }), "data");
  static_cast<void>(scene.consumer());  // dead at once
  EXPECT_EQ(rung([&] { EXPECT_EQ(must(home.recover()), 1U); }), "space");
  ASSERT_EQ(scene.producer().try_publish("text"), status::ok);  // dead at once
  EXPECT_EQ(rung([&] { EXPECT_EQ(must(home.recover()), 1U); }), "");
}

// A ring that nobody reads keeps its first messages; a reader of later ones lets them go.
TEST(ringing, G5_G11_a_first_reader_that_starts_later_makes_room) {
  ringing_scene scene(full_policy::wait);
  auto writer = scene.producer();
  for (int i = 0; i < 4; ++i) ASSERT_EQ(put(writer, 1), status::ok);
  ASSERT_EQ(put(writer, 1), status::full);
  std::optional<consumer> reader;
  EXPECT_EQ(rung_bells(scene.home,
                       [&] {
                         reader.emplace(must(scene.home.attach_consumer({{}, start_at::latest()})));
                       }),
            "space");
  EXPECT_EQ(put(writer, 1), status::ok);
}

// A number that producers have passed cannot be started at: the line is given back.
TEST(ringing, G11_a_reader_that_attaches_too_late_wakes_producers_that_saw_it) {
  ringing_scene scene(full_policy::wait);
  auto writer = must(scene.home.attach_producer());
  {
    auto reader = must(scene.home.attach_consumer());
    for (int i = 0; i < 4; ++i) ASSERT_EQ(put(writer, 1), status::ok);
    static_cast<void>(testing::look(reader));
    ASSERT_EQ(put(writer, 1), status::ok);  // raises the floor
  }
  EXPECT_EQ(rung_bells(scene.home,
                       [&] {
                         EXPECT_FALSE(scene.home.attach_consumer({{}, start_at::at(0)}));
                       }),
            "space");
}

}  // namespace
}  // namespace shmfifo
