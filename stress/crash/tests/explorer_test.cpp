// SPDX-License-Identifier: MIT
// Goal: every instruction is really interrupted, every state judged, and whoever is resumed is
// judged again. Method: operations of a few known instructions, which spoil the segment for the
// time of one of them, or only at their end; what is found there must be found, and nowhere else.
#include "explorer.hpp"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

run_names& names() {
  static run_names all("crash-test");
  return all;
}

// The first word of the header: whoever attaches while it is spoilt is refused. Nothing else that
// others do depends on it.
constexpr std::uint64_t spoilt = 0;
constexpr const char* refusal = "breaks the rule magic";

using play = void (*)(std::uint64_t& word, std::uint64_t before);

std::uint64_t& magic(const layout_view& view) {
  std::byte* const base = reinterpret_cast<std::byte*>(&view.control()) - control_offset;
  return *reinterpret_cast<std::uint64_t*>(base);
}
std::uint64_t& stamp(const layout_view& view) {
  return view.slot(4).stamp;
}

scenario playing(play act, std::uint64_t& (*word_of)(const layout_view&) = magic) {
  scenario what = quiet();
  what.operation = "play";
  what.arm = [act, word_of](victim& self) -> std::function<void()> {
    auto home = std::make_shared<segment>(self.attach());
    std::uint64_t& word = word_of(home->view());
    return [home, &word, act, before = word] { act(word, before); };
  };
  return what;
}

void spoil_for_one_instruction(std::uint64_t& word, std::uint64_t before) {
  __asm__ volatile("movq %1, (%0)\n\tmovq %2, (%0)"
                   :
                   : "r"(&word), "r"(spoilt), "r"(before)
                   : "memory");
}
void abort_for_one_instruction(std::uint64_t& word, std::uint64_t before) {
  __asm__ volatile("movq %1, (%0)\n\tmovq %2, (%0)"
                   :
                   : "r"(&word), "r"(make_stamp(4, slot_state::aborted)), "r"(before)
                   : "memory");
}
void spoil_one_instruction_later(std::uint64_t& word, std::uint64_t before) {
  __asm__ volatile("nop");
  spoil_for_one_instruction(word, before);
}
void spoil_for_long(std::uint64_t& word, std::uint64_t before) {
  __asm__ volatile(
      "movq %1, (%0)\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tmovq %2, (%0)"
      :
      : "r"(&word), "r"(spoilt), "r"(before)
      : "memory");
}
void spoil_at_the_end(std::uint64_t& word, std::uint64_t) {
  __asm__ volatile("nop\n\tnop\n\tmovq %1, (%0)" : : "r"(&word), "r"(spoilt) : "memory");
}
void do_nothing(std::uint64_t&, std::uint64_t) {
  __asm__ volatile("nop");
}
void spin(std::uint64_t&, std::uint64_t) {
  __asm__ volatile("movl $100, %%ecx\n1:\tdecl %%ecx\n\tjnz 1b" : : : "ecx", "cc");
}

exploration explored(const scenario& what, manner way, exploration_options options = {}) {
  options.manners = {way};
  options.failures_most = 1000;
  return explore(what, names(), options);
}

TEST(explorer, a_sound_operation_passes_and_every_instruction_is_counted) {
  const scenario what = playing(do_nothing);
  const exploration killed = explored(what, manner::kill);
  EXPECT_TRUE(killed.failures.empty());
  EXPECT_GT(killed.instructions, 1U);
  EXPECT_EQ(killed.kills, killed.instructions);
  EXPECT_EQ(killed.states, 1U);
  EXPECT_EQ(killed.drifted, 0U);
  EXPECT_EQ(killed.pictures + killed.pauses + killed.second_kills, 0U);
  const exploration paused = explored(what, manner::stop);
  EXPECT_TRUE(paused.failures.empty());
  EXPECT_EQ(paused.pauses, paused.instructions);
  EXPECT_EQ(paused.drifted, 0U);
  const exploration pictured = explored(what, manner::snapshot);
  EXPECT_TRUE(pictured.failures.empty());
  EXPECT_EQ(pictured.pictures, 2U);
}

TEST(explorer, G6_no_instruction_is_skipped) {
  std::vector<std::uint64_t> found;
  for (const play act : {spoil_for_one_instruction, spoil_one_instruction_later}) {
    for (const manner way : {manner::kill, manner::stop}) {
      const exploration seen = explored(playing(act), way);
      ASSERT_EQ(seen.failures.size(), 1U) << to_string(way);
      EXPECT_EQ(seen.failures[0].way, way);
      has(seen.failures[0].sentence, refusal);
      found.push_back(seen.failures[0].instruction);
    }
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[2], found[3]);
  EXPECT_NE(found[0], found[2]);
}

TEST(explorer, G6_each_state_is_judged_on_a_copy) {
  const exploration seen = explored(playing(spoil_for_one_instruction), manner::snapshot);
  EXPECT_EQ(seen.states, 2U);
  EXPECT_EQ(seen.pictures, 4U);
  EXPECT_EQ(seen.failures.size(), 2U) << "by those who live, and by newcomers first";
  exploration_options options;
  options.at = 0;
  const exploration first = explored(playing(spoil_for_one_instruction), manner::snapshot, options);
  EXPECT_EQ(first.pictures, 2U);
  EXPECT_TRUE(first.failures.empty());
}

TEST(explorer, G8_a_recoverer_is_interrupted_in_each_state) {
  exploration_options options;
  options.every = 50;  // of the real kills
  for (const manner way : {manner::depth_two, manner::depth_two_kill}) {
    const exploration sound = explored(playing(do_nothing), way, options);
    EXPECT_GT(sound.second_kills, 4U) << to_string(way);
    EXPECT_TRUE(sound.failures.empty()) << sound.failures[0].sentence;
    const exploration seen = explored(playing(abort_for_one_instruction, stamp), way, options);
    EXPECT_EQ(seen.second_kills, 2 * sound.second_kills) << to_string(way);
    EXPECT_EQ(seen.failures.size(), sound.second_kills) << "the first state is sound";
    ASSERT_FALSE(seen.failures.empty());
    EXPECT_EQ(seen.failures[0].way, way);
    EXPECT_EQ(seen.failures[0].sentence,
              "1 numbers were taken and not committed, more than 0 could be");
    EXPECT_EQ(seen.failures[0].difference,
              "  slot[0].stamp: 0/published/owner 0 -> 4/aborted/owner 0\n");
  }
}

TEST(explorer, a_sample_holds_the_first_and_last_instruction_of_each_state) {
  exploration_options options;
  options.every = options.stop_every = 1000;
  for (const manner way : {manner::kill, manner::stop}) {
    const exploration all = explored(playing(spoil_for_long), way);
    const exploration some = explored(playing(spoil_for_long), way, options);
    EXPECT_EQ(all.failures.size(), 9U) << "eight idle instructions, and the one that repairs";
    ASSERT_EQ(some.failures.size(), 2U);
    EXPECT_EQ(some.failures[0].instruction, all.failures.front().instruction);
    EXPECT_EQ(some.failures[1].instruction, all.failures.back().instruction);
    EXPECT_EQ(some.kills + some.pauses, 6U) << "two of each of three stretches";
  }
  options.stop_every = 1;  // kills and pauses have a sample each
  EXPECT_EQ(explored(playing(spoil_for_long), manner::stop, options).failures.size(), 9U);
  options.every = options.stop_every = 2;
  EXPECT_GE(explored(playing(spoil_for_long), manner::kill, options).failures.size(), 5U);
}

TEST(explorer, an_instruction_that_spins_is_interrupted_a_few_times_only) {
  scenario what = playing(spin);
  const exploration most = explored(what, manner::kill);
  EXPECT_EQ(most.kills, most.instructions - 2 * (100 - what.visits));
  what.visits = 2;
  EXPECT_EQ(explored(what, manner::kill).kills, most.kills - 2 * 14);
}

TEST(explorer, stops_after_as_many_violations_as_were_asked_for_in_each_manner) {
  exploration_options options;
  options.manners = {manner::kill, manner::stop};
  options.failures_most = 3;
  EXPECT_EQ(explore(playing(spoil_for_long), names(), options).failures.size(), 6U);
}

TEST(explorer, one_instruction_can_be_chosen_if_there_is_one) {
  exploration_options options;
  options.at = 3;
  EXPECT_EQ(explored(playing(spoil_for_long), manner::kill, options).kills, 1U);
  EXPECT_EQ(explored(playing(spoil_for_long), manner::stop, options).pauses, 1U);
  options.at = 100'000;
  EXPECT_EQ(complaint([&] { explored(playing(do_nothing), manner::kill, options); }),
            "no such instruction");
}

TEST(explorer, G11_whoever_is_resumed_is_judged_again) {
  const exploration seen = explored(playing(spoil_at_the_end), manner::stop);
  EXPECT_EQ(seen.failures.size(), seen.pauses);
  has(seen.failures[0].sentence, refusal);
}

TEST(explorer, G11_a_resumed_process_must_end_well) {
  scenario what = playing(do_nothing);
  what.arm = [](victim& self) -> std::function<void()> {
    return [&self] {
      if (self.control.stepped == 0) throw std::runtime_error("the victim is not content");
    };
  };
  exploration_options options;
  options.at = 0;
  exploration seen = explored(what, manner::stop, options);
  ASSERT_EQ(seen.failures.size(), 1U);
  EXPECT_EQ(seen.failures[0].sentence, "the victim is not content");
  what.arm = [](victim& self) -> std::function<void()> {
    return [&self] {
      if (self.control.stepped == 0) ::_exit(7);
    };
  };
  seen = explored(what, manner::stop, options);
  ASSERT_EQ(seen.failures.size(), 1U);
  EXPECT_EQ(seen.failures[0].sentence, "the paused process did not end normally: status 1792");
}

TEST(explorer, G6_the_victim_is_dead_when_it_is_judged) {
  scenario what = playing(do_nothing);
  what.may_take = 1;
  what.arm = [](victim& self) -> std::function<void()> {
    auto out = std::make_shared<producer>(must(self.attach().attach_producer()));
    auto open = std::make_shared<claim>(out->try_take());
    return [out, open] { do_nothing(*reinterpret_cast<std::uint64_t*>(out.get()), 0); };
  };
  const exploration seen = explored(what, manner::kill);
  EXPECT_TRUE(seen.failures.empty()) << seen.failures[0].sentence;
  EXPECT_EQ(seen.kills, seen.instructions);
}

// Under single steps there are `more` instructions than in a real run.
template <bool twice>
exploration explored_elsewhere(manner way) {
  scenario what = playing(do_nothing);
  what.arm = [](victim& self) -> std::function<void()> {
    return [&self] {
      if (self.control.stepped == 0) return;
      __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
      if (twice) __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
    };
  };
  return explored(what, way);
}

TEST(explorer, each_instruction_that_a_real_run_does_not_come_by_is_counted_once) {
  for (const manner way : {manner::kill, manner::stop}) {
    const exploration once = explored_elsewhere<false>(way), twice = explored_elsewhere<true>(way);
    EXPECT_EQ(twice.instructions - once.instructions, 8U);
    EXPECT_EQ(twice.drifted - once.drifted, 8U) << to_string(way);
    EXPECT_GE(once.drifted, 8U);
    EXPECT_LT(once.drifted, once.instructions);
    EXPECT_EQ(once.kills + once.pauses, once.instructions);
    EXPECT_TRUE(once.failures.empty());
  }
}

TEST(explorer, a_real_run_that_ends_itself_is_counted_and_its_death_judged) {
  scenario what = playing(do_nothing);
  what.arm = [](victim& self) -> std::function<void()> {
    return [&self] {
      if (self.control.stepped == 0) ::_exit(0);
      __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
    };
  };
  const exploration killed = explored(what, manner::kill);
  EXPECT_GE(killed.drifted, 8U);
  EXPECT_EQ(killed.kills, killed.instructions);
  const exploration paused = explored(what, manner::stop);
  EXPECT_GE(paused.drifted, 8U);
  EXPECT_EQ(paused.pauses, paused.instructions - paused.drifted) << "the others can be paused";
  what.arm = [](victim&) -> std::function<void()> { return [] { ::_exit(0); }; };
  EXPECT_EQ(complaint([&] { explored(what, manner::kill); }),
            "the operation ended its own process");
}

TEST(explorer, a_failure_has_its_address_and_all_took_its_time) {
  const exploration seen = explored(playing(spoil_for_long), manner::kill);
  const auto begin = reinterpret_cast<std::uintptr_t>(&spoil_for_long);
  ASSERT_FALSE(seen.failures.empty());
  std::uintptr_t before = begin;
  for (const failure& one : seen.failures) {
    EXPECT_GT(one.address, before);
    EXPECT_LT(one.address, begin + 100);
    before = one.address;
  }
  EXPECT_GT(seen.seconds, 0);
}

const scenario& known(const std::string& operation, const std::string& queue) {
  for (const scenario& what : all_scenarios()) {
    if (what.operation == operation && what.mode() == queue) return what;
  }
  throw std::runtime_error("there is no " + operation);
}

TEST(explorer, G8_a_name_that_comes_or_goes_is_a_state) {
  const scenario& remove = known("remove", "ring-reject-many");
  const exploration removed = explored(remove, manner::snapshot);
  EXPECT_EQ(removed.states, 2U);
  EXPECT_EQ(removed.pictures, 4U);
  EXPECT_TRUE(removed.failures.empty());
  // Nobody can recover what has no name.
  const exploration again = explored(remove, manner::depth_two);
  EXPECT_GT(again.second_kills, 0U);
  EXPECT_TRUE(again.failures.empty());
  const exploration created = explored(known("create", "ring-reject-many"), manner::snapshot);
  EXPECT_EQ(created.states, 2U);
  EXPECT_TRUE(created.failures.empty());
}

TEST(explorer, G11_beside_a_sleeper_the_sleeper_is_the_judge) {
  exploration_options few;
  few.every = few.stop_every = 1000;
  scenario what = known("publish_for_sleeper", "log-single");
  for (const manner way : {manner::snapshot, manner::depth_two, manner::depth_two_kill}) {
    const exploration none = explored(what, way, few);
    EXPECT_EQ(none.pictures + none.second_kills, 0U) << "no copy of a sleeper";
    EXPECT_GT(none.instructions, 100U);
  }
  for (const manner way : {manner::kill, manner::stop}) {
    const exploration sound = explored(what, way, few);
    EXPECT_GE(sound.kills + sound.pauses, 2 * sound.states);
    EXPECT_TRUE(sound.failures.empty());
  }
  what.arm = [](victim& self) -> std::function<void()> {
    auto out = std::make_shared<producer>(must(self.attach().attach_producer()));
    return [out] {
      message_buffer buffer;
      static_cast<void>(out->try_publish(write_message(author::fresh, 7, buffer)));
    };
  };
  for (const manner way : {manner::kill, manner::stop}) {
    const exploration wrong = explored(what, way, few);
    ASSERT_FALSE(wrong.failures.empty()) << to_string(way);
    EXPECT_EQ(wrong.failures.back().sentence,
              "number 0 carries fresh's message 7, which was not promised there");
  }
}

}  // namespace
}  // namespace shmfifo::harness::crash
