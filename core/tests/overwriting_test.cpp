// SPDX-License-Identifier: MIT
// Goal: in an overwriting ring of many producers, one that is paused or dead while it writes stops
// nobody, tears nothing and is accounted for. Method: real processes stopped and killed with a
// claim open, many laps by the others, and an observer that counts every number.
#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::look;
using testing::must;
using testing::put;
using testing::sleep_for_ever;
using testing::small;

struct counts {
  std::int64_t seen = 0;
  std::int64_t lost = 0;
  std::int64_t aborted = 0;
  std::int64_t invalid = 0;
  [[nodiscard]] std::int64_t all() const { return seen + lost + aborted + invalid; }
};

// Reads until nothing comes, or for long enough while others write on; each message must hold its
// sender's word and its complement.
void read_on(consumer& reader, counts& sum) {
  for (int polls = 0; polls < 1000; ++polls) {
    const poll_result result = reader.poll([](const record_view& record) {
      std::uint64_t words[2] = {};
      ASSERT_EQ(record.value_length, 16);
      std::memcpy(words, record.content, sizeof words);
      EXPECT_EQ(words[0], ~words[1]);
    });
    if (result.answer == status::empty) return;
    if (result.answer == status::ok) sum.seen += result.count;
    if (result.answer == status::lost) sum.lost += result.count;
    if (result.answer == status::aborted) sum.aborted += result.count;
    if (result.answer == status::invalid) sum.invalid += result.count;
  }
}

status send(producer& writer, std::uint64_t word) {
  const std::uint64_t words[2] = {word, ~word};
  return writer.publish(std::as_bytes(std::span(words)));
}

segment busy_ring(const testing::unique_name& name) {
  return must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::overwrite, producer_role::many, 8)));
}

TEST(overwriting, G5_G2_G4_G11_a_paused_owner_of_a_claim_is_passed_by_and_told_so) {
  const testing::unique_name name;
  const auto home = busy_ring(name);
  auto writer = must(home.attach_producer());
  auto reader = must(home.attach_observer());
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  child pausing([&] {
    auto own = home.attach_producer();
    auto claim = own->try_take();
    if (!claim) return 1;
    child::ready();
    char c = 0;
    if (::read(go[0], &c, 1) != 1) return 2;
    std::memset(claim.content().data(), 0xee,
                claim.content().size());  // late, into a slot passed over since
    if (std::move(claim).commit(16) != status::lost) return 3;
    return send(*own, 7) == status::ok ? 0 : 4;
  });
  ASSERT_TRUE(pausing.wait_ready());
  pausing.signal(SIGSTOP);
  counts sum;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(send(writer, i), status::ok) << i;
    if (i % 5 == 0) read_on(reader, sum);
  }
  EXPECT_EQ(must(home.recover()), 0U);  // paused is not dead
  const auto taken = must(home.stat()).producer_cursor;
  EXPECT_GT(taken, 1001);  // a number a lap was given up
  pausing.signal(SIGCONT);
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  EXPECT_EQ(pausing.join(), 0);
  for (std::uint64_t i = 0; i < 8; ++i) ASSERT_EQ(send(writer, i), status::ok);
  read_on(reader, sum);
  EXPECT_EQ(sum.all(), must(home.stat()).producer_cursor);
  EXPECT_EQ(sum.invalid, 0);
  EXPECT_GT(sum.aborted, 0);
  // Nothing is held any more: a lap later every number carries a message again.
  EXPECT_EQ(must(home.stat()).producer_cursor, reader.position());
  counts after;
  for (std::uint64_t i = 0; i < 8; ++i) ASSERT_EQ(send(writer, i), status::ok);
  read_on(reader, after);
  EXPECT_EQ(after.seen, 8);
  ::close(go[0]);
  ::close(go[1]);
}

TEST(overwriting, G6_G5_G11_a_dead_owner_of_a_claim_gives_its_slot_back) {
  for (const bool passed_over_before : {false, true}) {
    const testing::unique_name name;
    const auto home = busy_ring(name);
    auto writer = must(home.attach_producer());
    auto reader = must(home.attach_observer());
    child dying([&] {
      auto own = home.attach_producer();
      const auto claim = own->try_take();
      if (!claim) return 1;
      child::ready();
      return sleep_for_ever();
    });
    ASSERT_TRUE(dying.wait_ready());
    if (passed_over_before) {
      for (std::uint64_t i = 0; i < 20; ++i) ASSERT_EQ(send(writer, i), status::ok);
    }
    EXPECT_EQ(dying.kill_and_join(), 128 + SIGKILL);
    for (std::uint64_t i = 0; i < 20; ++i) ASSERT_EQ(send(writer, i), status::ok);
    counts sum;
    read_on(reader, sum);
    EXPECT_EQ(sum.all(), must(home.stat()).producer_cursor);
    EXPECT_EQ(sum.seen, 8);  // the last lap has no number without a message
    EXPECT_EQ(sum.invalid, 0);
  }
}

// Several die in turn, others go on, and the count is exact.
TEST(overwriting, G6_G1_G2_G4_G5_every_number_is_accounted_for_while_producers_are_killed) {
  const testing::unique_name name;
  const auto home = busy_ring(name);
  auto reader = must(home.attach_observer());
  auto writer = must(home.attach_producer());
  counts sum;
  for (int round = 0; round < 20; ++round) {
    const auto keep_sending = [&] {
      auto own = home.attach_producer();
      for (std::uint64_t i = 0;; ++i) {
        if (send(*own, i) == status::ok && i == 100) child::ready();
      }
      return 1;
    };
    child first(keep_sending);
    child second(keep_sending);
    ASSERT_TRUE(first.wait_ready() && second.wait_ready());
    for (int i = 0; i < 50; ++i) read_on(reader, sum);
    EXPECT_EQ(first.kill_and_join(), 128 + SIGKILL);
    EXPECT_EQ(second.kill_and_join(), 128 + SIGKILL);
    static_cast<void>(must(home.recover()));
    // What they left is final now, so that all can be read.
    for (std::uint64_t i = 0; i < 16; ++i) ASSERT_EQ(send(writer, i), status::ok);
    read_on(reader, sum);
    ASSERT_EQ(sum.all(), must(home.stat()).producer_cursor) << round;
  }
  EXPECT_EQ(sum.invalid, 0);
  EXPECT_GT(sum.seen, 0);
}

}  // namespace
}  // namespace shmfifo
