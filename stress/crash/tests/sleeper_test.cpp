// SPDX-License-Identifier: MIT
// Goal: a peer that is not woken, or wakes to something wrong, is found, and each sound wake-up
// passes. Method: a sleeper in worlds in which one thing is wrong; one that is stopped stands for
// one that nobody wakes.
#include "sleeper.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <functional>
#include <optional>

#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

constexpr unsigned few_looks = 20;

scenario beside(sleeping who, const place& where = at_wrap,
                producer_role role = producer_role::many) {
  scenario what = quiet(where, ring(full_policy::reject, role));
  what.asleep = who;
  if (who == sleeping::producer) {
    what.shape.when_full = full_policy::wait;
    what.producer_peer = what.consumer_peer = false;
  }
  return what;
}

struct wake_up {
  std::function<void(world&)> left = [](world&) {};  // by the victim
  std::function<void(control_page&)> noted = [](control_page&) {};
  bool survived = false;
  bool stopped = false;
};

std::string judged(const scenario& what, const wake_up& how) {
  const unique_name name;
  return complaint([&] {
    world scene(what, name.get());
    patience looks;
    if (how.stopped) looks.until_awake = few_looks;
    sleeper peer(scene, looks);
    if (how.stopped) peer.freeze();
    how.left(scene);
    control_page control;
    how.noted(control);
    peer.judge(control, how.survived);
  });
}

void publish(world& scene) {
  publish_as(*scene.producer_peer, author::victim, 0);
}

const std::string of_the_victim = "which the victim had published or left claimed";
const std::string of_a_producer = "which a living producer published";

std::string never_woken(int number, const std::string& whose) {
  return "stuck: the sleeping consumer was never woken for number " + std::to_string(number) +
         ", " + whose;
}

TEST(sleeper, G11_a_consumer_that_is_woken_by_the_victim_or_by_a_peer_passes) {
  for (const producer_role role : {producer_role::single, producer_role::many}) {
    const scenario what = beside(sleeping::consumer, at_wrap, role);
    for (const bool survived : {false, true}) {
      EXPECT_EQ(judged(what, {.survived = survived}), "");
      EXPECT_EQ(judged(what, {.left = publish, .survived = survived}), "");
    }
  }
  scenario alone = beside(sleeping::consumer);
  alone.producer_peer = false;
  EXPECT_EQ(judged(alone, {}), "") << "a new producer publishes";
}

TEST(sleeper, G11_a_consumer_that_is_not_woken_is_found) {
  const scenario what = beside(sleeping::consumer);
  EXPECT_EQ(judged(what, {.left = publish, .stopped = true}), never_woken(4, of_the_victim));
  EXPECT_EQ(judged(what, {.stopped = true}), never_woken(4, of_a_producer));
  const auto claim = [](world& scene) {
    poke_stamp(scene, 4, slot_state::claimed, line_of_producer(scene));
  };
  EXPECT_EQ(judged(what, {.left = claim, .stopped = true}), never_woken(4, of_the_victim));
  // Whoever lives ends its claim itself.
  EXPECT_EQ(judged(what, {.left = claim, .survived = true, .stopped = true}).find(of_the_victim),
            std::string::npos);
  const auto abort = [](world& scene) { poke_stamp(scene, 4, slot_state::aborted); };
  EXPECT_EQ(judged(what, {.left = abort, .stopped = true}), never_woken(4, of_the_victim));
  // In single-producer mode a claim leaves no number behind.
  EXPECT_EQ(judged(beside(sleeping::consumer, at_wrap, producer_role::single),
                   {.left = claim, .stopped = true}),
            never_woken(4, of_a_producer));
}

TEST(sleeper, G2_a_number_that_the_victim_claimed_is_passed_over) {
  const auto die = [](world& scene) { die_with_claim(scene.name()); };
  EXPECT_EQ(judged(beside(sleeping::consumer), {.left = die}), "");
  scenario corpses = beside(sleeping::consumer);
  corpses.corpses = true;
  EXPECT_EQ(judged(corpses, {}), "");
  EXPECT_EQ(judged(corpses, {.left = publish}), "");
}

TEST(sleeper, G3_G4_what_is_wrong_when_it_wakes_is_found) {
  const scenario what = beside(sleeping::consumer);
  const auto by_another = [](world& scene) { publish_as(*scene.producer_peer, author::fresh, 3); };
  EXPECT_EQ(judged(what, {.left = by_another}),
            "number 4 carries fresh's message 3, which was not promised there");
  const auto by_nobody = [](world& scene) {
    if (scene.producer_peer->try_publish("x") != status::ok) throw std::runtime_error("no room");
  };
  EXPECT_EQ(judged(what, {.left = by_nobody}), "the sleeper: bytes that nobody wrote");
  const auto invalid = [](world& scene) {
    poke(scene.home()->view().slot(4).value_length, -1);
    poke_stamp(scene, 4, slot_state::published);
    poke(scene.home()->view().control().producer_cursor, 5);
  };
  EXPECT_EQ(judged(what, {.left = invalid}), "the sleeper: poll answered invalid");
  EXPECT_EQ(judged(what, {.noted = [](control_page& control) { control.acknowledged = 1; }}),
            "the victim's message 0 was acknowledged and never delivered");
}

TEST(sleeper, G11_a_producer_that_finds_room_passes) {
  for (const bool durable : {false, true}) {
    for (const producer_role role : {producer_role::single, producer_role::many}) {
      scenario what = beside(sleeping::producer, when_full, role);
      what.durable = durable;
      EXPECT_EQ(judged(what, {}), "");
    }
  }
}

void make_room(world& scene) {
  consumer in = must(scene.home()->attach_consumer());
  static_cast<void>(in.poll([](const record_view&) {}, 1));
  static_cast<void>(in.poll([](const record_view&) {}, 1));
}

TEST(sleeper, G11_a_producer_that_is_not_woken_is_found) {
  const std::string never = "stuck: the sleeping producer was never woken ";
  scenario what = beside(sleeping::producer, when_full);
  EXPECT_EQ(judged(what, {.stopped = true}), never + "though a living reader made room");
  EXPECT_EQ(judged(what, {.left = make_room}), "");
  EXPECT_EQ(judged(what, {.left = make_room, .stopped = true}),
            never + "though the victim had made room");
  what.durable = true;
  EXPECT_EQ(judged(what, {.stopped = true}), never + "though a living reader made room");
}

TEST(sleeper, a_peer_that_does_not_fall_asleep_is_refused) {
  const auto refused = [](const scenario& what, const std::function<void(world&)>& before,
                          const patience& looks) {
    const unique_name name;
    return complaint([&] {
      world scene(what, name.get());
      before(scene);
      const sleeper peer(scene, looks);
    });
  };
  const std::string why = "the peer did not fall asleep: ";
  // It publishes at once, and then pauses.
  const std::string awake = refused(beside(sleeping::producer, at_first), [](world&) {},
                                    {.until_asleep = few_looks});
  EXPECT_TRUE(awake.starts_with(why + "/proc/")) << awake;
  has(awake, "/syscall says ");
  const auto remove = [](world& scene) { must(segment::remove(scene.name())); };
  for (const sleeping who : {sleeping::consumer, sleeping::producer}) {
    const std::string gone = refused(beside(who), remove, {});  // its complaint ends the wait
    EXPECT_TRUE(gone.starts_with(why + "open")) << gone;
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "none of them is left";
}

}  // namespace
}  // namespace shmfifo::harness::crash
