// SPDX-License-Identifier: MIT
// Goal: the memory of a run has a place for everything, the same in each version that reads saved
// histories, and is given back. Method: distances between the parts, written down; questions to the
// kernel.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "hand_made.hpp"

namespace shmfifo::harness {
namespace {

history_shape crowd(unsigned producers, unsigned consumers, unsigned observers,
                    std::uint64_t messages) {
  history_shape shape;
  shape.queue.producers = producers;
  shape.queue.consumers = consumers;
  shape.queue.observers = observers;
  shape.queue.messages = messages;
  return shape;
}

TEST(history_memory, has_the_same_places_in_every_version) {
  struct row {
    history_shape shape;
    std::ptrdiff_t states, answers, next_answers, events, next_events;
    std::uint64_t events_max;
  };
  // A page holds 512 answers, of which each sender has one to spare, and the states of 8 actors.
  for (const auto& [shape, states, answers, next_answers, events, next_events, events_max] :
       {row{crowd(1, 1, 0, 0), 4096, 8192, 12288, 12288, 1585152, 65536},
        row{crowd(20, 21, 22, 40010), 4096, 36864, 53248, 364544, 9621504, 385706},
        row{crowd(2, 2, 1, 2 * 511), 4096, 8192, 12288, 16384, 1785856, 73728},
        row{crowd(2, 2, 1, 2 * 512), 4096, 8192, 16384, 24576, 1794048, 73728},
        row{crowd(3, 4, 1, 100), 4096, 8192, 12288, 20480, 1613824, 66389}}) {
    const histories logs(shape);
    const auto from_the_facts = [&](const void* place) {
      return static_cast<const std::byte*>(place) -
             reinterpret_cast<const std::byte*>(&logs.facts());
    };
    EXPECT_EQ(from_the_facts(&logs.sender(0)), states);
    EXPECT_EQ(from_the_facts(logs.answers(0)), answers);
    EXPECT_EQ(from_the_facts(logs.answers(1)), next_answers);
    EXPECT_EQ(from_the_facts(logs.events(0)), events);
    EXPECT_EQ(from_the_facts(logs.events(1)), next_events);
    EXPECT_EQ(logs.events_max(), events_max);
    EXPECT_EQ(logs.bytes_used(), static_cast<std::uint64_t>(answers));
  }
}

TEST(history_memory, begins_with_nothing) {
  const histories logs(crowd(2, 1, 1, 5));
  const event nothing;
  EXPECT_EQ(nothing.kind, event_kind::attached);
  EXPECT_EQ(nothing.sound + nothing.killed + nothing.reserved + nothing.length, 0);
  EXPECT_EQ(nothing.identity, 0U);
  EXPECT_EQ(nothing.number, -1);
  EXPECT_EQ(verdict{}.broken, rule::none);
  EXPECT_EQ(logs.facts().seed, 1U);
  EXPECT_EQ(logs.facts().shortest, 0U);
  EXPECT_EQ(logs.facts().capacity, 0U);
  EXPECT_EQ(logs.facts().final_position, 0U);
  for (unsigned i = 0; i < 2; ++i) {
    for (const actor_state* who : {&logs.sender(i), &logs.receiver(i)}) {
      EXPECT_EQ(who->now.load(), stage::absent);
      EXPECT_EQ(who->started + who->logged + who->position + who->released + who->kills, 0U);
    }
  }
  EXPECT_EQ(logs.sent_position(), 0U);
}

bool is_mapped(const void* page) {
  unsigned char there = 0;
  return ::mincore(const_cast<void*>(page), 1, &there) == 0 || errno != ENOMEM;
}

TEST(history_memory, is_given_back_once_by_the_last_owner) {
  const void* first = nullptr;
  const void* last = nullptr;
  {
    hand_made run = numbered();
    first = &run.logs.facts();
    last = reinterpret_cast<const void*>(
        (reinterpret_cast<std::uintptr_t>(run.logs.events(0) + run.logs.events_max()) - 1) / 4096 *
        4096);
    run.sends(0, 0);
    {
      const histories moved = std::move(run.logs);
      EXPECT_EQ(moved.logged(), 1U);
      EXPECT_TRUE(is_mapped(first) && is_mapped(last));
    }
    EXPECT_FALSE(is_mapped(first) || is_mapped(last));
  }
}

// Children write what their parent reads.
TEST(history_memory, is_shared_with_children) {
  const histories logs(crowd(1, 1, 0, 5));
  const pid_t child = ::fork();
  if (child == 0) {
    logs.sender(0).started = 3;
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(logs.sender(0).started, 3U);
}

// Receivers that go by numbers stand behind the highest one, others at the count of what was sent.
TEST(history_memory, says_where_a_receiver_stands_that_got_everything) {
  for (const bool is_numbered : {true, false}) {
    for (const bool competing : {true, false}) {
      auto run = numbered(3);
      run.logs.facts().promises.numbered = is_numbered;
      run.logs.facts().promises.competing = competing;
      EXPECT_EQ(run.logs.sent_position(), 0U);
      run.sends(0, 0);
      run.sends(1, 7);
      run.sends(1, 5);
      run.is_killed_sending(2);
      run.is_refused(2);
      const bool goes_by_numbers = is_numbered && !competing;
      EXPECT_EQ(run.logs.sent_position(), goes_by_numbers ? 8U : 3U);
      run.sends(2);
      EXPECT_EQ(run.logs.sent_position(), goes_by_numbers ? 8U : 4U);
    }
  }
}

}  // namespace
}  // namespace shmfifo::harness
