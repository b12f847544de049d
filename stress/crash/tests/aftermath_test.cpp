// SPDX-License-Identifier: MIT
// Goal: each judgement on what a death left finds what it is there for, and a sound segment passes.
// Method: worlds in which one thing is wrong, each judged as after a death.
#include <cerrno>
#include <fstream>
#include <functional>
#include <optional>

#include "aftermath.hpp"
#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

constexpr unsigned nobodys_line = 7;
constexpr place in_the_middle{"middle", 2, 2};

struct death {
  std::function<void(world&)> left = [](world&) {};
  aftermath_options options = {};
  bool survived = false;
  std::function<void(control_page&)> noted = [](control_page&) {};
};

std::string judged(const scenario& what, const death& how) {
  const unique_name name;
  return complaint([&] {
    world scene(what, name.get());
    how.left(scene);
    control_page control;
    how.noted(control);
    aftermath(scene, control, how.options).judge(how.survived);
  });
}

scenario without_reader(scenario what = quiet()) {
  what.consumer_peer = false;
  return what;
}

scenario with_cursor(scenario what) {
  what.durable = true;
  return what;
}

void move_cursor(world& scene, std::int64_t to) {
  for (const participant_stat& entry : must(scene.home()->stat()).participants) {
    if (entry.name != "kept") continue;
    poke(scene.home()->view().participant(entry.index).consumer_cursor, to);
  }
}

// As of a cursor that this process holds.
std::string in_use(const std::string& cursor) {
  return "the cursor '" + cursor + "' is in use (pid " + std::to_string(::getpid()) +
         "): only one consumer at a time may advance it";
}

TEST(aftermath, a_sound_segment_is_right) {
  std::vector<scenario> sound = {
      quiet(),
      without_reader(),
      quiet(when_full, log(producer_role::many)),
      quiet(log_full, log(producer_role::single)),
      with_cursor(quiet({"behind", 4, 2})),
      quiet(overwriting, ring(full_policy::overwrite, producer_role::many))};
  for (const scenario& what : sound) {
    for (const bool newcomers_first : {false, true}) {
      for (const bool survived : {false, true}) {
        aftermath_options options;
        options.newcomers_first = newcomers_first;
        options.messages_after = what.shape.mode == segment_mode::ring ? 100 : 0;
        EXPECT_EQ(judged(what, {.options = options, .survived = survived}), "") << what.mode();
      }
    }
  }
}

TEST(aftermath, G6_a_message_that_was_committed_must_be_delivered) {
  // As if a wrong core had let producers go past what nobody has read.
  const auto lose = [](world& scene) {
    publish_as(*scene.producer_peer, author::victim, 0);
    poke(scene.home()->view().control().gate_floor, 3);
  };
  const scenario what = without_reader(quiet(in_the_middle));
  aftermath_options newcomers;
  newcomers.newcomers_first = true;
  EXPECT_EQ(judged(what, {.left = lose, .options = newcomers}),
            "number 2 was committed when the victim died and never delivered");
  EXPECT_EQ(judged(what, {.left = lose}), "a new reader begins at 3 and misses numbers from 2");
}

TEST(aftermath, G6_what_was_read_or_was_there_before_need_not_come_again) {
  aftermath_options newcomers;
  newcomers.newcomers_first = true;
  const auto raise = [](world& scene) { poke(scene.home()->view().control().gate_floor, 4); };
  EXPECT_EQ(judged(without_reader(), {.left = raise, .options = newcomers}), "");
  // Of four messages two were read; the other two are due.
  const scenario half = without_reader(quiet({"behind", 4, 2}));
  const auto skip = [](world& scene) { poke(scene.home()->view().control().gate_floor, 3); };
  EXPECT_EQ(judged(half, {.left = skip}), "a new reader begins at 3 and misses numbers from 2");
  // A dead reader without a name had read them; a recovery has run since.
  const auto read_and_leave = [](world& scene) {
    consumer in = must(scene.home()->attach_consumer());
    static_cast<void>(in.poll([](const record_view&) {}));
  };
  aftermath_options recovered;
  recovered.recovered = true;
  EXPECT_EQ(judged(half, {.left = read_and_leave, .options = recovered}), "");
  EXPECT_EQ(judged(half, {.left = read_and_leave}),
            "a new reader begins at 4 and misses numbers from 2");
}

TEST(aftermath, G6_what_was_acknowledged_must_be_delivered_as_it_was) {
  const auto acknowledged = [](std::int64_t number) {
    return [number](control_page& control) {
      control.acknowledged = 1;
      control.numbers[0] = number;
    };
  };
  const auto publish = [](world& scene) { publish_as(*scene.producer_peer, author::victim, 0); };
  EXPECT_EQ(judged(quiet(), {.left = publish, .noted = acknowledged(4)}), "");
  EXPECT_EQ(judged(quiet(), {.noted = acknowledged(4)}),
            "the victim's message 0 was acknowledged and never delivered");
  EXPECT_EQ(judged(quiet(), {.left = publish, .noted = acknowledged(5)}),
            "the victim's message 0 was acknowledged as number 5 and delivered as 4");
  const scenario lossy = quiet(at_wrap, ring(full_policy::overwrite, producer_role::many));
  EXPECT_EQ(judged(lossy, {.noted = acknowledged(4)}), "");
}

TEST(aftermath, G6_no_more_numbers_are_open_than_the_victim_could_take) {
  scenario what = quiet();
  const auto claim = [](std::uint64_t number) {
    return [number](world& scene) { poke_stamp(scene, number, slot_state::claimed, nobodys_line); };
  };
  EXPECT_EQ(judged(what, {.left = claim(4)}),
            "1 numbers were taken and not committed, more than 0 could be");
  const auto abort = [](world& scene) { poke_stamp(scene, 4, slot_state::aborted); };
  EXPECT_EQ(judged(what, {.left = abort}),
            "1 numbers were taken and not committed, more than 0 could be");
  what.may_take = 1;
  EXPECT_EQ(judged(what, {.left = claim(4)}), "");
  EXPECT_EQ(judged(what, {.left = abort}), "");
  const auto both = [&](world& scene) {
    claim(4)(scene);
    claim(5)(scene);
  };
  EXPECT_EQ(judged(what, {.left = both}),
            "2 numbers were taken and not committed, more than 1 could be");
  // The producer that died before has a claim of its own.
  scenario corpses = quiet();
  corpses.corpses = true;
  EXPECT_EQ(judged(corpses, {}), "");
  EXPECT_EQ(judged(corpses, {.left = claim(5)}),
            "2 numbers were taken and not committed, more than 0 could be");
}

TEST(aftermath, G7_a_named_cursor_resumes_between_what_was_read_and_what_was_delivered) {
  const scenario what = with_cursor(without_reader(quiet({"behind", 4, 2})));
  const auto at = [](std::int64_t cursor) {
    return [cursor](world& scene) { move_cursor(scene, cursor); };
  };
  const auto delivered = [](control_page& control) { control.delivered = 1; };
  EXPECT_EQ(judged(what, {.left = at(1)}), "the named cursor resumed at 1, not in 2..2");
  EXPECT_EQ(judged(what, {.left = at(3)}), "the named cursor resumed at 3, not in 2..2");
  EXPECT_EQ(judged(what, {.left = at(1), .noted = delivered}),
            "the named cursor resumed at 1, not in 2..3");
  EXPECT_EQ(judged(what, {.left = at(4), .noted = delivered}),
            "the named cursor resumed at 4, not in 2..3");
  EXPECT_EQ(judged(what, {.left = at(2), .noted = delivered}), "");
  EXPECT_EQ(judged(what, {.left = at(3), .noted = delivered}), "");
  // A cursor that is being forgotten may be another one by now.
  scenario forget = what;
  forget.operation = "forget";
  EXPECT_EQ(judged(forget, {.left = at(3)}), "");
}

TEST(aftermath, G7_a_named_cursor_can_be_attached_again_and_gets_all_that_follows) {
  for (const char* operation : {"nothing", "attach_named", "detach_named"}) {
    scenario what = quiet();
    what.operation = operation;
    what.durable = what.operation == "nothing";
    EXPECT_EQ(judged(what, {}), "");
    std::optional<consumer> holder;
    const auto hold = [&](world& scene) {
      holder.emplace(must(scene.home()->attach_consumer(named("kept"))));
    };
    EXPECT_EQ(judged(what, {.left = hold}),
              "the named cursor cannot be attached: " + in_use("kept"));
  }
  // Behind what is still there: only this reader can notice.
  scenario behind = with_cursor(quiet({"late", 6, 6}));
  behind.operation = "forget";
  EXPECT_EQ(judged(behind, {.left = [](world& scene) { move_cursor(scene, 1); }}),
            "number 1 was answered `lost`");
}

TEST(aftermath, G6_G7_every_reader_gets_past_every_number) {
  // A claim that nobody ends, of a producer that lives.
  scenario what = quiet(in_the_middle);
  what.may_take = 1;
  const auto claim = [](world& scene) {
    poke_stamp(scene, 2, slot_state::claimed, line_of_producer(scene));
  };
  EXPECT_EQ(judged(what, {.left = claim}),
            "stuck: a reader waits in vain for number 2 (committed up to 3)");
  EXPECT_EQ(judged(without_reader(what), {.left = claim}),
            "stuck: a reader waits in vain for number 2 (committed up to 3)");
  // A consumer that is somewhere else sees nothing, though newcomers see it all.
  const unique_name elsewhere;
  const segment other = must(segment::create(elsewhere.get(), quiet().shape));
  const auto replace = [&](world& scene) {
    scene.consumer_peer.emplace(must(other.attach_consumer()));
  };
  EXPECT_EQ(judged(quiet(), {.left = replace}),
            "stuck: a reader waits in vain for number 0 (committed up to 4)");
}

// A claim that its owner's line does not mention is found only as long as nobody takes the line.
TEST(aftermath, G6_newcomers_take_the_lines_of_the_dead_before_anybody_reads) {
  scenario what = quiet(in_the_middle);
  what.may_take = 1;
  aftermath_options newcomers;
  newcomers.newcomers_first = true;
  for (const unsigned line : {2U, 3U, 4U, 5U, 6U}) {
    const auto claim = [line](world& scene) { poke_stamp(scene, 2, slot_state::claimed, line); };
    EXPECT_EQ(judged(what, {.left = claim}), "");
    EXPECT_EQ(judged(what, {.left = claim, .options = newcomers}),
              "stuck: a reader waits in vain for number 2 (committed up to 3)");
  }
}

// The number of messages in the end; each participant may only have left.
std::uint64_t published_in_all(const scenario& what, const aftermath_options& options) {
  const unique_name name;
  world scene(what, name.get());
  const control_page control;
  aftermath(scene, control, options).judge(false);
  EXPECT_TRUE(must(scene.home()->stat()).participants.empty());
  EXPECT_FALSE(scene.producer_peer || scene.consumer_peer);
  return scene.home()->view().control().producer_cursor;
}

TEST(aftermath, G6_each_writer_that_goes_on_passes_a_whole_lap_and_one_more) {
  constexpr std::uint64_t before = 4, lap = ring_slots + 1;
  const geometry single = ring(full_policy::reject, producer_role::single);
  EXPECT_EQ(published_in_all(quiet(), {}), before + 2 * lap) << "the peer, and a newcomer";
  EXPECT_EQ(published_in_all(without_reader(), {}), before + lap) << "the peer has no reader";
  EXPECT_EQ(published_in_all(quiet(at_wrap, single), {}), before + 2 * lap);
  scenario alone = quiet();
  alone.producer_peer = false;
  EXPECT_EQ(published_in_all(alone, {}), before + lap);
  EXPECT_EQ(published_in_all(quiet(log_middle, log(producer_role::many)), {}), log_slots);
}

TEST(aftermath, G6_as_many_messages_pass_afterwards_as_were_asked_for) {
  const std::uint64_t before = published_in_all(quiet(), {});
  for (const std::uint64_t count : {1U, 1000U}) {
    aftermath_options options;
    options.messages_after = count;
    EXPECT_EQ(published_in_all(quiet(), options), before + count);
  }
}

TEST(aftermath, G6_a_full_log_must_be_read_to_its_end) {
  scenario what = quiet(log_last, log(producer_role::many));
  const auto commit = [](world& scene) { publish_as(*scene.producer_peer, author::victim, 0); };
  EXPECT_EQ(judged(what, {.left = commit}), "");
  what.may_take = 1;
  what.published = 4;
  const auto hide = [&](world& scene) {
    publish_as(*scene.producer_peer, author::victim, 0);
    publish_as(*scene.producer_peer, author::victim, 1);
    poke_stamp(scene, 4, slot_state::claimed, line_of_producer(scene));
  };
  EXPECT_EQ(judged(what, {.left = hide}),
            "stuck: a reader waits in vain for number 4 (committed up to 5)");
}

TEST(aftermath, G6_a_producer_that_lives_finds_room_and_is_answered_full_at_most) {
  std::optional<consumer> lazy;
  const auto gate = [&](world& scene) { lazy.emplace(must(scene.home()->attach_consumer())); };
  EXPECT_EQ(judged(quiet(), {.left = gate}),
            "stuck: a living producer finds no room though every living reader made some");
  lazy.reset();
  const scenario single =
      without_reader(quiet(in_the_middle, ring(full_policy::reject, producer_role::single)));
  EXPECT_EQ(judged(single, {.left = gate}),
            "stuck: a living producer finds no room though every living reader made some");
  lazy.reset();
  const auto exhaust = [](world& scene) {
    poke(scene.home()->view().control().producer_cursor, number_max);
  };
  EXPECT_EQ(judged(quiet(), {.left = exhaust}), "a living producer was answered `exhausted`");
}

TEST(aftermath, G7_slots_that_a_dead_reader_had_read_are_free) {
  scenario what = without_reader(quiet(when_full));
  what.expects_room = true;
  const auto read_and_leave = [](world& scene) {
    consumer in = must(scene.home()->attach_consumer());
    static_cast<void>(in.poll([](const record_view&) {}));
  };
  EXPECT_EQ(judged(what, {.left = read_and_leave}), "");
  EXPECT_EQ(judged(what, {}),
            "stuck: a living producer finds no room though every living reader made some");
  EXPECT_EQ(judged(what, {.survived = true}), "");
}

TEST(aftermath, G6_a_second_single_producer_is_not_let_in) {
  const scenario what =
      without_reader(quiet(at_wrap, ring(full_policy::reject, producer_role::single)));
  EXPECT_EQ(judged(what, {}), "");
  const unique_name elsewhere;
  const segment other = must(segment::create(elsewhere.get(), what.shape));
  const auto leave = [&](world& scene) {
    scene.producer_peer.reset();
    scene.producer_peer.emplace(must(other.attach_producer()));
  };
  EXPECT_EQ(judged(what, {.left = leave}), "a second producer was let in beside a living one");
}

TEST(aftermath, G8_a_name_is_free_or_a_segment) {
  scenario what = quiet();
  what.removes_name = true;
  EXPECT_EQ(judged(what, {}), "");
  const auto remove = [](world& scene) { must(segment::remove(scene.name())); };
  EXPECT_EQ(judged(what, {.left = remove}), "");
  {
    const unique_name name;
    world scene(what, name.get());
    static_cast<void>(scene.home());
    remove(scene);
    const control_page control;
    aftermath(scene, control, {}).judge(false);
    EXPECT_FALSE(name.exists()) << "the name that was tried is free again";
  }
  const auto spoil = [&](world& scene) {
    static_cast<void>(scene.home());
    remove(scene);
    std::ofstream("/dev/shm/" + scene.name()) << "no segment";
  };
  has(judged(what, {.left = spoil}), "the name is neither free nor a segment: ");
  scenario making = without_reader(quiet(at_first));
  making.makes_name = true;
  making.producer_peer = false;
  EXPECT_EQ(judged(making, {}), "");
  has(judged(making,
             {.left =
                  [](world& scene) { std::ofstream("/dev/shm/" + scene.name()) << "no segment"; }}),
      "the name is neither free nor a segment: ");
}

TEST(aftermath, G8_the_segment_must_be_there) {
  const unique_name name;
  const scenario what = quiet();
  const control_page control;
  EXPECT_EQ(complaint([&] {
              world scene(what, name.get(), {false, {}});
              aftermath(scene, control, {}).judge(false);
            }),
            "the segment is gone");
}

TEST(aftermath, G8_all_can_leave) {
  std::optional<producer> idle;
  const auto stay = [&](world& scene) { idle.emplace(must(scene.home()->attach_producer())); };
  EXPECT_EQ(judged(quiet(), {.left = stay}), "line 2 is taken after all have left");
  idle.reset();
  // Nobody waits for its reader, so only the end can notice.
  std::optional<consumer> holder;
  const auto hold = [&](world& scene) {
    holder.emplace(must(scene.home()->attach_consumer(named("other"))));
  };
  EXPECT_EQ(
      judged(quiet(at_wrap, ring(full_policy::overwrite, producer_role::many)), {.left = hold}),
      in_use("other"));
}

TEST(aftermath, G2_only_a_resumed_owner_in_an_overwriting_ring_may_cost_later_numbers) {
  scenario what = quiet(at_wrap, ring(full_policy::overwrite, producer_role::many));
  what.may_take = 1;
  // The slot of an owner that lives: number 8 will be given up, too.
  const auto hold = [](world& scene) {
    poke_stamp(scene, 4, slot_state::held, line_of_producer(scene));
  };
  EXPECT_EQ(judged(what, {.left = hold, .survived = true}), "");
  EXPECT_EQ(judged(what, {.left = hold}), "number 8 is aborted although nobody had claimed it");
}

}  // namespace
}  // namespace shmfifo::harness::crash
