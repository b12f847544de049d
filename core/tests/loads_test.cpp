// SPDX-License-Identifier: MIT
// Goal: no call uses a shared word that it did not check: what it checked is what it uses, though a
// hostile writer changes the word in between. Method: a memory model that counts the loads of each
// word and answers one of them falsely, below every reader, producer and recoverer; and a table of
// how often each call loads each word.
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
using testing::shadow_segment;
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

struct reading_role : basic_consumer<shadow_memory> {
  using basic_consumer::basic_consumer;
  using basic_consumer::leave;
};
struct writing_role : basic_producer<shadow_memory> {
  using basic_producer::basic_producer;
  using basic_producer::leave;
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
  std::optional<reading_role> make_reader() {
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
    return std::optional<reading_role>(std::in_place, shadow_.view(), std::move(own), line,
                                       position, buffer_);
  }
  std::optional<writing_role> make_writer() {
    shadow_memory own = memory();
    if (GetParam().producers == producer_role::single) {
      EXPECT_TRUE(own.try_own(lock_producer_role));
    }
    call();
    const auto line = protocol::take_line(shadow_.view(), own);
    if (!line) return std::nullopt;
    call();
    return std::optional<writing_role>(std::in_place, shadow_.view(), std::move(own), *line);
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
  void poll(reading_role& reader, std::int64_t limit) {
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
  void read(reading_role& reader, std::size_t size) {
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
    std::optional<reading_role> made = make_reader();
    if (!made) return;
    reading_role& reader = *made;
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
    std::optional<writing_role> made = make_writer();
    if (!made) return;
    writing_role& writer = *made;
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

// ---- how often each call loads each word ----

class load_counts : public ::testing::Test {
 protected:
  void make(segment_mode mode, full_policy when_full, producer_role producers) {
    home_.emplace(must(segment::create(name_.get(), small(mode, when_full, producers),
                                       {.existing = if_exists::refuse})));
    shadow_.emplace(*home_);
  }
  template <class Call>
  std::string count(Call&& call) {
    shadow_->begin_call();
    call();
    return shadow_->loads();
  }
  std::string count_poll(reading_role& reader, status expected) {
    return count([&] { EXPECT_EQ(reader.poll([](const record_view&) {}).answer, expected); });
  }
  [[nodiscard]] shadow_memory memory() { return {home_->memory(), *shadow_}; }
  [[nodiscard]] reading_role observe() {
    return {shadow_->view(), memory(), std::nullopt, 0, buffer_};
  }
  reading_role consume(participant_kind kind) {
    shadow_memory own = memory();
    const unsigned line = protocol::take_line(shadow_->view(), own).value();
    std::uint64_t position = 0;
    EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, line, kind, position, true));
    return {shadow_->view(), std::move(own), line, position, buffer_};
  }
  writing_role produce() {
    shadow_memory own = memory();
    const unsigned line = protocol::take_line(shadow_->view(), own).value();
    return {shadow_->view(), std::move(own), line};
  }

  testing::unique_name name_;
  std::optional<segment> home_;
  std::optional<shadow_segment> shadow_;
  alignas(content_alignment) std::byte buffer_[16] = {};
};

constexpr const char* one_message =
    "message_number 0: 1, stamp 0: 1, status_word 0: 1, value_length 0: 1";

TEST_F(load_counts, G3_G9_in_place_each_word_of_a_message_is_loaded_once) {
  for (const auto mode : {a_log, a_ring}) {
    make(mode, full_policy::reject, producer_role::single);
    auto writer = must(home_->attach_producer());
    reading_role reader = mode == a_log ? observe() : consume(participant_kind::durable);
    const std::uint64_t word = 1;
    for (int i = 0; i < 2; ++i) ASSERT_EQ(put(writer, word), status::ok);
    EXPECT_EQ(count([&] { EXPECT_EQ(reader.wait(), status::ok); }), "stamp 0: 1");
    EXPECT_EQ(
        count([&] { EXPECT_EQ(reader.poll([](const record_view&) {}, 1).answer, status::ok); }),
        one_message);
    EXPECT_EQ(count([&] { EXPECT_EQ(reader.read(buffer_).answer, status::ok); }),
              "message_number 1: 1, stamp 1: 1, status_word 1: 1, value_length 1: 1");
    EXPECT_EQ(count_poll(reader, status::empty), "stamp 2: 1");
    if (mode == a_ring) reader.leave();
    home_.reset();
    ASSERT_TRUE(segment::remove(name_.get()));
  }
}

// A copied message's stamp is looked at again afterwards; that look decides, and changes nothing.
TEST_F(load_counts, G3_G4_G9_copied_only_the_stamp_is_loaded_twice) {
  make(a_ring, full_policy::overwrite, producer_role::many);
  auto writer = must(home_->attach_producer());
  reading_role reader = observe();
  for (std::uint64_t i = 0; i < 6; ++i) ASSERT_EQ(put(writer, i), status::ok);
  // The cursor says whether anything can be lost, then how much.
  EXPECT_EQ(count_poll(reader, status::lost), "producer_cursor 0: 2, stamp 0: 1");
  EXPECT_EQ(reader.position(), 2);
  shadow_->copy_content();
  EXPECT_EQ(count([&] { EXPECT_EQ(reader.read(buffer_).answer, status::ok); }),
            "message_number 2: 1, stamp 2: 2, status_word 2: 1, value_length 2: 1");
  home_->view().slot(3).value_length = 17;
  EXPECT_EQ(count_poll(reader, status::invalid),
            "message_number 3: 1, stamp 3: 2, status_word 3: 1, value_length 3: 1");
  home_->view().slot(4).stamp = make_stamp(4, slot_state::aborted);
  EXPECT_EQ(count_poll(reader, status::aborted), "stamp 0: 1");
}

TEST_F(load_counts, G3_G9_a_message_is_published_with_one_look_at_each_word) {
  make(a_ring, full_policy::reject, producer_role::single);
  {
    writing_role writer = produce();
    const std::uint64_t word = 1;
    // No consumer: nothing but the roles and the floor says so.
    EXPECT_EQ(count([&] { EXPECT_EQ(put(writer, word), status::ok); }).find("stamp"),
              std::string::npos);
    EXPECT_EQ(count([&] { EXPECT_EQ(put(writer, word), status::ok); }), "");
    EXPECT_EQ(count([&] { EXPECT_EQ(writer.try_take().commit(3), status::ok); }), "");
    EXPECT_EQ(count([&] { EXPECT_EQ(writer.try_take().abort(), status::ok); }), "");
    writer.leave();
  }
  ASSERT_TRUE(segment::remove(name_.get()));
  make(a_ring, full_policy::overwrite, producer_role::many);
  writing_role writer = produce();
  const std::uint64_t word = 1;
  EXPECT_EQ(count([&] { EXPECT_EQ(put(writer, word), status::ok); }),
            "producer_cursor 0: 1, stamp 0: 1");
  EXPECT_EQ(count([&] { EXPECT_EQ(writer.try_take().commit(3), status::ok); }),
            "producer_cursor 0: 1, stamp 1: 1");
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::mark(shadow_->view(), memory(), 1, 9), status::ok); }),
            "stamp 1: 1, status_word 1: 1");
  writer.leave();
}

TEST_F(load_counts, G8_G9_set_up_and_recovery_look_at_each_word_as_often_as_they_must) {
  make(a_ring, full_policy::wait, producer_role::many);
  home_->view().participant(0).role = make_role(1, participant_kind::producer);
  home_->view().participant(0).intent = 2;
  home_->view().slot(2).stamp = make_stamp(2, slot_state::claimed, 0);
  // The role again, after the stamp: a successor's claim is left alone.
  EXPECT_EQ(
      count([&] { EXPECT_TRUE(protocol::recover_line(shadow_->view(), memory(), 0, false)); }),
      "intent 0: 1, role 0: 2, stamp 2: 1");
  shadow_memory own = memory();
  // Before its lock and after; and to clear it away, before and after.
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::take_line(shadow_->view(), own), 0U); }), "role 0: 4");
  std::uint64_t position = 0;
  EXPECT_EQ(count([&] {
              EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, 0, participant_kind::durable,
                                               position, false));
            }),
            "gate_floor 0: 1, role 0: 1");
  home_->view().control().gate_floor = 3;
  EXPECT_EQ(count([&] {
              EXPECT_TRUE(protocol::enter_gate(shadow_->view(), own, 0, participant_kind::durable,
                                               position, false));
            }),
            "gate_floor 0: 2, role 0: 1");  // again, from where it moved to
  protocol::store_name(home_->view().participant(0), own, "audit");
  const std::string named =
      count([&] { EXPECT_EQ(protocol::find_durable(shadow_->view(), own, "audit"), 0U); });
  EXPECT_EQ(named,
            "name 28: 1, name 32: 1, name 36: 1, name 40: 1, name 44: 1, name 48: 1, "
            "name 52: 1, name 56: 1, name 60: 1, role 0: 1");
  home_->view().participant(0).consumer_cursor = 7;
  // The minimum, the floor, and the minimum again: the handshake with whoever attaches.
  std::string others;
  for (int line = 1; line < 8; ++line)
    others += std::string(", role ") + std::to_string(line) + ": 2";
  EXPECT_EQ(count([&] { EXPECT_EQ(protocol::raise_gate_floor(shadow_->view(), own), 7U); }),
            "consumer_cursor 0: 2, gate_floor 0: 1, role 0: 2" + others);
}

}  // namespace
}  // namespace shmfifo
