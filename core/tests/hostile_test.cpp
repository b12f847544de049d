// SPDX-License-Identifier: MIT
// Goal: whatever the bytes of a segment say, each call comes back, and nothing outside a slot is
// handed out. Method: segments in use, their control words, lines and slots overwritten at random
// with what is likely to hurt; then every call, with roles taken before and after.
#include <functional>
#include <ostream>
#include <random>
#include <string_view>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::in_ms;
using testing::must;
using testing::small;

struct shape_name {
  segment_mode mode;
  full_policy when_full;
  producer_role producers;
  const char* name;

  // Or GoogleTest prints the bytes, with those between the members, which nobody has written.
  friend std::ostream& operator<<(std::ostream& out, const shape_name& shape) {
    return out << shape.name;
  }
};

class hostile : public ::testing::TestWithParam<shape_name> {
 protected:
  std::uint64_t any_word() {
    switch (random_() % 6) {
      case 0:
        return random_();
      case 1:
        return random_() % 20;
      case 2:
        return ~std::uint64_t{0} - random_() % 3;
      case 3:
        return number_max - random_() % 3;
      case 4:
        return make_role(random_() % 4, static_cast<participant_kind>(random_() % 6));
      default:
        return make_stamp(random_() % 3 == 0 ? number_max - random_() % 9 : random_() % 20,
                          static_cast<slot_state>(random_() % 8),
                          static_cast<unsigned>(random_() % 256));
    }
  }

  // Everything behind the header and before the end of the last slot is fair game.
  void spoil(const segment& home) {
    const geometry& shape = home.shape();
    auto* control = reinterpret_cast<std::byte*>(&home.view().control());
    const std::size_t lines = shape.participant_count * sizeof(participant_line);
    for (int i = 0; i < 6; ++i) {
      std::byte* target = nullptr;
      switch (random_() % 3) {
        case 0:
          target = control + random_() % 4 * destructive_distance;
          break;
        case 1:
          target = control + sizeof(control_block) + random_() % lines / 8 * 8;
          break;
        default:
          target = reinterpret_cast<std::byte*>(&home.view().slot(random_() % shape.slot_count)) +
                   random_() % 4 * 8;
      }
      const std::uint64_t word = any_word();
      std::memcpy(target, &word, sizeof word);
    }
  }

  void read_all(const segment& home, consumer& reader) {
    std::int64_t next = reader.position();
    for (int i = 0; i < 12; ++i) {
      const poll_result result = reader.poll([&](const record_view& record) {
        EXPECT_EQ(record.message_number, next++);
        ASSERT_GE(record.value_length, 0);
        ASSERT_LE(record.value_length, 16);
        unsigned sum = 0;
        for (const std::byte b : record.bytes()) sum += std::to_integer<unsigned>(b);
        EXPECT_LE(sum, 16 * 255U);
      });
      next = reader.position();
      if (result.answer == status::empty) break;
    }
    if (reader.wait(in_ms(0)) == status::ok) {
      EXPECT_NE(reader.poll([](const record_view&) {}, 1).answer, status::empty);
    }
    static_cast<void>(home.mark(next, 1));
  }

  void write_all(producer& writer) {
    const std::uint64_t word = 1;
    const byte_view whole = testing::bytes_of(word);
    const byte_view batch[] = {whole, {}, whole.first(3)};
    for (int i = 0; i < 6; ++i) static_cast<void>(writer.try_publish(testing::bytes_of(word)));
    static_cast<void>(writer.try_publish(batch));
    static_cast<void>(writer.try_take().commit(8));
    static_cast<void>(writer.try_take().abort());
    static_cast<void>(writer.publish(testing::bytes_of(word), in_ms(0)));
  }

  void use(const segment& home) {
    static_cast<void>(home.stat());
    static_cast<void>(home.recover());
    static_cast<void>(home.forget("billing"));
    for (int i = 0; i < 4; ++i) {
      static_cast<void>(home.mark(static_cast<std::int64_t>(any_word()), -1));
    }
    if (auto writer = home.attach_producer()) write_all(*writer);
    for (const start_at start : {start_at::oldest(), start_at::latest(), start_at::at(5)}) {
      if (auto reader = home.attach_consumer({"", start})) read_all(home, *reader);
      if (auto reader = home.attach_observer(start)) read_all(home, *reader);
    }
    if (auto reader = home.attach_consumer({"billing", {}})) read_all(home, *reader);
  }

  std::mt19937_64 random_{std::hash<std::string_view>{}(GetParam().name)};
};

TEST_P(hostile, G9_G3_no_bytes_make_a_call_fail_to_return_or_hand_out_too_much) {
  const shape_name& chosen = GetParam();
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    const testing::unique_name name;
    const auto home = must(
        segment::create(name.get(), small(chosen.mode, chosen.when_full, chosen.producers, 8)));
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_consumer({"billing", {}}));
    auto observer = must(home.attach_observer());
    write_all(writer);
    for (int again = 0; again < 3; ++again) {
      spoil(home);
      write_all(writer);
      read_all(home, reader);
      read_all(home, observer);
      use(home);
      const auto attached = segment::attach(name.get());
      EXPECT_TRUE(attached || attached.error().code == EINVAL);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , hostile,
    ::testing::Values(
        shape_name{segment_mode::log, full_policy::reject, producer_role::single, "log"},
        shape_name{segment_mode::log, full_policy::reject, producer_role::many, "many_log"},
        shape_name{segment_mode::ring, full_policy::reject, producer_role::single, "ring"},
        shape_name{segment_mode::ring, full_policy::wait, producer_role::many, "waiting_ring"},
        shape_name{segment_mode::ring, full_policy::overwrite, producer_role::single, "lossy_ring"},
        shape_name{segment_mode::ring, full_policy::overwrite, producer_role::many, "busy_ring"}),
    [](const auto& shape) { return std::string(shape.param.name); });

}  // namespace
}  // namespace shmfifo
