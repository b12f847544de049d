// SPDX-License-Identifier: MIT
// Goal: whatever is taken from a process that lives is found, and what may change may. Method:
// lines and claims of this process, and one change of the words between two looks; and all that
// others do while a claim is open.
#include "possessions.hpp"

#include <functional>
#include <optional>

#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

const geometry lossless = ring(full_policy::reject, producer_role::many);
const geometry lossy = ring(full_policy::overwrite, producer_role::many);

// What is found if this happens while a producer of this process has number 4 open.
std::string found_after(const geometry& shape, const std::function<void(world&)>& change) {
  const unique_name name;
  const scenario what = quiet(at_wrap, shape);
  return complaint([&] {
    world scene(what, name.get());
    const claim open = scene.producer_peer->try_take();
    ledger book;
    const possessions before(*scene.home(), book);
    change(scene);
    before.check_untouched();
  });
}

TEST(possessions, G11_a_line_of_a_process_that_lives_keeps_its_role) {
  EXPECT_EQ(found_after(lossless, [](world&) {}), "");
  for (const unsigned generations : {0U, 1U}) {
    EXPECT_EQ(found_after(lossless,
                          [&](world& scene) {
                            const unsigned line = line_of_producer(scene);
                            std::uint64_t& role = scene.home()->view().participant(line).role;
                            poke(role, make_role(role_generation(role) + generations,
                                                 generations == 0 ? participant_kind::none
                                                                  : participant_kind::producer));
                          }),
              "line 1 was taken from a process that lives");
  }
}

TEST(possessions, G11_a_claim_of_a_process_that_lives_stays_or_is_passed_over) {
  for (const geometry& shape : {lossless, lossy}) {
    for (const slot_state state : {slot_state::aborted, slot_state::published}) {
      EXPECT_EQ(found_after(shape, [&](world& scene) { poke_stamp(scene, 4, state); }),
                "the claim on number 4 was taken from a process that lives");
    }
    EXPECT_EQ(found_after(shape, [&](world& scene) { poke_stamp(scene, 4, slot_state::held, 7); }),
              "the claim on number 4 was taken from a process that lives");
  }
  EXPECT_EQ(found_after(lossy,
                        [](world& scene) {
                          poke_stamp(scene, 8, slot_state::claimed, line_of_producer(scene));
                        }),
            "the claim on number 4 was taken from a process that lives");
  const auto pass_over = [](world& scene) {
    poke_stamp(scene, 8, slot_state::held, line_of_producer(scene));
  };
  EXPECT_EQ(found_after(lossy, pass_over), "");
  EXPECT_EQ(found_after(lossless, pass_over),
            "the claim on number 4 was taken from a process that lives");
  geometry single = lossy;
  single.producers = producer_role::single;
  EXPECT_EQ(found_after(single, pass_over),
            "the claim on number 4 was taken from a process that lives");
}

TEST(possessions, G6_only_what_nobody_alive_has_claimed_may_be_aborted) {
  const unique_name name;
  const scenario what = quiet();
  world scene(what, name.get());
  const unsigned living = line_of_producer(scene);
  poke_stamp(scene, 4, slot_state::claimed, living);
  poke_stamp(scene, 5, slot_state::claimed, 7);
  poke_stamp(scene, 6, slot_state::aborted);
  poke_stamp(scene, 7, slot_state::published);
  ledger book;
  const possessions now(*scene.home(), book);
  for (const std::int64_t number : {5, 6}) {
    EXPECT_EQ(complaint([&] { book.saw_abort(number); }), "") << number;
  }
  for (const std::int64_t number : {3, 4, 7, 8}) {
    EXPECT_EQ(complaint([&] { book.saw_abort(number); }),
              "number " + std::to_string(number) + " is aborted although nobody had claimed it");
  }
}

TEST(possessions, G6_what_the_dead_left_may_be_cleared_away) {
  const unique_name name;
  const scenario what = quiet();
  world scene(what, name.get());
  constexpr unsigned dead = 7;
  scene.home()->view().participant(dead).role = make_role(1, participant_kind::producer);
  scene.home()->view().participant(dead).intent = 4;
  poke_stamp(scene, 4, slot_state::claimed, dead);
  ledger book;
  const possessions before(*scene.home(), book);
  EXPECT_EQ(must(scene.home()->recover()), 1U);
  EXPECT_EQ(complaint([&] { before.check_untouched(); }), "");
}

// The victim, paused, is a producer of this process with an open claim.
std::string meanwhile(const scenario& what, const std::function<void(world&)>& change,
                      bool long_wait = false) {
  const unique_name name;
  return complaint([&] {
    world scene(what, name.get());
    std::optional<producer> victim;
    std::optional<claim> open;
    if (what.may_take != 0) {
      victim.emplace(must(scene.home()->attach_producer()));
      open.emplace(victim->try_take());
    }
    change(scene);
    const control_page control;
    aftermath_options options;
    options.long_wait = long_wait;
    aftermath after(scene, control, options);
    after.act_meanwhile();
    open.reset();
    victim.reset();
    after.judge(true);
  });
}

TEST(meanwhile, G11_others_go_on_beside_an_open_claim) {
  for (const geometry& shape : {lossless, lossy}) {
    for (const bool long_wait : {false, true}) {
      scenario what = quiet(at_wrap, shape);
      EXPECT_EQ(meanwhile(
                    what, [](world&) {}, long_wait),
                "");
      what.may_take = 1;
      EXPECT_EQ(meanwhile(
                    what, [](world&) {}, long_wait),
                "");
    }
  }
}

TEST(meanwhile, G11_others_read_and_write_while_one_is_paused) {
  // Each of them finds a message that nobody wrote.
  const auto spoil = [](world& scene) {
    poke_stamp(scene, 0, slot_state::published);
    poke(scene.home()->view().control().producer_cursor, 1);
  };
  EXPECT_EQ(meanwhile(quiet(at_first), spoil), "number 0 carries bytes that nobody wrote");
  scenario alone = quiet(at_first);
  alone.consumer_peer = false;
  EXPECT_EQ(meanwhile(alone, spoil), "number 0 carries bytes that nobody wrote");
}

TEST(meanwhile, G8_the_name_may_be_free_while_its_maker_is_paused) {
  scenario making = quiet(at_first);
  making.makes_name = true;
  making.producer_peer = making.consumer_peer = false;
  const unique_name name;
  world scene(making, name.get());
  const control_page control;
  aftermath after(scene, control, {});
  ASSERT_FALSE(name.exists());
  after.act_meanwhile();
  EXPECT_TRUE(name.exists()) << "another process made the segment meanwhile";
  EXPECT_EQ(complaint([&] { after.judge(true); }), "");
}

TEST(meanwhile, G8_the_name_may_be_gone_while_its_remover_is_paused) {
  scenario removing = quiet();
  removing.removes_name = true;
  const auto remove = [](world& scene) { must(segment::remove(scene.name())); };
  EXPECT_EQ(meanwhile(removing, remove), "");
}

}  // namespace
}  // namespace shmfifo::harness::crash
