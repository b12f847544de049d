// SPDX-License-Identifier: MIT
// Goal: a segment is checked by every rule of its layout, to the last sound value of each word, and
// what changes while it is looked at is not judged. Method: sound segments in which words are
// changed; a memory that changes words between two loads.
#include "segment_check.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "segment_checker.hpp"
#include "support/testing.hpp"

namespace shmfifo::apps {
namespace {

using testing::must;
using testing::small;

constexpr std::uint64_t slot_count = 8;
using enum slot_state;

geometry log_shape() {
  return small(segment_mode::log, full_policy::reject, producer_role::single, slot_count);
}
geometry ring_shape(full_policy policy, producer_role role = producer_role::single) {
  return small(segment_mode::ring, policy, role, slot_count);
}

std::string told(const check_report& report) {
  std::string text;
  for (const finding& one : report.findings) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}: {} {} {}", one.where, one.rule, one.found, one.expected);
  }
  return text;
}

std::string counts(const check_report& report) {
  return fmt::format("{}: {} unused, {} claimed, {} published, {} aborted, {} changing, {} broken",
                     report.slots, report.unused, report.claimed, report.published, report.aborted,
                     report.changing, report.broken);
}

// A segment with so many messages in it, and nobody attached.
class filled {
 public:
  filled(const geometry& shape, std::uint64_t messages)
      : home_(must(segment::create(name_.get(), shape))) {
    auto writer = must(home_.attach_producer());
    for (std::uint64_t i = 0; i < messages; ++i) {
      EXPECT_EQ(testing::put(writer, i), status::ok);
    }
  }

  [[nodiscard]] const layout_view& view() const { return home_.view(); }
  [[nodiscard]] slot_header& slot(std::uint64_t index) const { return view().slot(index); }
  [[nodiscard]] participant_line& line(unsigned index) const { return view().participant(index); }
  [[nodiscard]] std::uint64_t& cursor() const { return view().control().producer_cursor; }
  [[nodiscard]] std::uint64_t& floor() const { return view().control().gate_floor; }
  [[nodiscard]] check_report check() const { return check_segment(home_); }
  [[nodiscard]] std::string found() const { return told(check()); }

  // A message of this number.
  void put(std::uint64_t number) const {
    slot_header& place = slot(number % slot_count);
    place.message_number = static_cast<std::int64_t>(number);
    place.status_word = make_status_word(number, 0);
    place.stamp = make_stamp(number, published);
  }

 private:
  testing::unique_name name_;
  segment home_;
};

TEST(apps_segment_check, counts_slots_by_their_state) {
  EXPECT_EQ(counts(filled(log_shape(), 5).check()),
            "8: 3 unused, 0 claimed, 5 published, 0 aborted, 0 changing, 0 broken");
  EXPECT_EQ(counts(filled(ring_shape(full_policy::reject), 8).check()),
            "8: 0 unused, 0 claimed, 8 published, 0 aborted, 0 changing, 0 broken");
  const filled home(ring_shape(full_policy::overwrite, producer_role::many), 5);
  home.slot(1).stamp = make_stamp(1, aborted);
  home.slot(2).stamp = make_stamp(2, held, 7);
  home.line(7).role = make_role(1, participant_kind::producer);
  home.line(7).intent = 5;
  home.slot(5).stamp = make_stamp(5, claimed, 7);
  home.slot(3).message_number = 7;
  EXPECT_EQ(counts(home.check()),
            "8: 2 unused, 1 claimed, 2 published, 2 aborted, 0 changing, 1 broken");
  EXPECT_EQ(home.found(), "slot 3: message_number 7 3");
}

TEST(apps_segment_check, keeps_a_hundred_findings_and_counts_all) {
  check_report report;
  for (std::uint64_t i = 0; i < 101; ++i) report.add({"rule", "place", i, 0});
  EXPECT_EQ(report.broken, 101U);
  ASSERT_EQ(report.findings.size(), 100U);
  EXPECT_EQ(report.findings.back().found, 99U);
}

struct change {
  geometry shape;
  std::uint64_t messages;
  std::function<void(const filled&)> how;
  std::string expected;
};

void expect_found(const std::vector<change>& table) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    const change& one = table[i];
    const filled home(one.shape, one.messages);
    EXPECT_EQ(home.found(), "") << i;
    one.how(home);
    EXPECT_EQ(home.found(), one.expected) << i;
  }
}

change stamped(const geometry& shape, std::uint64_t messages, std::uint64_t index,
               std::uint64_t stamp, std::string expected) {
  return {shape, messages, [=](const filled& home) { home.slot(index).stamp = stamp; },
          expected.empty() ? expected : fmt::format("slot {}: {}", index, expected)};
}

TEST(apps_segment_check, G9_a_stamp_has_a_number_of_its_slot_and_a_state_of_its_lap) {
  const geometry log = log_shape();
  const geometry lossy = ring_shape(full_policy::overwrite);
  const auto unused = [](std::uint64_t number) {
    return fmt::format("unused_below_cursor 0 {}", make_stamp(number, published));
  };
  const auto state = [](unsigned value) { return static_cast<slot_state>(value); };
  expect_found({
      stamped(log, 5, 4, 0, unused(4)),
      stamped(log, 5, 0, 0, unused(0)),
      stamped(lossy, 20, 2, 0, unused(18)),
      stamped(lossy, 20, 3, 0, unused(19)),
      stamped(lossy, 20, 4, 0, unused(12)),
      stamped(lossy, 20, 7, 0, unused(15)),
      stamped(log, 5, 3, make_stamp(3, state(0)), "slot_state 0 1"),
      stamped(log, 5, 3, make_stamp(3, state(5)), "slot_state 5 4"),
      stamped(log, 5, 3, make_stamp(3, state(7)), "slot_state 7 4"),
      stamped(log, 5, 3, make_stamp(3, aborted), ""),
      stamped(log, 5, 3, make_stamp(4, published), "slot_number 4 3"),
      stamped(log, 5, 3, make_stamp(11, published), "slot_number 11 3"),
      stamped(log, 5, 6, make_stamp(7, published), "slot_number 7 6"),
      stamped(lossy, 20, 2, make_stamp(19, published), "slot_number 19 18"),
      stamped(lossy, 20, 4, make_stamp(13, published), "slot_number 13 12"),
      stamped(lossy, 20, 2, make_stamp(10, aborted), "number_behind 10 18"),
      stamped(lossy, 20, 4, make_stamp(4, aborted), "number_behind 4 12"),
      stamped(lossy, 20, 2, make_stamp(18, aborted), ""),
      stamped(log, 0, 0, make_stamp(0, aborted), ""),
      stamped(log, 5, 5, make_stamp(5, aborted), ""),  // final, and the cursor not yet past it
      stamped(log, 5, 6, make_stamp(6, aborted), "number_ahead 6 5"),
      stamped(lossy, 20, 4, make_stamp(20, aborted), ""),
      stamped(lossy, 20, 5, make_stamp(21, aborted), "number_ahead 21 20"),
      stamped(lossy, 20, 5, make_stamp(22, aborted), "slot_number 22 13"),
  });
}

TEST(apps_segment_check, G9_a_stamp_has_an_owner_only_while_one_may_be_at_work) {
  const geometry log = log_shape();
  const geometry lossy = ring_shape(full_policy::overwrite);
  const geometry many_lossy = ring_shape(full_policy::overwrite, producer_role::many);
  const geometry many = ring_shape(full_policy::wait, producer_role::many);
  const auto claim = [&](unsigned line, std::uint64_t role, std::uint64_t intent,
                         std::string expected) {
    return change{many, 5,
                  [=](const filled& home) {
                    home.line(line).role = role;
                    home.line(line).intent = intent;
                    home.slot(3).stamp = make_stamp(3, claimed, line);
                  },
                  std::move(expected)};
  };
  const std::uint64_t producer = make_role(3, participant_kind::producer);
  expect_found({
      stamped(log, 5, 3, make_stamp(3, published, 1), "stamp_owner 1 0"),
      stamped(lossy, 20, 2, make_stamp(18, aborted, 7), "stamp_owner 7 0"),
      stamped(log, 5, 3, make_stamp(3, claimed), "slot_state 1 2"),
      stamped(log, 5, 5, make_stamp(5, claimed), "slot_state 1 2"),
      stamped(lossy, 20, 3, make_stamp(19, claimed), "claimed_below_cursor 19 20"),
      stamped(lossy, 20, 4, make_stamp(20, claimed), ""),
      stamped(lossy, 20, 4, make_stamp(20, claimed, 7), ""),
      stamped(lossy, 20, 4, make_stamp(20, claimed, 8), "stamp_owner 8 7"),
      stamped(lossy, 20, 4, make_stamp(28, claimed), "number_ahead 28 20"),
      stamped(lossy, 20, 3, make_stamp(19, held), "slot_state 4 3"),
      stamped(many, 5, 3, make_stamp(3, held), "slot_state 4 3"),
      stamped(many_lossy, 20, 3, make_stamp(19, held), ""),
      stamped(many_lossy, 20, 3, make_stamp(19, held, 7), ""),
      stamped(many_lossy, 20, 3, make_stamp(19, held, 8), "stamp_owner 8 7"),
      stamped(many_lossy, 20, 3, make_stamp(19, claimed, 255), "stamp_owner 255 7"),
      stamped(many_lossy, 20, 3, make_stamp(19, claimed, 7), "claim_owner 0 1"),
      claim(7, producer, 3, ""),
      claim(7, producer, 4, "slot 3: claim_intent 4 3"),
      claim(6, make_role(3, participant_kind::consumer), 3, "slot 3: claim_owner 2 1"),
      claim(6, make_role(3, participant_kind::durable), 3,
            "participant 6: a durable cursor without a name: cursor_name 0 1; "
            "slot 3: claim_owner 3 1"),
  });
}

change broken_content(std::function<void(slot_header&)> how, std::string expected) {
  return {log_shape(), 5, [how = std::move(how)](const filled& home) { how(home.slot(3)); },
          std::move(expected)};
}

TEST(apps_segment_check, G9_a_published_slot_has_its_number_twice_more_and_a_length_that_fits) {
  using slot = slot_header;
  expect_found({
      broken_content([](slot& it) { it.message_number = 4; }, "slot 3: message_number 4 3"),
      broken_content([](slot& it) { it.value_length = 0; }, ""),
      broken_content([](slot& it) { it.value_length = 16; }, ""),
      broken_content([](slot& it) { it.value_length = 17; }, "slot 3: value_length 17 16"),
      broken_content([](slot& it) { it.value_length = -1; },
                     "slot 3: value_length 18446744073709551615 16"),
      broken_content([](slot& it) { it.status_word = make_status_word(3, -1); }, ""),
      broken_content([](slot& it) { it.status_word = make_status_word(2, 0); },
                     "slot 3: status_word 2 3"),
      broken_content(
          [](slot& it) {
            it = {make_stamp(3, aborted), 17, 4, 0};
          },
          ""),
      // The first of several rules.
      broken_content(
          [](slot& it) {
            it = {make_stamp(3, published), 17, 4, 0};
          },
          "slot 3: message_number 4 3"),
      broken_content(
          [](slot& it) {
            it = {make_stamp(3, published), 17, 3, 0};
          },
          "slot 3: value_length 17 16"),
      {log_shape(), 5,
       [](const filled& home) {
         home.put(5);  // its producer died before it moved the cursor
         home.slot(6) = {make_stamp(6, published), 0, 7, 0};
       },
       "slot 6: message_number 7 6"},
  });
}

TEST(apps_segment_check, G9_the_cursor_and_the_floor_keep_their_distance) {
  const geometry gated = ring_shape(full_policy::reject);
  const auto floor = [](const geometry& shape, std::uint64_t value, std::string expected) {
    return change{shape, 5, [=](const filled& home) { home.floor() = value; }, std::move(expected)};
  };
  const auto cursor = [](std::uint64_t value, std::string expected) {
    return change{log_shape(), slot_count, [=](const filled& home) { home.cursor() = value; },
                  std::move(expected)};
  };
  expect_found({
      floor(log_shape(), 1, "control: gate_floor 1 0"),
      floor(ring_shape(full_policy::overwrite), 1, "control: gate_floor 1 0"),
      floor(gated, 6, ""),
      floor(gated, 7, "control: gate_floor 7 6"),
      floor(ring_shape(full_policy::wait, producer_role::many), 7, "control: gate_floor 7 6"),
      cursor(slot_count, ""),
      cursor(slot_count + 1, "control: producer_cursor 9 8"),
      cursor(2 * slot_count + 1, "control: producer_cursor 17 8"),
  });
  const filled full(gated, slot_count);
  full.put(slot_count);
  EXPECT_EQ(full.found(), "");  // the floor has moved before the cursor
  full.cursor() = slot_count + 1;
  EXPECT_EQ(full.found(), "control: gate 9 8");
  full.floor() = 1;
  EXPECT_EQ(full.found(), "");
  full.put(slot_count + 1);
  full.cursor() = slot_count + 2;
  EXPECT_EQ(full.found(), "control: gate 10 9");

  const filled lossy(ring_shape(full_policy::overwrite), 5);
  lossy.cursor() = number_max;
  EXPECT_EQ(lossy.check().findings.front().where, "slot 0");
  lossy.cursor() = number_max + 1;
  EXPECT_EQ(lossy.found().substr(0, 58),
            "control: producer_cursor 9007199254740992 9007199254740991");
}

TEST(apps_segment_check, G9_a_line_has_a_kind_a_cursor_and_a_name_of_its_own) {
  const geometry gated = ring_shape(full_policy::reject);
  const geometry lossy = ring_shape(full_policy::overwrite);
  const auto line = [](const geometry& shape, unsigned index, std::uint64_t role,
                       std::uint64_t cursor, std::string expected) {
    return change{shape, 5,
                  [=](const filled& home) {
                    home.line(index).role = role;
                    home.line(index).consumer_cursor = cursor;
                    std::memcpy(home.line(index).name, "n", 2);
                  },
                  std::move(expected)};
  };
  const auto role = [](participant_kind kind) { return make_role(9, kind); };
  using enum participant_kind;
  expect_found({
      line(gated, 0, 4, 0, "participant 0: participant_kind 4 3"),
      line(gated, 7, 9 << 8 | 255, 0, "participant 7: participant_kind 255 3"),
      line(gated, 7, role(durable), 0, ""),
      line(gated, 7, role(none), 1000, ""),
      line(gated, 7, role(producer), 1000, ""),
      line(gated, 7, role(consumer), 6, ""),
      line(gated, 7, role(consumer), 7, "participant 7: consumer_cursor 7 6"),
      line(gated, 0, role(durable), 6, ""),
      line(gated, 0, role(durable), 7, "participant 0: consumer_cursor 7 6"),
      line(lossy, 3, role(consumer), number_max, ""),
      line(lossy, 3, role(consumer), number_max + 1,
           "participant 3: consumer_cursor 9007199254740992 9007199254740991"),
      line(log_shape(), 3, role(durable), number_max, ""),
  });
  const filled home(gated, 5);
  home.line(5).role = role(durable);
  EXPECT_EQ(home.found(), "participant 5: a durable cursor without a name: cursor_name 0 1");
  for (const unsigned index : {2U, 4U, 5U, 7U}) {
    home.line(index).role = role(durable);
    std::memcpy(home.line(index).name, "twin", 5);
  }
  home.line(4).name[0] = 'a';
  EXPECT_EQ(home.found(),
            "participant 5: the name of another line: cursor_name 5 2; "
            "participant 7: the name of another line: cursor_name 7 2");
  home.line(5).role = role(consumer);  // its name is what an earlier owner left
  home.line(7).role = role(none);
  EXPECT_EQ(home.found(), "");
}

// ---- what changes meanwhile

// Something happens before a word is loaded; it is told how often that word was loaded before.
class scripted_memory : public std_memory_model {
 public:
  using script = std::map<const void*, std::function<void(std::size_t)>>;
  explicit scripted_memory(const script& events) : events_(&events) {}

  template <class T>
  [[nodiscard]] T load(const T& word, std::memory_order order, site where) const {
    if (const auto event = events_->find(&word); event != events_->end()) {
      event->second(loads_[&word]++);
    }
    return std_memory_model::load(word, order, where);
  }

 private:
  const script* events_;
  mutable std::map<const void*, std::size_t> loads_;
};

check_report check_while(const filled& home, const scripted_memory::script& events) {
  return segment_checker<scripted_memory>(home.view(), scripted_memory(events)).run();
}

// The stamp of slot 3 is loaded twice a look; these are its values, the last one for ever.
check_report check_changing(const filled& home, const std::vector<std::uint64_t>& values) {
  std::uint64_t& stamp = home.slot(3).stamp;
  return check_while(home, {{&stamp, [&](std::size_t load) {
                               stamp = load < values.size() ? values[load] : values.back();
                             }}});
}

constexpr std::uint64_t good = make_stamp(3, published);
constexpr std::uint64_t bad = make_stamp(3, static_cast<slot_state>(7));
constexpr std::uint64_t worse = make_stamp(3, static_cast<slot_state>(6));

TEST(apps_segment_check, a_slot_is_broken_if_it_is_so_three_times_without_a_change) {
  const filled home(log_shape(), 5);
  const auto found = [&](const std::vector<std::uint64_t>& values) {
    return told(check_changing(home, values));
  };
  EXPECT_EQ(found({bad, bad, bad, bad, bad, bad, good}), "slot 3: slot_state 7 4");
  EXPECT_EQ(found({bad, bad, bad, bad, good}), "");
  EXPECT_EQ(found({0, 0, 0, 0, good}), "");
  EXPECT_EQ(found({bad, bad, bad, bad, worse, worse, bad, bad, bad, bad, good}), "");
  EXPECT_EQ(found({bad, bad, worse, worse, worse, worse, worse, worse, good}),
            "slot 3: slot_state 6 4");
  EXPECT_EQ(found({bad, bad, bad, bad, bad, worse, good}), "");  // the third changed meanwhile
}

TEST(apps_segment_check, a_slot_that_changes_is_looked_at_a_thousand_times) {
  const filled home(log_shape(), 5);
  constexpr std::uint64_t gone = make_stamp(3, aborted);
  EXPECT_EQ(counts(check_changing(home, {good, gone})),
            "8: 3 unused, 0 claimed, 4 published, 1 aborted, 0 changing, 0 broken");
  std::vector<std::uint64_t> values;
  for (int looks = 0; looks < 999; ++looks) values.insert(values.end(), {bad, worse});
  values.push_back(good);
  EXPECT_EQ(counts(check_changing(home, values)),
            "8: 3 unused, 0 claimed, 5 published, 0 aborted, 0 changing, 0 broken");
  values.back() = bad;
  values.insert(values.end(), {worse, good});
  EXPECT_EQ(counts(check_changing(home, values)),
            "8: 3 unused, 0 claimed, 4 published, 0 aborted, 1 changing, 0 broken");
}

TEST(apps_segment_check, a_line_that_changes_hands_is_not_judged) {
  const filled home(ring_shape(full_policy::reject), 5);
  participant_line& line = home.line(6);
  line.consumer_cursor = 1000;
  const auto check = [&](participant_kind then) {
    line.role = make_role(1, participant_kind::consumer);
    return told(check_while(
        home, {{&line.consumer_cursor, [&](std::size_t) { line.role = make_role(2, then); }}}));
  };
  EXPECT_EQ(check(participant_kind::none), "");
  EXPECT_EQ(check(participant_kind::consumer), "");
  EXPECT_EQ(home.found(), "participant 6: consumer_cursor 1000 6");
}

// Eight messages, and eight more when the word is loaded for the nth time.
std::string found_in_a_stream(const std::function<std::uint64_t&(const filled&)>& word,
                              std::size_t nth) {
  const filled home(ring_shape(full_policy::reject), slot_count);
  const auto advance = [&](std::size_t load) {
    if (load != nth) return;
    home.floor() = 8;
    for (std::uint64_t number = 8; number < 16; ++number) home.put(number);
    home.cursor() = 16;
  };
  return told(check_while(home, {{&word(home), advance}}));
}

TEST(apps_segment_check, a_stream_that_goes_on_breaks_no_rule) {
  const auto cursor = [](const filled& home) -> std::uint64_t& { return home.cursor(); };
  const auto floor = [](const filled& home) -> std::uint64_t& { return home.floor(); };
  for (std::size_t nth = 0; nth < 26; ++nth) EXPECT_EQ(found_in_a_stream(cursor, nth), "") << nth;
  EXPECT_EQ(found_in_a_stream(floor, 0), "");
  for (const std::uint64_t index : {0U, 3U, 7U}) {
    const auto stamp = [=](const filled& home) -> std::uint64_t& { return home.slot(index).stamp; };
    EXPECT_EQ(found_in_a_stream(stamp, 0), "") << index;
    EXPECT_EQ(found_in_a_stream(stamp, 1), "") << index;
  }
}

TEST(apps_segment_check, a_floor_that_is_ahead_is_compared_with_a_later_cursor) {
  const filled home(ring_shape(full_policy::reject), 5);
  EXPECT_EQ(told(check_while(home, {{&home.floor(),
                                     [&](std::size_t) {
                                       home.put(5);
                                       home.put(6);
                                       home.cursor() = 7;
                                       home.floor() = 7;
                                     }}})),
            "");
}

}  // namespace
}  // namespace shmfifo::apps
