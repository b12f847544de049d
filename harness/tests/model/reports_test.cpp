// SPDX-License-Identifier: MIT

// Goal: what a report and a result say of an execution is what happened in it. Method: programs
// with one execution or few, whose whole report, graph and numbers are compared.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

// What is expected; lines are counted as from_line() does.
const char* const every_event_table = R"txt(assertion: it is "zero" (+14)

event    what                           edges           step                  source
thread 0
  0.0    starts thread 1                                start thread          +8
  0.1    joins thread 1                                 join                  +9 hb<-1.2
  0.2    Rmw acq_rel b = 999999         rf 1.2          fetch_op              +10
  0.3    Wmr acq_rel b := 0xf4240       co after 1.2                          
  0.4    R acquire b = 0xf4240          rf 0.3          compare_exchange      +12
  0.5    chooses 0 of 1                                 choose                +13
  0.6    R plain a = 0xf4240            rf 1.0          read                  +14
thread 1
  1.0    W plain a := 0xf4240           co after init   write                 +4
  1.1    F release                                      fence                 +5
  1.2    W relaxed b := 999999          co after init   store                 +6

variables
  a: +1
  b: +2

modification orders
  a: init = 0 -> 1.0 = 0xf4240
  b: init = 0 -> 1.2 = 999999 -> 0.3 = 0xf4240
replay: m1:
)txt";

const char* const every_event_graph = R"txt(digraph execution {
  node [shape=box, fontname=monospace];
  label="assertion: it is \"zero\" (+14)";
  subgraph cluster_0 { label="thread 0";
    e0 [label="0.0 starts thread 1\nstart thread +8"];
    e4 [label="0.1 joins thread 1\njoin +9"];
    e5 [label="0.2 Rmw acq_rel b = 999999\nfetch_op +10"];
    e6 [label="0.3 Wmr acq_rel b := 0xf4240\n "];
    e7 [label="0.4 R acquire b = 0xf4240\ncompare_exchange +12"];
    e8 [label="0.5 chooses 0 of 1\nchoose +13"];
    e9 [label="0.6 R plain a = 0xf4240\nread +14"];
  }
  e0 -> e4;
  e4 -> e5;
  e5 -> e6;
  e6 -> e7;
  e7 -> e8;
  e8 -> e9;
  subgraph cluster_1 { label="thread 1";
    e1 [label="1.0 W plain a := 0xf4240\nwrite +4"];
    e2 [label="1.1 F release\nfence +5"];
    e3 [label="1.2 W relaxed b := 999999\nstore +6"];
  }
  e1 -> e2;
  e2 -> e3;
  e0 -> e1 [label=hb];
  e3 -> e4 [label=hb];
  e3 -> e5 [label=rf, color=darkgreen];
  e3 -> e6 [label=co, color=orange];
  e6 -> e7 [label=rf, color=darkgreen];
  e1 -> e9 [label=rf, color=darkgreen];
}
)txt";

const char* const deaths_table = R"txt(assertion: it did not die (+12)

event    what                           edges           step                  source
thread 0
  0.0    starts thread 1                                start thread          +6
  0.1    starts thread 2                                start thread          +7
  0.2    starts thread 3                                start thread          +8
  0.3    Rmw acq_rel a = 1              rf 1.1          futex wake            +9 hb<-1.1
  0.4    Wmr acq_rel a := 2             co after 1.1                          
  0.5    joins thread 2                                 join                  +10 hb<-2.0
  0.6    joins thread 3                                 join                  +11 hb<-3.0
  0.7    R acquire c = 1                rf 2.0          dead?                 +12
  0.8    R relaxed e = 0                rf init         load                  +12
thread 1
  1.0    Rmw acq_rel a = 0              rf init         futex queue           +3
  1.1    Wmr acq_rel a := 1             co after init                         
  1.2    R relaxed b = 0                rf init         futex compare         +3
  1.3    R relaxed a = 2                rf 0.4          futex sleep           +3
thread 2
  2.0    killed                         co after init   killed                
thread 3
  3.0    killed                         co after init   killed                

variables
  a: a futex's queue of sleepers, first accessed at +9 (futex wake)
  b: first accessed at +3 (futex compare)
  c: whether thread 2 has ended
  d: whether thread 3 has ended
  e: +2

modification orders
  a: init = 0 -> 1.1 = 1 -> 0.4 = 2
  b: init = 0
  c: init = 0 -> 2.0 = 1
  d: init = 0 -> 3.0 = 1
  e: init = 0
replay: m1:1.0.0.1.1
)txt";

const char* const deaths_graph = R"txt(digraph execution {
  node [shape=box, fontname=monospace];
  label="assertion: it did not die (+12)";
  subgraph cluster_0 { label="thread 0";
    e0 [label="0.0 starts thread 1\nstart thread +6"];
    e1 [label="0.1 starts thread 2\nstart thread +7"];
    e2 [label="0.2 starts thread 3\nstart thread +8"];
    e3 [label="0.3 Rmw acq_rel a = 1\nfutex wake +9"];
    e6 [label="0.4 Wmr acq_rel a := 2\n "];
    e10 [label="0.5 joins thread 2\njoin +10"];
    e12 [label="0.6 joins thread 3\njoin +11"];
    e13 [label="0.7 R acquire c = 1\ndead? +12"];
    e14 [label="0.8 R relaxed e = 0\nload +12"];
  }
  e0 -> e1;
  e1 -> e2;
  e2 -> e3;
  e3 -> e6;
  e6 -> e10;
  e10 -> e12;
  e12 -> e13;
  e13 -> e14;
  subgraph cluster_1 { label="thread 1";
    e4 [label="1.0 Rmw acq_rel a = 0\nfutex queue +3"];
    e5 [label="1.1 Wmr acq_rel a := 1\n "];
    e7 [label="1.2 R relaxed b = 0\nfutex compare +3"];
    e8 [label="1.3 R relaxed a = 2\nfutex sleep +3"];
  }
  e4 -> e5;
  e5 -> e7;
  e7 -> e8;
  subgraph cluster_2 { label="thread 2";
    e9 [label="2.0 killed\nkilled "];
  }
  subgraph cluster_3 { label="thread 3";
    e11 [label="3.0 killed\nkilled "];
  }
  e0 -> e4 [label=hb];
  e1 -> e9 [label=hb];
  e2 -> e11 [label=hb];
  e5 -> e3 [label=rf, color=darkgreen];
  e5 -> e6 [label=co, color=orange];
  e6 -> e8 [label=rf, color=darkgreen];
  e9 -> e10 [label=hb];
  e11 -> e12 [label=hb];
  e9 -> e13 [label=rf, color=darkgreen];
}
)txt";

const char* const orders_table = R"txt(assertion: the thread's store is the last (+7)

event    what                           edges           step                  source
thread 0
  0.0    starts thread 1                                start thread          +4
  0.1    W relaxed a := 2               co after 1.0    store                 +5
  0.2    joins thread 1                                 join                  +6 hb<-1.0
  0.3    R relaxed a = 2                rf 0.1          load                  +7
thread 1
  1.0    W relaxed a := 1               co after init   store                 +3

variables
  a: first accessed at +5 (store)

modification orders
  a: init = 0 -> 1.0 = 1 -> 0.1 = 2
replay: m1:1
)txt";

// With line numbers counted from a line of the test, and without the file's folder.
std::string from_line(const std::string& text, unsigned base) {
  static const std::regex place("[^ (]*reports_test\\.cpp:([0-9]+)");
  std::string out;
  auto rest = text.cbegin();
  for (std::sregex_iterator one(text.begin(), text.end(), place), end; one != end; ++one) {
    out.append(rest, (*one)[0].first);
    out += fmt::format("+{}", std::stoul((*one)[1]) - base);
    rest = (*one)[0].second;
  }
  return out.append(rest, text.cend());
}

TEST(reports, the_table_and_the_graph_show_every_event_edge_and_order) {
  unsigned line = 0;
  const model::result r = model::check([&] {
    line = __LINE__;
    model::plain<std::uint32_t> message{0U};
    model::atomic<std::uint32_t> ready{0U};
    const auto write = [&] {
      message.write(1'000'000);
      model::fence(release);
      ready.store(999'999, relaxed);
    };
    model::thread writer(write);
    writer.join();
    ready.fetch_add(1, acq_rel);
    std::uint32_t expected = 9;
    static_cast<void>(ready.compare_exchange_strong(expected, 3, seq_cst, acquire));
    static_cast<void>(model::choose(1));
    model::require(message.read() == 0, "it is \"zero\"");
  });
  EXPECT_EQ(from_line(r.report, line), every_event_table);
  EXPECT_EQ(from_line(r.dot, line), every_event_graph);
}

TEST(reports, the_table_and_the_graph_show_deaths_sleeps_and_sites) {
  unsigned line = 0;
  model::options o;
  o.site_names = {"raise", "look"};
  const model::result r = model::check(
      [&] {
        line = __LINE__;
        std::uint32_t bell = 0;
        model::atomic<std::uint32_t> flag{0U};
        const auto sleep = [&] { model::futex_wait(bell, 0); };
        const auto raise = [&] { flag.fetch_add(1, seq_cst, model::at(0)); };
        const auto end = [&] { static_cast<void>(flag.load(relaxed, model::at(1))); };
        model::thread sleeper(sleep);
        model::thread victim(model::mortal, raise);
        model::thread mortal(model::mortal, end);
        model::futex_wake_all(bell);
        victim.join();
        mortal.join();
        model::require(!model::dead(2) || flag.load(relaxed) == 1, "it did not die");
      },
      o);
  EXPECT_EQ(from_line(r.report, line), deaths_table);
  EXPECT_EQ(from_line(r.dot, line), deaths_graph);
}

// What nobody wrote, and two stores of which the second overtakes.
TEST(reports, the_table_shows_orders_and_words_without_a_value) {
  unsigned line = 0;
  const model::result r = model::check([&] {
    line = __LINE__;
    std::uint32_t x = 0;
    model::plain<std::uint32_t> nothing;
    const auto write = [&] { model::store(x, 1, relaxed); };
    model::thread writer(write);
    model::store(x, 2, relaxed);
    writer.join();
    model::require(model::load(x, relaxed) == 1, "the thread's store is the last");
    nothing.write(1);
  });
  EXPECT_EQ(from_line(r.report, line), orders_table);
}

// A word of 1, 2, 4 or 8 bytes: every update of it gives the value that C++ gives.
template <class Word>
void update_in_every_way() {
  const auto all = static_cast<Word>(~Word{0});
  const model::result r = model::check([&] {
    model::atomic<Word> x{static_cast<Word>(5)};
    model::require(x.exchange(12, relaxed) == 5, "exchange returns the old value");
    model::require(x.fetch_add(all, relaxed) == 12, "add returns the old value");
    Word sum = 11;
    model::require(x.compare_exchange_strong(sum, 11, relaxed, relaxed), "add wraps around");
    model::require(x.fetch_sub(1, relaxed) == 11, "it stays");
    model::require(x.fetch_or(5, relaxed) == 10, "subtract");
    model::require(x.fetch_sub(16, relaxed) == 15, "or");
    model::require(x.load(relaxed) == all, "subtract wraps around");
    Word expected = 1;
    model::require(!x.compare_exchange_strong(expected, 2, relaxed, relaxed), "it is another");
    model::require(expected == all, "a failed exchange loads what it met");
    model::require(x.compare_exchange_strong(expected, 2, relaxed, relaxed), "now it is not");
    model::require(expected == all && x.load(relaxed) == 2, "an exchange leaves what was expected");
  });
  EXPECT_TRUE(r.ok()) << r.reason;
  Word bits = 14;
  const model::result masked = model::check([&] {
    model::store(bits, 14, relaxed);
    model::require(model::fetch_and(bits, 7, relaxed) == 14, "and returns the old value");
    model::require(model::load(bits, relaxed) == 6, "and");
  });
  EXPECT_TRUE(masked.ok()) << masked.reason;
}

TEST(reports, updates_have_the_values_of_their_type) {
  update_in_every_way<std::uint8_t>();
  update_in_every_way<std::uint16_t>();
  update_in_every_way<std::uint32_t>();
  update_in_every_way<std::uint64_t>();
}

// Two threads that add: 2 executions, which are one up to their exchange.
void add_symmetrically() {
  model::atomic<std::uint32_t> x{0U};
  model::thread_group group;
  group.start_symmetric(2, [&] { x.fetch_add(1, relaxed); });
}

TEST(reports, an_execution_that_is_seen_twice_is_counted) {
  model::options o;
  o.count_duplicates = true;
  EXPECT_EQ(model::check(add_symmetrically, o).executions, 1U);
  EXPECT_EQ(model::check(add_symmetrically, o).duplicates, 0U);
  o.symmetry = false;
  EXPECT_EQ(model::check(add_symmetrically, o).executions, 2U);
  EXPECT_EQ(model::check(add_symmetrically, o).duplicates, 1U);
  o.count_duplicates = false;
  EXPECT_EQ(model::check(add_symmetrically, o).duplicates, 0U);
}

// Nine choices: more than lie above where the work is divided.
void choose_and_die() {
  model::atomic<std::uint32_t> x{0U};
  for (int i = 0; i < 9; ++i) static_cast<void>(model::choose(2));
  model::thread victim(model::mortal, [&] { x.store(1, relaxed); });
  model::thread reader([&] {
    model::await(
        x, [](std::uint32_t v) { return v == 1; }, acquire);
  });
}

void wait_after_choices() {
  model::atomic<std::uint32_t> x{0U};
  for (int i = 0; i < 9; ++i) static_cast<void>(model::choose(2));
  model::thread reader([&] {
    model::await(
        x, [](std::uint32_t v) { return v == 1; }, acquire);
  });
  model::thread writer([&] { x.store(1, release); });
}

TEST(reports, processes_add_up_what_they_found) {
  for (const std::uint32_t workers : {1U, 3U}) {
    model::options o;
    o.workers = workers;
    o.count_duplicates = true;
    const model::result waiting = model::check(wait_after_choices, o);
    EXPECT_TRUE(waiting.ok()) << waiting.reason;
    EXPECT_EQ(waiting.executions, 512U);
    EXPECT_EQ(waiting.blocked, 512U);
    const model::result dying = model::check(
        [] {
          for (int i = 0; i < 9; ++i) static_cast<void>(model::choose(2));
          model::thread victim(model::mortal, [] { model::fence(seq_cst); });
        },
        o);
    EXPECT_TRUE(dying.ok()) << dying.reason;
    EXPECT_EQ(dying.executions, 1024U);
    EXPECT_EQ(dying.deaths, 512U);
    o.symmetry = false;
    EXPECT_EQ(model::check(add_symmetrically, o).duplicates, 1U);
    const model::result stuck = model::check(choose_and_die, o);
    EXPECT_EQ(stuck.outcome, model::verdict::violation);
    EXPECT_EQ(stuck.rule, model::broken::deadlock);
    EXPECT_EQ(stuck.reason,
              "deadlock: thread 2 waits in a loop for a value that nobody will write");
    EXPECT_TRUE(stuck.replay.starts_with("m1:")) << stuck.replay;
    EXPECT_NE(stuck.report.find("killed"), std::string::npos) << stuck.report;
  }
}

// Whoever asks for no shorter one gets the first: six stores more.
TEST(reports, a_shorter_violation_is_looked_for_only_on_request) {
  const auto body = [] {
    model::atomic<std::uint32_t> x{0U};
    if (model::choose(2) == 0) {
      for (int i = 0; i < 6; ++i) x.store(1, relaxed);
    }
    model::require(x.load(relaxed) == 7, "never");
  };
  model::options o;
  o.shorten_executions = 0;
  EXPECT_EQ(model::check(body, o).events, 8U);
  o.shorten_executions = 1;
  EXPECT_EQ(model::check(body, o).events, 2U);
}

TEST(reports, an_execution_can_be_looked_at) {
  std::uint32_t x = 0;
  const std::uint32_t never_used = 3;
  std::vector<std::string> tables;
  std::vector<std::uint64_t> values;
  model::options o;
  o.on_execution = [&](const model::execution& e) {
    tables.push_back(e.table());
    values.push_back(e.final_value(&x));
    EXPECT_EQ(e.final_value(&never_used), 0U);
    EXPECT_EQ(e.events(), 2U);
  };
  const auto body = [&] { model::store(x, model::choose(2) + 1, relaxed); };
  EXPECT_TRUE(model::check(body, o).ok());
  EXPECT_EQ(values, (std::vector<std::uint64_t>{1, 2}));
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_NE(tables[1].find("W relaxed a := 2"), std::string::npos) << tables[1];
  o.on_execution = [&](const model::execution& e) {
    model::require(e.final_value(&x) == 1, "it ends with one");
  };
  for (const std::uint32_t workers : {1U, 2U}) {
    o.workers = workers;
    const model::result r = model::check(body, o);
    EXPECT_EQ(r.rule, model::broken::assertion);
    EXPECT_TRUE(r.reason.starts_with("assertion: it ends with one (")) << r.reason;
  }
}

TEST(reports, progress_tells_what_lies_behind) {
  std::vector<model::progress> reports;
  model::options o;
  o.on_progress = [&](const model::progress& p) { reports.push_back(p); };
  const auto body = [] {
    for (int i = 0; i < 10; ++i) static_cast<void>(model::choose(2));
  };
  o.progress_seconds = 1e9;
  EXPECT_TRUE(model::check(body, o).ok());
  EXPECT_TRUE(reports.empty());
  o.progress_seconds = 0;
  EXPECT_EQ(model::check(body, o).executions, 1024U);
  ASSERT_EQ(reports.size(), 4U);  // one for each 256 executions
  for (std::size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(reports[i].executions, 256 * (i + 1));
    EXPECT_EQ(reports[i].blocked, 0U);
    EXPECT_NEAR(reports[i].share_done, 0.25 * static_cast<double>(i + 1), 1.0 / 1024);
    EXPECT_GT(reports[i].seconds, 0.0);
  }
  EXPECT_EQ((model::progress{100, 7, 2.0, 0.5}.executions_per_second()), 50.0);
  EXPECT_EQ((model::progress{100, 7, 0.0, 0.5}.executions_per_second()), 0.0);
}

TEST(reports, verdicts_and_rules_have_their_names) {
  using enum model::broken;
  EXPECT_STREQ(name_of(model::verdict::ok), "ok");
  EXPECT_STREQ(name_of(model::verdict::violation), "violation");
  EXPECT_STREQ(name_of(model::verdict::unknown), "unknown");
  EXPECT_STREQ(name_of(nothing), "nothing");
  EXPECT_STREQ(name_of(assertion), "assertion");
  EXPECT_STREQ(name_of(data_race), "data race");
  EXPECT_STREQ(name_of(uninitialised), "uninitialised read");
  EXPECT_STREQ(name_of(deadlock), "deadlock");
  EXPECT_FALSE(model::result{}.ok());
}

}  // namespace
}  // namespace shmfifo::harness::tests
