// SPDX-License-Identifier: MIT
// Goal: what a reader concluded about a number that died is forgotten with that number: one and two
// laps later the same slot's messages come, also to readers that may not write. Method: a claim or
// a batch of a dead producer, a number given up, or a spoilt stamp; then two laps of messages,
// before each of which the reader looks long, or waits.
#include <optional>
#include <ostream>

#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::hooked_producer;
using testing::in_ms;
using testing::kill_self;
using testing::look;
using testing::must;
using testing::put;
using testing::small;

enum class reader_kind : std::uint8_t { observer, read_only_observer, anonymous, durable };

struct lap_case {
  const char* name;
  segment_mode mode;
  full_policy when_full;
  reader_kind reader;
  bool waits;  // between its looks; otherwise it looks again and again

  friend std::ostream& operator<<(std::ostream& out, const lap_case& one) {
    return out << one.name;
  }
};

constexpr std::uint64_t lap = 4;       // slots of a ring
constexpr std::uint64_t log_end = 32;  // slots of a log
constexpr unsigned dead_owner = 7;     // a line
constexpr int looks = 1100;            // a reader asks the kernel after fewer

// As `look` says it.
std::string aborted(std::uint64_t number) {
  return std::string(to_string(status::aborted)) + " " + std::to_string(number) + "+1";
}

// A segment, a producer, a reader from number 0 on, and for an observer of a lossless ring a
// consumer that lets the producer go on.
class second_lap : public ::testing::TestWithParam<lap_case> {
 protected:
  consumer attach() {
    switch (GetParam().reader) {
      case reader_kind::read_only_observer:
        return must(read_only.attach_observer());
      case reader_kind::anonymous:
        return must(home.attach_consumer());
      case reader_kind::durable:
        return must(home.attach_consumer({"audit", {}}));
      case reader_kind::observer:
        break;
    }
    return must(home.attach_observer());
  }
  void publish() {
    ASSERT_EQ(put(writer, next), status::ok) << next;
    ASSERT_EQ(writer.last_number(), static_cast<std::int64_t>(next));
    ++next;
  }
  // The next number is claimed by a producer that died.
  void leave_dead_claim() {
    const layout_view& view = home.view();
    view.slot(next).stamp = make_stamp(next, slot_state::claimed, dead_owner);
    view.participant(dead_owner).role = make_role(1, participant_kind::producer);
    view.participant(dead_owner).intent = next;
    view.control().producer_cursor = ++next;
  }
  // From the next number on, so that it does not end what only an observer has come to.
  void follow() {
    if (!home.shape().gated() || !reader.observer()) return;
    const auto from = start_at::at(static_cast<std::int64_t>(next));
    follower.emplace(must(home.attach_consumer({"", from})));
  }
  // What the reader reports, sooner or later; "empty" if nothing.
  std::string look_long() {
    std::string told = look(reader);
    for (int i = 0; i < looks && told == "empty"; ++i) {
      if (GetParam().waits) static_cast<void>(reader.wait(in_ms(1)));
      told = look(reader);
    }
    return told;
  }
  // For the next number, which nobody has taken.
  void look_in_vain() {
    for (int i = 0; i < looks; ++i) ASSERT_EQ(look(reader), "empty") << next;
    if (GetParam().waits) {
      ASSERT_EQ(reader.wait(in_ms(1)), status::timed_out) << next;
    }
  }
  void expect_next() {
    ASSERT_NO_FATAL_FAILURE(look_in_vain());
    if (follower) {
      static_cast<void>(look(*follower));
      static_cast<void>(look(*follower));  // releases what the first passed over
    }
    const bool dead = home.shape().mode == segment_mode::ring &&
                      stamp_state(home.view().slot(next).stamp) == slot_state::claimed;
    if (dead && home.shape().gated()) {
      EXPECT_EQ(must(home.recover()), 1U);
    }
    const std::string number = std::to_string(next);
    ASSERT_NO_FATAL_FAILURE(publish());
    ASSERT_EQ(look(reader), number + ":" + number);
  }
  void expect_two_laps() {
    for (std::uint64_t i = 0; i < 2 * lap; ++i) ASSERT_NO_FATAL_FAILURE(expect_next());
    EXPECT_EQ(look(reader), "empty");
  }

  const testing::unique_name name;
  const segment home = must(
      segment::create(name.get(), small(GetParam().mode, GetParam().when_full, producer_role::many,
                                        GetParam().mode == segment_mode::ring ? lap : log_end)));
  const segment read_only = must(segment::attach(name.get(), {access::read_only, {}, false}));
  producer writer = must(home.attach_producer());
  consumer reader = attach();
  std::optional<consumer> follower;
  std::uint64_t next = 0;  // the number that comes
};

TEST_P(second_lap, G6_G2_G4_the_slot_of_a_dead_claim_carries_messages_again) {
  for (std::uint64_t before = 0; before < lap; ++before) {
    for (std::uint64_t i = 0; i < before; ++i) ASSERT_NO_FATAL_FAILURE(expect_next());
    leave_dead_claim();
    ASSERT_EQ(look_long(), aborted(next - 1));
    follow();
    for (std::uint64_t i = 0; i < lap; ++i) ASSERT_NO_FATAL_FAILURE(expect_next());
    if (home.shape().mode == segment_mode::log && next + 2 * lap > log_end) break;
  }
}

TEST_P(second_lap, G6_G2_G4_two_laps_follow_a_dead_claim) {
  ASSERT_NO_FATAL_FAILURE(expect_next());
  leave_dead_claim();
  ASSERT_EQ(look_long(), aborted(1));
  follow();
  ASSERT_NO_FATAL_FAILURE(expect_two_laps());
}

TEST_P(second_lap, G6_G2_G4_two_laps_follow_a_batch_that_died_after_any_message) {
  const bool exchanges = home.shape().when_full == full_policy::overwrite;
  const site last = exchanges ? site::commit_exchange : site::publish_stamp;
  for (std::uint64_t whole = 0; whole < 3; ++whole) {
    const std::uint64_t first = next;
    child dying([&] {
      std::uint64_t met = 0;
      hooked_producer dead(home, name, [&](site where) {
        if (where == last && met++ == whole) kill_self();
      });
      const std::uint64_t words[] = {first, first + 1, first + 2};
      const byte_view batch[] = {testing::bytes_of(words[0]), testing::bytes_of(words[1]),
                                 testing::bytes_of(words[2])};
      return dead.try_publish(batch).published == 3 ? 1 : 2;
    });
    ASSERT_EQ(dying.join(), 128 + SIGKILL);
    std::string expected;
    for (std::uint64_t i = 0; i < whole; ++i, ++next) {
      if (!expected.empty()) expected += ' ';
      expected.append(std::to_string(next)).append(":").append(std::to_string(next));
    }
    if (whole != 0) {
      ASSERT_EQ(look(reader), expected);
    }
    ASSERT_EQ(look_long(), aborted(next++));
    follow();
    for (std::uint64_t i = 0; i < lap + 1; ++i) ASSERT_NO_FATAL_FAILURE(expect_next());
  }
}

TEST_P(second_lap, G2_G4_two_laps_follow_a_number_that_was_given_up) {
  ASSERT_NO_FATAL_FAILURE(expect_next());
  ASSERT_EQ(writer.try_take().abort(), status::ok);
  ++next;
  ASSERT_EQ(look_long(), aborted(1));
  follow();
  ASSERT_NO_FATAL_FAILURE(expect_two_laps());
}

// A stamp that the cursor contradicts is called invalid after a long look; one lap later the same
// stamp is that of a number that nobody has taken yet.
TEST_P(second_lap, G9_G2_G4_two_laps_follow_a_slot_that_was_spoilt_and_mended) {
  ASSERT_NO_FATAL_FAILURE(publish());
  const std::uint64_t sound = std::exchange(home.view().slot(0).stamp, 0);
  ASSERT_EQ(look_long(), "invalid 0+1");
  follow();
  for (std::uint64_t i = 1; i < lap; ++i) ASSERT_NO_FATAL_FAILURE(expect_next());
  ASSERT_NO_FATAL_FAILURE(look_in_vain());
  home.view().slot(0).stamp = sound;
  ASSERT_NO_FATAL_FAILURE(expect_two_laps());
}

INSTANTIATE_TEST_SUITE_P(
    , second_lap,
    ::testing::Values(
        lap_case{"log_observer", segment_mode::log, full_policy::reject,
                 reader_kind::read_only_observer, false},
        lap_case{"log_consumer_waits", segment_mode::log, full_policy::reject, reader_kind::durable,
                 true},
        lap_case{"observer", segment_mode::ring, full_policy::reject, reader_kind::observer, false},
        lap_case{"read_only_observer", segment_mode::ring, full_policy::reject,
                 reader_kind::read_only_observer, false},
        lap_case{"read_only_observer_waits", segment_mode::ring, full_policy::wait,
                 reader_kind::read_only_observer, true},
        lap_case{"gating", segment_mode::ring, full_policy::reject, reader_kind::anonymous, false},
        lap_case{"gating_waits", segment_mode::ring, full_policy::wait, reader_kind::anonymous,
                 true},
        lap_case{"durable", segment_mode::ring, full_policy::wait, reader_kind::durable, false},
        lap_case{"durable_waits", segment_mode::ring, full_policy::reject, reader_kind::durable,
                 true},
        lap_case{"overwriting_observer", segment_mode::ring, full_policy::overwrite,
                 reader_kind::read_only_observer, false},
        lap_case{"overwriting_observer_waits", segment_mode::ring, full_policy::overwrite,
                 reader_kind::read_only_observer, true},
        lap_case{"overwriting_consumer", segment_mode::ring, full_policy::overwrite,
                 reader_kind::anonymous, false},
        lap_case{"overwriting_durable_waits", segment_mode::ring, full_policy::overwrite,
                 reader_kind::durable, true}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace shmfifo
