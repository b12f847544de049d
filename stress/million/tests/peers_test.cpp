// SPDX-License-Identifier: MIT
// Goal: a queue of others that loses, repeats, changes or withholds a message ends the comparison,
// and the sentence names it; right ones all come with their figures. Method: a ring with one
// planted fault in the place of a peer, between two real processes; then the installed peers.
#include "peers.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>
#include <new>
#include <optional>
#include <thread>

#include "bare_ring.hpp"
#include "plan.hpp"

namespace shmfifo::million {
namespace {

constexpr std::int64_t messages = 1000;
constexpr std::int64_t middle = 500;

enum class fault : std::uint8_t {
  none,
  loss,
  repetition,
  tear,
  loss_at_the_end,
  repetition_at_the_end,
  wrong_length,
  no_room,
  pause,
};
constexpr std::chrono::milliseconds pause_length{20};

template <fault planted>
class planted_queue {
 public:
  static constexpr bool waits = false;

  planted_queue(const peer_setting& setting, const payloads& source)
      : source_(source),
        out_(*std::launder(reinterpret_cast<bare_ring*>(setting.memory)), source.size()),
        in_(*std::launder(reinterpret_cast<bare_ring*>(setting.memory)), source.size()) {}

  bool send(unsigned variant) {
    if (planted == fault::no_room && sent_ == middle) return false;
    if (planted == fault::pause && sent_ == middle) std::this_thread::sleep_for(pause_length);
    if (is_lost()) {
      ++sent_;
      return true;
    }
    std::vector<std::byte> content(source_.variant(variant),
                                   source_.variant(variant) + source_.size());
    if (planted == fault::tear && sent_ == middle) content.back() ^= std::byte{1};
    if (!out_.push(content.data())) return false;
    // The ring is never full here.
    if (is_repeated()) static_cast<void>(out_.push(content.data()));
    ++sent_;
    return true;
  }
  bool receive(delivery& into) {
    if (!in_.pop(into.buffer())) return false;
    const bool wrong = planted == fault::wrong_length && into.count() == middle;
    into.take_copy(into.buffer(), source_.size() - (wrong ? 1 : 0));
    return true;
  }

 private:
  [[nodiscard]] bool is_lost() const {
    return (planted == fault::loss && sent_ == middle) ||
           (planted == fault::loss_at_the_end && sent_ == messages - 1);
  }
  [[nodiscard]] bool is_repeated() const {
    return (planted == fault::repetition && sent_ == middle) ||
           (planted == fault::repetition_at_the_end && sent_ == messages - 1);
  }

  const payloads& source_;
  bare_writer out_;
  bare_reader in_;
  std::int64_t sent_ = 0;
};

// The reader records its rates as the milliseconds of a sample.
template <fault planted>
run_outcome stream_with(kind what, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  std::byte* const memory = map_ring_memory();
  const run_outcome got = run_in_two_processes({}, 1, [&](actor& self) {
    const stream_rate rate = peer_stream<planted_queue<planted>>({.self = self,
                                                                  .memory = memory,
                                                                  .peer = "planted",
                                                                  .name = self.next_name(),
                                                                  .what = what,
                                                                  .messages = messages,
                                                                  .patience = patience});
    if (self.writes() && rate.whole != 0) self.fail("the writer has a rate");
    if (self.writes()) return;
    self.record(row_key{}, 0, {rate.whole, rate.median_chunk});
  });
  ::munmap(memory, sizeof(bare_ring) + ring_slots * size_of(kind::block_1024));
  return got;
}

TEST(million_peers, G14_a_right_queue_has_two_rates) {
  for (const kind what : peer_kinds) {
    const run_outcome got = stream_with<fault::none>(what);
    ASSERT_TRUE(got.ok) << got.failure;
    EXPECT_GT(got.found.row(row_key{}).at(0), 0);
    EXPECT_GT(got.found.chunks(row_key{}).at(0), 0);
  }
}

TEST(million_peers, G14_a_pause_counts_in_the_whole_stream) {
  const run_outcome got = stream_with<fault::pause>(kind::text);
  ASSERT_TRUE(got.ok) << got.failure;
  EXPECT_LT(got.found.row(row_key{}).at(0),
            messages / std::chrono::duration<double>(pause_length).count());
}

template <fault planted>
void expect_failure(const std::string& sentence,
                    std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  for (const kind what : peer_kinds) {
    const run_outcome got = stream_with<planted>(what, patience);
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.failure, "planted: " + sentence) << to_string(what);
  }
}

TEST(million_peers, G14_a_lost_repeated_or_torn_message_is_noticed) {
  expect_failure<fault::loss>("message 500 has a wrong byte");
  expect_failure<fault::repetition>("message 501 has a wrong byte");
  // The torn byte is the last, where no variant has its letter.
  expect_failure<fault::tear>("message 500 has a wrong byte");
}

TEST(million_peers, G14_a_wrong_length_is_noticed) {
  for (const kind what : peer_kinds) {
    EXPECT_EQ(stream_with<fault::wrong_length>(what).failure,
              fmt::format("planted: message 500 has the length {}", size_of(what) - 1));
  }
}

TEST(million_peers, G14_a_message_too_few_or_too_many_at_the_end_is_noticed) {
  expect_failure<fault::loss_at_the_end>("message 999 did not come", std::chrono::milliseconds(50));
  expect_failure<fault::repetition_at_the_end>("more messages came than were sent");
}

TEST(million_peers, G14_a_queue_without_room_is_noticed) {
  const std::string failure =
      stream_with<fault::no_room>(kind::text, std::chrono::milliseconds(50)).failure;
  // Whichever side loses its patience first.
  EXPECT_TRUE(failure == "planted: message 500 could not be sent" ||
              failure == "planted: message 500 did not come")
      << failure;
}

TEST(million_peers, G14_each_installed_queue_and_the_core_deliver_each_kind) {
  std::vector<peer_row> rows;
  const run_outcome got = measure_peers({.messages = 2000, .executions = 2}, rows);
  ASSERT_TRUE(got.ok) << got.failure;
  std::size_t at = 0;
  for (const peer& one : peers) {
    if (one.build == nullptr) continue;
    for (const kind what : peer_kinds) {
      ASSERT_LT(at, rows.size());
      const peer_row& row = rows[at++];
      EXPECT_EQ(row.name, one.name);
      EXPECT_NE(row.version, "");
      EXPECT_EQ(row.what, what);
      EXPECT_EQ(row.messages, one.slowness == 1 ? 2000 : 1000);
      ASSERT_EQ(row.rounds.size(), 2U);
      for (const peer_round& round : row.rounds) {
        for (const stream_rate& rate : {round.of_peer, round.of_core}) {
          EXPECT_GT(rate.whole, 0);
          EXPECT_GT(rate.median_chunk, 0);
        }
      }
    }
  }
  EXPECT_EQ(at, rows.size());
}

}  // namespace
}  // namespace shmfifo::million
