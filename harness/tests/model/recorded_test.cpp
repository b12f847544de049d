// SPDX-License-Identifier: MIT

// Goal: a replay string and a signature name the same execution in every build, and what an
// exploration costs (runs given up, executions found twice) does not grow unnoticed. Method:
// programs generated from fixed seeds, with everything that the model offers. What they came to,
// the executions in their order and the reports included, is compared with what was recorded.
// Whether the numbers are right is for the other tests to say: whoever changes the explorer on
// purpose records anew what this test prints.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <random>

#include "scenario.hpp"

namespace shmfifo::harness::tests {
namespace {

// of each kind
constexpr std::uint32_t tables_max = 4;  // of each program

struct instruction {
  char what;
  std::uint32_t word, value, other;
  std::memory_order order, failure;
  model::site_id site;
};
using lines = std::vector<instruction>;

struct part {
  lines text;
  std::uint32_t copies;  // more than one: symmetric threads
  bool mortal;
};

struct program {
  std::vector<part> parts;
  bool set_up;  // the main thread writes a word before it starts the others
  model::options options;
};

struct memory {
  std::array<std::uint32_t, 3> words;
  std::uint8_t byte;
};

// Without a line, so that this file may change.
model::access_site nameless(model::site_id site = model::no_site) {
  return {site, model::source_location{}};
}

void interpret(const instruction& i, std::uint32_t& read, std::uint32_t& word) {
  const model::access_site here = nameless(i.site);
  switch (i.what) {
    case 'W':
      return model::store(word, i.value, i.order, here);
    case 'P':  // publishes what it has read
      return model::store(word, read + 1, i.order, here);
    case 'R':
      read = model::load(word, i.order, here);
      return;
    case 'U':
      read = model::fetch_add(word, i.value, i.order, here);
      return;
    case 'O':
      read = model::fetch_or(word, i.value, i.order, here);
      return;
    case 'X':
      read = model::exchange(word, i.value, i.order, here);
      return;
    case 'C':
    case 'V':
      read = i.other;
      (void)model::compare_exchange(word, read, i.value, i.order, i.failure, i.what == 'V', here);
      return;
    case 'A':  // waits for the value
      while ((read = model::load(word, i.order, here)) != i.value) model::pause();
      return;
    case 'L':  // waits until it may replace the value
      while (true) {
        read = i.other;
        if (model::compare_exchange(word, read, i.value, i.order, i.failure, false, here)) return;
        model::pause();
      }
    default:
      return model::fence(i.order, here);
  }
}

void interpret(const lines& text, memory& all) {
  std::uint32_t read = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const instruction& i = text[at];
    const model::access_site here = nameless(i.site);
    std::uint32_t& word = all.words[i.word];
    switch (i.what) {
      case 'B':  // leaves the next one out
        if (read == i.other) ++at;
        break;
      case '?':
        read = model::choose(2 + i.other % 2, here);
        break;
      case 'T':
        read = model::futex_wait(word, i.other, true, here) ? 1 : 0;
        break;
      case 'S':
        read = model::futex_wait(word, i.other, false, here) ? 1 : 0;
        break;
      case 'K':
        model::futex_wake_all(word, here);
        break;
      case 'M':
        read = model::read_plain(word, here);
        break;
      case 'N':
        model::write_plain(word, i.value, here);
        break;
      case 'Y':
        read = model::exchange(all.byte, static_cast<std::uint8_t>(i.value), i.order, here);
        break;
      case 'D':  // the first thread is mortal
        read = model::dead(
            1, i.other == 0 ? model::liveness_edge::no_edge : model::liveness_edge::happens_before,
            here);
        break;
      case '!':
        model::assume(read != i.other);
        break;
      case 'E':
        model::require(read != i.other, "another value", {});
        break;
      case 'Z': {
        model::thread child([&] { model::store(word, i.value, i.order, here); }, here);
        child.join(here);
        break;
      }
      default:
        interpret(i, read, word);
    }
  }
}

struct kind {
  const char* letters;
  std::uint32_t parts, longest, copies;
  bool mortal;
  bool sequential = false;  // most orders are seq_cst
  int programs = 100;
};

const std::map<std::string, kind> kinds{
    {"choices", {"W?R?!EBZUYYC", 2, 4, 1, false}},
    {"deaths", {"WUDRDXDRNMF", 3, 3, 1, true}},
    {"fences", {"WRFWRFUF", 3, 5, 1, false}},
    {"mixed", {"WRUCWANMK?DTWBF", 3, 3, 2, true}},
    {"orders", {"WWRRRUOXCVPBF", 3, 4, 1, false}},
    {"plain", {"WRMRNRFUWRFWZ", 3, 3, 1, false}},
    {"seq_cst", {"WRWRRWU", 3, 4, 1, false, true, 200}},
    {"seq_cst_fences", {"WRFWRFRF", 3, 5, 1, false, true, 200}},
    {"sleepers", {"WKTSKTWUKR", 3, 3, 1, false}},
    {"twins", {"WRRUXCCPPB?F", 2, 3, 3, false}},
    {"two_twins", {"WRRUXCPPB?F", 3, 4, 2, false, false, 200}},
    {"waiting_twins", {"WUWLRCKTA", 2, 2, 2, false}},
    {"waits", {"WWUUAWRWLPR", 3, 3, 1, false}},
};

class generator {
 public:
  explicit generator(std::uint32_t seed) : random_(seed) {}

  program next(const kind& k) {
    program p;
    const std::uint32_t parts = pick(k.copies > 1 ? 1 : 2, k.parts);
    for (std::uint32_t n = 0; n < parts; ++n) {
      part one{{}, n + 1 == parts ? k.copies : 1, k.mortal && n == 0 && parts > 1};
      const std::uint32_t length = pick(1, k.longest - (parts == 3 ? 1 : 0));
      for (std::uint32_t i = 0; i < length; ++i) one.text.push_back(make(k, one, p.parts));
      p.parts.push_back(one);
    }
    p.set_up = pick(0, 3) == 0;
    p.options.weak_failures = pick(0, 1) == 1;
    p.options.symmetry = pick(0, 9) != 0;
    p.options.shorten_executions = pick(0, 30);
    p.options.executions_max = 300;
    p.options.events_max = 60;
    p.options.count_duplicates = true;
    p.options.stack_bytes = 64 * 1024;
    p.options.site_names = {"first", "second"};
    if (pick(0, 3) == 0) p.options.site_overrides = {{}, overridden()};
    return p;
  }

 private:
  std::uint32_t pick(std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(random_() % (high - low + 1));
  }

  instruction make(const kind& k, const part& of, const std::vector<part>& before) {
    static constexpr std::array orders{relaxed, acquire, release, acq_rel, seq_cst};
    const std::string_view letters = k.letters;
    instruction i{letters[pick(0, static_cast<std::uint32_t>(letters.size()) - 1)],
                  pick(0, pick(0, 9) == 0 ? 2 : 1),
                  pick(1, 2),
                  pick(0, 2),
                  orders[k.sequential && pick(0, 3) != 0 ? 4 : pick(0, 4)],
                  orders[pick(0, 1)],
                  static_cast<model::site_id>(pick(0, 2))};
    // The first part alone is mortal, and nobody but the others may ask whether it is dead.
    if (i.what == 'D' && (before.empty() || !before.front().mortal)) i.what = 'R';
    if (i.what == 'Z' && of.copies > 1) i.what = 'W';
    return i;
  }

  model::site_override overridden() {
    model::site_override o;
    if (pick(0, 1) == 0) o.order = relaxed;
    o.drop_fence = pick(0, 2) == 0;
    o.split_update = pick(0, 2) == 0;
    return o;
  }

  std::mt19937 random_;
};

class digest {
 public:
  void add(std::string_view text) {
    for (const char c : text) add(static_cast<std::uint8_t>(c));
    add(0U);
  }
  void add(std::uint8_t byte) { sum_ = (sum_ ^ byte) * 0x100000001B3U; }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0xCBF29CE484222325U;
};

struct figures {
  std::array<std::uint64_t, 3> verdicts{};
  std::array<std::uint64_t, 5> rules{};
  std::uint64_t executions = 0, deaths = 0, blocked = 0, abandoned = 0, duplicates = 0;
  digest of;  // everything

  void add(const model::result& r) {
    ++verdicts[static_cast<std::size_t>(r.outcome)];
    ++rules[static_cast<std::size_t>(r.rule)];
    executions += r.executions;
    deaths += r.deaths;
    blocked += r.blocked;
    abandoned += r.abandoned;
    duplicates += r.duplicates;
    of.add(fmt::format("{} {} {} {} {}", r.executions, r.deaths, r.blocked, r.abandoned, r.events));
    for (const std::string& text : {r.reason, r.report, r.dot, r.replay}) of.add(text);
  }
};

std::string text_of(const figures& f) {
  return fmt::format(
      "ok {} violation {} unknown {} rules {} executions {} deaths {} blocked {} "
      "abandoned {} duplicates {} digest {:016x}",
      f.verdicts[0], f.verdicts[1], f.verdicts[2], fmt::join(f.rules, "/"), f.executions, f.deaths,
      f.blocked, f.abandoned, f.duplicates, f.of.sum());
}

void run(program& p, figures& f) {
  memory all{};
  const auto body = [&] {
    std::optional<model::thread> victim;
    model::thread_group running;
    if (p.set_up) model::store(all.words[0], 1, relaxed, nameless());
    for (const part& one : p.parts) {
      const auto run_one = [&one, &all] { interpret(one.text, all); };
      if (one.mortal) {
        victim.emplace(model::mortal, run_one, nameless());
      } else if (one.copies > 1) {
        running.start_symmetric(one.copies, run_one, nameless());
      } else {
        running.start(run_one, nameless());
      }
    }
    running.join(nameless());
    if (victim) victim->join(nameless());
    model::require(model::load(all.words[0], relaxed, nameless()) != 3, "never three", {});
  };
  std::uint32_t tables = 0;
  p.options.on_execution = [&](const model::execution& e) {
    f.of.add(fmt::format("{} {} {}", e.signature(), e.events(), e.final_value(&all.words[1])));
    if (++tables <= tables_max) f.of.add(e.table());
  };
  f.add(model::check(body, p.options));
}

class recorded : public testing::TestWithParam<std::string> {};

const std::map<std::string, std::string> records{
    {"choices",
     "ok 86 violation 14 unknown 0 rules 86/14/0/0/0"
     " executions 383 deaths 0 blocked 38"
     " abandoned 3 duplicates 0 digest 49c929346e8aa94e"},
    {"deaths",
     "ok 65 violation 35 unknown 0 rules 65/5/30/0/0"
     " executions 463 deaths 258 blocked 0"
     " abandoned 55 duplicates 0 digest 5c296b5ffe953bcd"},
    {"fences",
     "ok 89 violation 11 unknown 0 rules 89/11/0/0/0"
     " executions 465 deaths 0 blocked 0"
     " abandoned 0 duplicates 0 digest 6305c0686aa5571d"},
    {"mixed",
     "ok 61 violation 39 unknown 0 rules 61/1/27/0/11"
     " executions 491 deaths 186 blocked 0"
     " abandoned 88 duplicates 37 digest 406afa4d597c5a86"},
    {"orders",
     "ok 88 violation 12 unknown 0 rules 88/12/0/0/0"
     " executions 750 deaths 0 blocked 97"
     " abandoned 19 duplicates 0 digest 0c0ccdee658fff93"},
    {"plain",
     "ok 67 violation 33 unknown 0 rules 67/7/26/0/0"
     " executions 187 deaths 0 blocked 0"
     " abandoned 1 duplicates 0 digest 4b7cbc23343b0113"},
    {"seq_cst",
     "ok 169 violation 31 unknown 0 rules 169/31/0/0/0"
     " executions 1625 deaths 0 blocked 0"
     " abandoned 0 duplicates 0 digest 4ac7c9f98059763e"},
    {"seq_cst_fences",
     "ok 200 violation 0 unknown 0 rules 200/0/0/0/0"
     " executions 1372 deaths 0 blocked 0"
     " abandoned 0 duplicates 0 digest c5a038331cdc8d61"},
    {"sleepers",
     "ok 52 violation 48 unknown 0 rules 52/1/0/0/47"
     " executions 329 deaths 0 blocked 11"
     " abandoned 143 duplicates 0 digest 04e5eb09b8af7ba5"},
    {"twins",
     "ok 86 violation 9 unknown 5 rules 91/9/0/0/0"
     " executions 3977 deaths 0 blocked 0"
     " abandoned 36 duplicates 974 digest b93df4ea46942044"},
    {"two_twins",
     "ok 174 violation 17 unknown 9 rules 183/17/0/0/0"
     " executions 7235 deaths 0 blocked 0"
     " abandoned 24 duplicates 451 digest e32d69f38851fc59"},
    {"waiting_twins",
     "ok 49 violation 51 unknown 0 rules 49/2/0/0/49"
     " executions 253 deaths 0 blocked 13"
     " abandoned 51 duplicates 14 digest 4016e947a1afdf7f"},
    {"waits",
     "ok 44 violation 56 unknown 0 rules 44/8/0/0/48"
     " executions 263 deaths 0 blocked 24"
     " abandoned 89 duplicates 0 digest 66ee27b87d7f8484"},
};

TEST_P(recorded, programs_are_explored_as_before) {
  generator g(static_cast<std::uint32_t>(GetParam().size()));
  figures f;
  const kind& k = kinds.at(GetParam());
  for (int i = 0; i < k.programs; ++i) {
    program p = g.next(k);
    run(p, f);
  }
  const auto known = records.find(GetParam());
  EXPECT_EQ(text_of(f), known == records.end() ? "" : known->second);
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& one : kinds) all.push_back(one.first);
  return all;
}

INSTANTIATE_TEST_SUITE_P(kinds, recorded, testing::ValuesIn(names()),
                         [](const auto& kind_of) { return kind_of.param; });

}  // namespace
}  // namespace shmfifo::harness::tests
