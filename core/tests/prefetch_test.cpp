// SPDX-License-Identifier: MIT
// Goal: a producer has later slots fetched where readers are behind, and only lines that it may
// soon write. Method: a memory model that notes each hint.
#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include "support/hooked_memory.hpp"

namespace shmfifo::prefetching {
namespace {

using testing::must;
using testing::open_memory;

struct hint {
  std::uint64_t slot;
  std::size_t size;
  friend bool operator==(const hint&, const hint&) = default;
  friend std::ostream& operator<<(std::ostream& out, const hint& h) {
    return out << "slot " << h.slot << ", " << h.size << " bytes";
  }
};

class hinted_memory : public std_memory_model {
 public:
  hinted_memory(std_memory_model&& memory, const segment& home, std::vector<hint>& hints)
      : std_memory_model(std::move(memory)), home_(&home), hints_(&hints) {}
  void prefetch_for_write(const std::byte* from, std::size_t size) const {
    const auto at = static_cast<std::uint64_t>(
        from - reinterpret_cast<const std::byte*>(&home_->view().slot(0)));
    EXPECT_EQ(at % home_->shape().slot_stride(), 0U);
    hints_->push_back({at / home_->shape().slot_stride(), size});
  }

 private:
  const segment* home_;
  std::vector<hint>* hints_;
};

// A segment, and a producer of it.
struct scene {
  testing::unique_name name;
  segment home;
  std::vector<hint> hints;
  hinted_memory memory;
  basic_producer<hinted_memory> writer;

  scene(segment_mode mode, full_policy when_full, producer_role role, std::uint64_t content = 8,
        std::uint64_t slot_count = 8)
      : home(must(segment::create(name.get(), {mode, when_full, role, slot_count, content, 4}))),
        memory(open_memory(name), home, hints),
        writer(home.view(), take(), 3) {}
  hinted_memory take() {
    EXPECT_TRUE(memory.try_own(3));
    return std::move(memory);
  }
  std::vector<hint> publish(unsigned messages) {
    hints.clear();
    for (unsigned i = 0; i < messages; ++i) EXPECT_EQ(writer.try_publish("text"), status::ok);
    return hints;
  }
};

constexpr producer_role both_roles[] = {producer_role::single, producer_role::many};

std::vector<hint> slots(std::initializer_list<std::uint64_t> numbers, std::size_t size = 36) {
  std::vector<hint> all;
  for (const std::uint64_t number : numbers) all.push_back({number, size});
  return all;
}

TEST(prefetch, G14_a_log_is_fetched_eight_slots_ahead_up_to_its_end) {
  for (const producer_role role : both_roles) {
    scene one(segment_mode::log, full_policy::reject, role, 8, 12);
    EXPECT_EQ(one.publish(12), slots({8, 9, 10, 11}));
  }
}

TEST(prefetch, G14_an_overwriting_ring_is_fetched_always) {
  for (const producer_role role : both_roles) {
    scene one(segment_mode::ring, full_policy::overwrite, role);
    EXPECT_EQ(one.publish(10), slots({4, 5, 6, 7, 0, 1, 2, 3, 4, 5}));
  }
}

// Who waits for each message has its lines in its own cache.
TEST(prefetch, G14_nothing_is_fetched_from_a_reader_that_keeps_up) {
  for (const producer_role role : both_roles) {
    scene one(segment_mode::ring, full_policy::wait, role);
    consumer reader = must(one.home.attach_consumer());
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(one.publish(1), slots({})) << i;
      EXPECT_EQ(reader.poll([](const record_view&) {}).count, 1);
    }
  }
}

// Looked at whenever the limit is: here after each lap.
TEST(prefetch, G14_a_lossless_ring_is_fetched_up_to_the_slowest_reader_that_is_two_behind) {
  for (const producer_role role : both_roles) {
    for (const int behind : {0, 1, 2, 7}) {
      scene one(segment_mode::ring, full_policy::reject, role);
      consumer reader = must(one.home.attach_consumer());
      EXPECT_EQ(one.publish(8), slots({}));
      EXPECT_EQ(reader.poll([](const record_view&) {}, 8 - behind).count, 8 - behind);
      const auto room = static_cast<unsigned>(8 - behind);
      std::vector<hint> expected;
      for (std::uint64_t slot = 4; slot < room && behind >= 2; ++slot) {
        expected.push_back({slot, 36});
      }
      EXPECT_EQ(one.publish(room), expected) << behind;
    }
  }
}

// Of a log's memory nothing is fetched in vain, and of a slot nothing that is the next one's.
TEST(prefetch, G14_as_many_bytes_are_fetched_as_a_message_takes_and_four_lines_at_the_most) {
  scene one(segment_mode::ring, full_policy::overwrite, producer_role::single, 1024);
  const std::vector<std::byte> content(1024);
  const std::pair<std::size_t, std::size_t> sizes[] = {
      {0, 32}, {32, 64}, {33, 65}, {133, 165}, {224, 256}, {225, 256}, {1024, 256}};
  for (const auto& [length, size] : sizes) {
    one.hints.clear();
    EXPECT_EQ(one.writer.try_publish(byte_view(content.data(), length)), status::ok);
    ASSERT_EQ(one.hints.size(), 1U);
    EXPECT_EQ(one.hints[0].size, size) << length;
  }
}

// Others may publish, and the reader release, between the cursor and the look at the floor.
TEST(prefetch, G14_a_floor_above_the_number_is_a_reader_that_keeps_up) {
  scene one(segment_mode::ring, full_policy::reject, producer_role::many);
  consumer reader = must(one.home.attach_consumer());
  one.home.view().participant(0).consumer_cursor = 3;
  EXPECT_EQ(one.publish(1), slots({}));
}

// A claim may become as long as the slot.
TEST(prefetch, G14_a_claim_is_fetched_for_as_a_publish_is) {
  for (const producer_role role : both_roles) {
    scene one(segment_mode::ring, full_policy::overwrite, role);
    EXPECT_EQ(one.writer.try_take().commit(1), status::ok);
    EXPECT_EQ(one.hints, slots({4}, 40));
  }
}

// It changes no byte.
TEST(prefetch, a_hint_leaves_all_lines_as_they_were) {
  alignas(cache_line) std::byte lines[4 * cache_line];
  std::fill(std::begin(lines), std::end(lines), std::byte{7});
  std_memory_model::prefetch_for_write(lines, sizeof lines);
  EXPECT_EQ(std::count(std::begin(lines), std::end(lines), std::byte{7}), 4 * 64);
}

}  // namespace
}  // namespace shmfifo::prefetching
