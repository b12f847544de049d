// SPDX-License-Identifier: MIT
// Goal: no call uses a shared word that it did not check: what it checked is what it uses, though a
// hostile writer changes the word in between. Method: a memory model that counts the loads of each
// word and answers one of them falsely, below every reader, producer and recoverer.
#include <array>
#include <ostream>

#include "shmfifo/protocol/mark.hpp"
#include "support/shadow_segment.hpp"

namespace shmfifo {
namespace {

using testing::false_answer;
using testing::must;
using testing::put;
using testing::shadow_memory;
using testing::shadow_reader;
using testing::shadow_segment;
using testing::shadow_writer;
using testing::small;

constexpr unsigned dead_line = 7;  // of a producer that died with a claim
constexpr deadline passed{};

struct situation {
  const char* name;
  segment_mode mode;
  full_policy when_full;
  producer_role producers;
  participant_kind reader;  // none: an observer

  friend std::ostream& operator<<(std::ostream& out, const situation& one) {
    return out << one.name;
  }
};

class loads : public ::testing::TestWithParam<situation> {
 protected:
  loads() {
    // Four numbers: a whole message, a short one, one that was given up, and an empty message or
    // what a dead producer left.
    const bool many = GetParam().producers == producer_role::many;
    auto writer = must(home_.attach_producer());
    const std::array<std::byte, 16> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    const byte_view whole(bytes);
    EXPECT_EQ(writer.try_publish(whole), status::ok);
    EXPECT_EQ(writer.try_publish(whole.first(3)), status::ok);
    EXPECT_EQ(writer.try_take().abort(), status::ok);
    if (many) {
      home_.view().slot(3).stamp = make_stamp(3, slot_state::claimed, dead_line);
      home_.view().participant(dead_line).role = make_role(1, participant_kind::producer);
      home_.view().participant(dead_line).intent = 3;
      home_.view().control().producer_cursor = 4;
    } else {
      EXPECT_EQ(writer.try_publish(byte_view()), status::ok);
    }
    if (GetParam().when_full == full_policy::overwrite) {
      EXPECT_EQ(writer.try_publish(whole.first(5)), status::ok);
    }
  }

  [[nodiscard]] shadow_memory memory() { return {home_.memory(), shadow_}; }
  void call() { shadow_.begin_call(); }

  // A reader from number 0 on, whose line, if it has one, is taken through the seam, too; none if
  // all lines seem to be in use.
  std::optional<shadow_reader> make_reader() {
    shadow_memory own = memory();
    std::optional<unsigned> line;
    std::uint64_t position = 0;
    if (GetParam().reader != participant_kind::none) {
      call();
      line = protocol::take_line(shadow_.view(), own);
      if (!line) return std::nullopt;
      call();
      static_cast<void>(
          protocol::enter_gate(shadow_.view(), own, *line, GetParam().reader, position, false));
    }
    return std::optional<shadow_reader>(std::in_place, shadow_.view(), std::move(own), line,
                                        position, buffer_);
  }
  std::optional<shadow_writer> make_writer() {
    shadow_memory own = memory();
    if (GetParam().producers == producer_role::single) {
      EXPECT_TRUE(own.try_own(lock_producer_role));
    }
    call();
    const auto line = protocol::take_line(shadow_.view(), own);
    if (!line) return std::nullopt;
    call();
    return std::optional<shadow_writer>(std::in_place, shadow_.view(), std::move(own), *line);
  }

  // What a record says must be what the first load of each of its words was answered.
  void expect_as_loaded(const record_view& record, std::uint64_t number) const {
    const geometry& shape = home_.shape();
    const std::uint64_t slot = number % shape.slot_count;
    EXPECT_EQ(record.message_number, static_cast<std::int64_t>(number));
    EXPECT_EQ(shadow_.first_answer("stamp", slot), make_stamp(number, slot_state::published));
    EXPECT_EQ(shadow_.first_answer("message_number", slot), number);
    EXPECT_EQ(shadow_.first_answer("value_length", slot),
              static_cast<std::uint64_t>(record.value_length));
    EXPECT_EQ(status_of_word(shadow_.first_answer("status_word", slot)), record.status);
    ASSERT_GE(record.value_length, 0);
    ASSERT_LE(record.value_length, static_cast<std::int64_t>(shape.content_size));
    std::byte* in_slot = layout_view::content(shadow_.view().slot(slot));
    const bool copied = consumer::copies(shape, GetParam().reader == participant_kind::none);
    if (copied) {
      EXPECT_EQ(shadow_.answers("stamp", slot).last, make_stamp(number, slot_state::published));
    }
    EXPECT_EQ(record.content, copied ? buffer_ : in_slot);
    EXPECT_EQ(std::memcmp(record.content, shadow_.real_content(in_slot), record.bytes().size()), 0);
  }
  void poll(shadow_reader& reader, std::int64_t limit) {
    call();
    const std::int64_t before = reader.position();
    std::int64_t next = before;
    const poll_result result = reader.poll(
        [&](const record_view& r) { expect_as_loaded(r, static_cast<std::uint64_t>(next++)); },
        limit);
    EXPECT_EQ(result.first, before);
    EXPECT_EQ(result.count, reader.position() - before);
    EXPECT_LE(next, reader.position());
    EXPECT_EQ(result.answer == status::ok, next != before);
    EXPECT_EQ(result.answer == status::empty, result.count == 0);
  }
  void read(shadow_reader& reader, std::size_t size) {
    call();
    std::array<std::byte, 17> target;
    target.fill(std::byte{0x77});
    const std::int64_t before = reader.position();
    const read_result result = reader.read(std::span(target).first(size));
    EXPECT_EQ(result.number, before);
    EXPECT_EQ(result.count, reader.position() - before);
    EXPECT_EQ(target[size], std::byte{0x77});
    if (result.answer != status::ok) return;
    const std::uint64_t slot = static_cast<std::uint64_t>(before) % home_.shape().slot_count;
    EXPECT_EQ(shadow_.first_answer("value_length", slot),
              static_cast<std::uint64_t>(result.length));
    EXPECT_EQ(status_of_word(shadow_.first_answer("status_word", slot)), result.status);
    ASSERT_LE(static_cast<std::uint64_t>(result.length), home_.shape().content_size);
    const std::size_t copied = std::min(size, static_cast<std::size_t>(result.length));
    EXPECT_EQ(
        std::memcmp(target.data(),
                    shadow_.real_content(layout_view::content(shadow_.view().slot(slot))), copied),
        0);
    EXPECT_TRUE(copied == size || target[copied] == std::byte{0x77});
  }

  // Every call of a reader, to the end of what is there and a little on.
  void read_all() {
    std::optional<shadow_reader> made = make_reader();
    if (!made) return;
    shadow_reader& reader = *made;
    for (const std::int64_t limit : {1, 4, 2}) {
      read(reader, 8);
      poll(reader, limit);
      call();
      static_cast<void>(reader.wait(passed));
    }
    read(reader, 16);
    for (int again = 0; again < 3; ++again) poll(reader, 1);
    call();
    reader.leave();
  }
  // Every call of a producer, and what management processes do.
  void write_all() {
    std::optional<shadow_writer> made = make_writer();
    if (!made) return;
    shadow_writer& writer = *made;
    const std::uint64_t word = 5;
    const byte_view batch[] = {testing::bytes_of(word), testing::bytes_of(word).first(2)};
    const auto one_slot_at_most = [&](const auto& action) {
      const auto before = contents();
      call();
      action();
      std::size_t changed = 0;
      const auto after = contents();
      for (std::size_t i = 0; i < before.size(); ++i) changed += before[i] != after[i] ? 1U : 0U;
      EXPECT_LE(changed, 1U);
    };
    one_slot_at_most([&] { static_cast<void>(put(writer, word)); });
    one_slot_at_most([&] { static_cast<void>(writer.publish(testing::bytes_of(word), passed)); });
    call();
    static_cast<void>(writer.try_publish(batch));
    call();
    static_cast<void>(writer.try_take().commit(3));
    call();
    static_cast<void>(writer.try_take().abort());
    call();
    writer.leave();
    shadow_memory own = memory();
    for (std::int64_t number = -1; number < 6; ++number) {
      call();
      static_cast<void>(protocol::mark(shadow_.view(), own, number, 3));
    }
    call();
    static_cast<void>(protocol::find_durable(shadow_.view(), own, "audit"));
    call();
    static_cast<void>(protocol::recover_dead(shadow_.view(), own));
  }
  [[nodiscard]] std::vector<std::string> contents() const {
    std::vector<std::string> all;
    for (std::uint64_t i = 0; i < home_.shape().slot_count; ++i) {
      const auto* content = layout_view::content(home_.view().slot(i));
      all.emplace_back(reinterpret_cast<const char*>(content), home_.shape().content_size);
    }
    return all;
  }

  // `use` with each load of each kind of word answered falsely in turn.
  template <class Use>
  void answer_each_load_falsely(Use&& use) {
    const std::uint64_t size = home_.shape().segment_size();
    const std::vector<std::byte> before(shadow_.real(), shadow_.real() + size);
    constexpr std::uint64_t top = std::uint64_t{1} << 63;
    const std::function<std::uint64_t(std::uint64_t)> lies[] = {
        [](std::uint64_t) { return std::uint64_t{0}; },
        [](std::uint64_t) { return ~std::uint64_t{0}; },
        [](std::uint64_t truth) { return truth + 1; },
        [](std::uint64_t truth) { return truth - 1; },
        [](std::uint64_t truth) { return truth ^ top; },
        [](std::uint64_t) { return std::uint64_t{17}; },  // the content size and one
        [](std::uint64_t) { return std::uint64_t{1} << 32; },
        [](std::uint64_t) { return number_max; },
        [](std::uint64_t) { return make_stamp(1, slot_state::published); },
        [](std::uint64_t truth) { return truth + make_stamp(4, slot_state::free); },
        [](std::uint64_t truth) { return make_stamp(stamp_number(truth), slot_state::held, 255); },
        [](std::uint64_t truth) { return make_stamp(stamp_number(truth), slot_state::claimed); },
        [](std::uint64_t) { return make_role(9, participant_kind::durable); }};
    for (const char* word :
         {"none", "producer_cursor", "gate_floor", "role", "consumer_cursor", "intent", "pid",
          "name", "stamp", "value_length", "message_number", "status_word"}) {
      for (unsigned nth = 1; nth <= 3; ++nth) {
        for (const auto& lie : lies) {
          std::copy(before.begin(), before.end(), shadow_.real());
          shadow_.copy_content();
          shadow_.answer_falsely(false_answer{word, nth, lie});
          use();
          ASSERT_TRUE(shadow_.untouched()) << word;
          ASSERT_FALSE(HasFailure())
              << word << ", load " << nth << ", answered by lie " << &lie - lies;
        }
      }
    }
    shadow_.answer_falsely(std::nullopt);
  }

  testing::unique_name name_;
  const segment home_ = must(segment::create(
      name_.get(), small(GetParam().mode, GetParam().when_full, GetParam().producers,
                         GetParam().mode == segment_mode::log ? 5 : 4)));
  shadow_segment shadow_{home_};
  alignas(content_alignment) std::byte buffer_[16] = {};
};

TEST_P(loads, G3_G9_readers_use_the_very_value_that_they_checked) {
  answer_each_load_falsely([this] { read_all(); });
}

TEST_P(loads, G3_G9_producers_and_recovery_use_the_very_value_that_they_checked) {
  answer_each_load_falsely([this] { write_all(); });
}

constexpr auto a_log = segment_mode::log;
constexpr auto a_ring = segment_mode::ring;

INSTANTIATE_TEST_SUITE_P(
    , loads,
    ::testing::Values(situation{"log_observer", a_log, full_policy::reject, producer_role::single,
                                participant_kind::none},
                      situation{"log_consumer_of_many", a_log, full_policy::reject,
                                producer_role::many, participant_kind::consumer},
                      situation{"gating", a_ring, full_policy::reject, producer_role::single,
                                participant_kind::consumer},
                      situation{"gating_of_many", a_ring, full_policy::wait, producer_role::many,
                                participant_kind::consumer},
                      situation{"durable_of_many", a_ring, full_policy::wait, producer_role::many,
                                participant_kind::durable},
                      situation{"observer_of_a_lossless_ring", a_ring, full_policy::wait,
                                producer_role::many, participant_kind::none},
                      situation{"observer_of_an_overwriting_ring", a_ring, full_policy::overwrite,
                                producer_role::many, participant_kind::none},
                      situation{"consumer_of_an_overwriting_ring", a_ring, full_policy::overwrite,
                                producer_role::single, participant_kind::consumer}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace shmfifo
