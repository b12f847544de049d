// SPDX-License-Identifier: MIT
// Goal: a saved history gets the same verdict when it is judged again, and a damaged file is
// refused. Method: save to an unnamed file, load by its descriptor's path, cut and change it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "hand_made.hpp"
#include "memory_file.hpp"

namespace shmfifo::harness {
namespace {

hand_made broken_run() {
  hand_made_shape shape;
  shape.producers = 2;
  shape.observers = 1;
  shape.promises = numbered_promises();
  hand_made run(shape);
  for (std::uint64_t n = 0; n < 3; ++n) run.sends(n % 2, n);
  run.gets(0, {0, 0}, 0);
  run.gets(0, {0, 1}, 2);
  return run;
}

TEST(history_file, is_judged_as_the_run_was) {
  const hand_made run = broken_run();
  const memory_file file;
  run.logs.save(file.path());
  const histories again = histories::load(file.path());
  const verdict found = judge(again);
  EXPECT_EQ(found.broken, rule::skipped);
  EXPECT_EQ(found.text(), run.judged().text());
  EXPECT_EQ(again.bytes_used(), run.logs.bytes_used());
}

TEST(history_file, is_refused_when_cut_changed_or_missing) {
  const hand_made run = broken_run();
  const memory_file file;
  run.logs.save(file.path());
  const off_t size = ::lseek(file.number(), 0, SEEK_END);
  for (const off_t cut : {size - 1, size / 2, off_t{10}, off_t{0}}) {
    ASSERT_EQ(::ftruncate(file.number(), cut), 0);
    EXPECT_THROW(static_cast<void>(histories::load(file.path())), std::runtime_error) << cut;
  }
  run.logs.save(file.path());
  const char other = 'x';
  ASSERT_EQ(::pwrite(file.number(), &other, 1, 0), 1);
  EXPECT_THROW(static_cast<void>(histories::load(file.path())), std::runtime_error);
  EXPECT_THROW(static_cast<void>(histories::load("/nonexistent/history")), std::runtime_error);
}

// What a file may say of itself is checked before anything is allocated or read by it; a file that
// says too much for its size is cut short.
template <class Word>
std::string refusal_with(std::size_t offset, Word value) {
  const memory_file file;
  broken_run().logs.save(file.path());
  if (::pwrite(file.number(), &value, sizeof value, static_cast<off_t>(offset)) != sizeof value) {
    return "not written";
  }
  try {
    return judge(histories::load(file.path())).text();
  } catch (const std::runtime_error& refused) {
    const std::string text = refused.what();
    const std::string path = "'" + file.path() + "' ";
    EXPECT_EQ(text.find(path), 0U) << text;
    return text.substr(path.size());
  }
}

constexpr const char* other_version = "is no history of this version";

TEST(history_file, G9_is_refused_by_each_bound_of_its_head) {
  const auto expect_bound = [](std::size_t offset, auto largest) {
    SCOPED_TRACE(offset);
    EXPECT_NE(refusal_with(offset, largest), other_version);
    EXPECT_EQ(refusal_with(offset, static_cast<decltype(largest)>(largest + 1)), other_version);
  };
  expect_bound(offsetof(run_facts, producers), std::uint32_t{1024});
  EXPECT_EQ(refusal_with(offsetof(run_facts, producers), std::uint32_t{0}), other_version);
  expect_bound(offsetof(run_facts, consumers), std::uint32_t{1024});
  expect_bound(offsetof(run_facts, observers), std::uint32_t{1024});
  expect_bound(offsetof(run_facts, messages), std::uint64_t{1} << 36);
  expect_bound(offsetof(run_facts, content_size), std::uint64_t{1} << 40);
  EXPECT_NE(refusal_with(offsetof(run_facts, content_size), std::uint64_t{1}), other_version);
  EXPECT_EQ(refusal_with(offsetof(run_facts, content_size), std::uint64_t{0}), other_version);
}

TEST(history_file, G9_is_refused_with_a_name_without_an_end_or_a_promise_that_is_no_truth_value) {
  std::array<char, sizeof(run_facts::queue)> name;
  name.fill('q');
  EXPECT_EQ(refusal_with(offsetof(run_facts, queue), name), other_version);
  name.back() = '\0';
  EXPECT_NE(refusal_with(offsetof(run_facts, queue), name), other_version);
  const std::size_t promises = offsetof(run_facts, promises);
  for (std::size_t i = 0; i < offsetof(capabilities, start); ++i) {
    EXPECT_NE(refusal_with(promises + i, char{1}), other_version);
    EXPECT_EQ(refusal_with(promises + i, char{2}), other_version);
  }
  const std::size_t start = promises + offsetof(capabilities, start);
  EXPECT_NE(refusal_with(start, start_order::together), other_version);
  EXPECT_EQ(refusal_with(start, static_cast<start_order>(3)), other_version);
}

// Of actors: offsets are those of the memory that is saved.
TEST(history_file, G9_is_refused_when_an_actor_did_more_than_it_can_have_done) {
  const hand_made run = broken_run();
  const auto offset = [&](const auto& member) {
    return static_cast<std::size_t>(reinterpret_cast<const char*>(&member) -
                                    reinterpret_cast<const char*>(&run.logs.facts()));
  };
  const auto expect_refused = [&](const auto& member, auto value, const char* why) {
    EXPECT_EQ(refusal_with(offset(member), value), std::string("is no history: ") + why);
  };
  const actor_state& sender = run.logs.sender(1);
  expect_refused(sender.started, run.logs.quota(1) + 1,
                 "a producer began more messages than its share");
  EXPECT_EQ(refusal_with(offset(sender.started), run.logs.quota(1)), run.judged().text());
  expect_refused(sender.logged, std::uint64_t{2}, "a producer got more answers than it made calls");
  expect_refused(run.logs.receiver(1).logged, run.logs.events_max() + 1,
                 "a log is longer than its room");
  EXPECT_EQ(refusal_with(offset(run.logs.receiver(1).logged), run.logs.events_max()),
            "is no history, or it is cut short");
  std::array<char, sizeof(actor_state::text)> text;
  text.fill('t');
  for (const actor_state* who : {&run.logs.sender(0), &run.logs.receiver(1)}) {
    expect_refused(who->text, text, "a text without an end");
  }
  text.back() = '\0';
  EXPECT_EQ(refusal_with(offset(run.logs.receiver(1).text), text), run.judged().text());
}

TEST(history_file, G10_reports_what_cannot_be_written_or_read) {
  const auto expect_text = [](const std::string& text, auto&& job) {
    try {
      job();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& refused) {
      EXPECT_EQ(refused.what(), text);
    }
  };
  expect_text("cannot write '/dev/full': No space left on device",
              [] { broken_run().logs.save("/dev/full"); });
  expect_text("cannot read '/nonexistent/history': No such file or directory",
              [] { static_cast<void>(histories::load("/nonexistent/history")); });
}

TEST(history_file, has_room_for_each_message_and_says_what_it_used) {
  history_shape shape;
  shape.queue.producers = 3;
  shape.queue.consumers = 1;
  shape.queue.observers = 2;
  shape.queue.messages = 8;
  shape.queue.content_size = 5;
  shape.queue.slots = 11;
  shape.seed = 77;
  shape.shortest = 4;
  shape.capacity = 9;
  shape.reuses_slots = false;
  shape.queue_name = std::string(200, 'n');
  shape.promises.durable = true;
  const histories logs(shape);
  const run_facts& facts = logs.facts();
  EXPECT_EQ(facts.seed, 77U);
  EXPECT_EQ(facts.content_size, 5U);
  EXPECT_EQ(facts.shortest, 4U);
  EXPECT_EQ(facts.slots, 11U);
  EXPECT_EQ(facts.capacity, 9U);
  EXPECT_EQ(facts.messages, 8U);
  EXPECT_EQ(facts.reuses_slots, 0U);
  EXPECT_EQ(facts.queue, std::string(sizeof facts.queue - 1, 'n'));
  EXPECT_TRUE(facts.promises.durable);
  EXPECT_EQ(facts.ended, run_end::timed_out);  // until somebody says how it ended
  EXPECT_EQ(logs.senders() * 10 + logs.receivers(), 33U);
  EXPECT_FALSE(logs.is_observer(0));
  EXPECT_TRUE(logs.is_observer(1));
  EXPECT_EQ(logs.quota(0) * 100 + logs.quota(1) * 10 + logs.quota(2), 332U);
  EXPECT_GE(logs.events_max(), 8U * 8 + 65536);
  const std::uint64_t empty = logs.bytes_used();
  for (unsigned i = 0; i < 3; ++i) logs.sender(i).logged = logs.quota(i);
  for (unsigned i = 0; i < 3; ++i) logs.receiver(i).logged = i + 1;
  EXPECT_EQ(logs.logged(), 8U);
  EXPECT_EQ(logs.bytes_used(), empty + 8 * sizeof(std::uint64_t) + 6 * sizeof(event));
  shape.reuses_slots = true;
  EXPECT_EQ(histories(shape).facts().reuses_slots, 1U);
}

TEST(history_file, gives_every_actor_and_every_entry_a_place_of_its_own) {
  history_shape shape;
  shape.queue.producers = 20;
  shape.queue.consumers = 21;
  shape.queue.observers = 22;
  shape.queue.messages = 40010;
  const histories logs(shape);
  EXPECT_GE(logs.events_max(), 8 * shape.queue.messages + 65536);
  const auto fill = [&](std::uint64_t mark, bool check) {
    const auto mark_or_check = [&](auto& place, std::uint64_t value) {
      using word = std::remove_reference_t<decltype(place)>;
      if (!check) place = static_cast<word>(value);
      EXPECT_EQ(place, static_cast<word>(value));
    };
    for (unsigned i = 0; i < 20; ++i) {
      mark_or_check(logs.sender(i).fulls, mark + i);
      mark_or_check(logs.answers(i)[0], mark + i);
      mark_or_check(logs.answers(i)[logs.quota(i) - 1], mark + 100 + i);
    }
    for (unsigned i = 0; i < 43; ++i) {
      mark_or_check(logs.receiver(i).fulls, mark + 200 + i);
      mark_or_check(logs.events(i)[0].identity, mark + 200 + i);
      mark_or_check(logs.events(i)[logs.events_max() - 1].identity, mark + 300 + i);
    }
  };
  fill(1000, false);
  fill(1000, true);
}

TEST(history_file, G10_refuses_a_run_without_a_producer_without_content_or_beyond_all_memory) {
  const auto refusal = [](unsigned producers, std::uint64_t content_size, std::uint64_t messages) {
    history_shape shape;
    shape.queue.producers = producers;
    shape.queue.content_size = content_size;
    shape.queue.messages = messages;
    try {
      const histories logs(shape);
    } catch (const std::exception& refused) {
      return std::string(refused.what());
    }
    return std::string("not refused");
  };
  const std::string empty = "a run has at least one producer and one byte of content";
  EXPECT_EQ(refusal(0, 1, 1), empty);
  EXPECT_EQ(refusal(1, 0, 1), empty);
  EXPECT_EQ(refusal(1, 1, 1), "not refused");
  EXPECT_EQ(refusal(1, 1, std::uint64_t{1} << 45),
            "no memory for the histories of the run (7036874419351552 bytes of address space): ask "
            "for fewer "
            "messages");
}

TEST(history_file, keeps_what_each_actor_logged) {
  hand_made_shape shape;
  shape.producers = shape.consumers = 2;
  shape.observers = 1;
  shape.messages = 5;
  shape.promises = numbered_promises();
  hand_made run(shape);
  for (std::uint64_t n = 0; n < 5; ++n) run.sends(n % 2, n);
  for (unsigned r = 0; r < 3; ++r) {
    for (std::uint64_t n = r; n < 5; ++n) {
      run.gets(r, {static_cast<std::uint32_t>(n % 2), n / 2}, static_cast<std::int64_t>(n));
    }
  }
  const memory_file file;
  run.logs.save(file.path());
  const histories again = histories::load(file.path());
  for (unsigned p = 0; p < 2; ++p) {
    ASSERT_EQ(again.answered(p).size(), run.logs.answered(p).size());
    for (std::size_t s = 0; s < again.answered(p).size(); ++s) {
      EXPECT_EQ(again.answered(p)[s], run.logs.answered(p)[s]);
    }
  }
  for (unsigned r = 0; r < 3; ++r) {
    ASSERT_EQ(again.told(r).size(), 6U - r);
    for (std::size_t e = 0; e < again.told(r).size(); ++e) {
      EXPECT_EQ(again.told(r)[e].number, run.logs.told(r)[e].number);
      EXPECT_EQ(again.told(r)[e].identity, run.logs.told(r)[e].identity);
    }
  }
  run.logs.sender(1).started = 3;  // the first one has a share of 3
  run.logs.save(file.path());
  EXPECT_THROW(static_cast<void>(histories::load(file.path())), std::runtime_error);
}

}  // namespace
}  // namespace shmfifo::harness
