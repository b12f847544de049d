// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "stateful/world.hpp"
#include "target.hpp"

namespace shmfifo::fuzz {
namespace {

constexpr int rounds = 24;

// The sum is kept, so that no read of it can be left out.
volatile unsigned sink = 0;

void check(const record_view& record, const segment& home) {
  const auto size = static_cast<std::int64_t>(home.shape().content_size);
  require(record.value_length >= 0 && record.value_length <= size, "a length is inside its slot");
  unsigned sum = 0;
  for (const std::byte b : record.bytes()) sum += static_cast<unsigned>(b);
  sink = sum;
}

}  // namespace

segment new_segment(const geometry& shape) {
  static_cast<void>(segment::remove(own_name().get()));
  return harness::must(segment::create(own_name().get(), shape));
}

void exercise_reader(consumer& reader, const segment& home) {
  std::byte small[8];
  for (int i = 0; i < rounds; ++i) {
    const std::int64_t before = reader.position();
    const std::int64_t count =
        i % 4 == 3 ? reader.read(small).count
                   : reader.poll([&](const record_view& r) { check(r, home); }, 5).count;
    require(count >= 0 && reader.position() == before + count, "a poll tells its way");
  }
  static_cast<void>(reader.wait(deadline{}));
}

void exercise_writer(producer& writer) {
  const std::byte content[2] = {};
  for (int i = 0; i < rounds; ++i) {
    static_cast<void>(writer.try_publish(byte_view(content, static_cast<std::size_t>(i % 3))));
    if (i % 5 != 0) continue;
    claim open = writer.try_take();
    std::ranges::fill(open.content(), static_cast<std::byte>(i));
    static_cast<void>(i % 2 == 0 ? std::move(open).commit(1) : std::move(open).abort());
  }
  static_cast<void>(writer.publish(byte_view(content, 1), deadline{}));
}

void exercise(const segment& home) {
  static_cast<void>(home.stat());
  for (const start_at start : {start_at::oldest(), start_at::latest(), start_at::at(1)}) {
    if (auto observer = home.attach_observer(start)) exercise_reader(*observer, home);
    if (auto reader = home.attach_consumer({"", start})) exercise_reader(*reader, home);
  }
  if (auto named = home.attach_consumer({"n", {}})) exercise_reader(*named, home);
  if (auto writer = home.attach_producer()) exercise_writer(*writer);
  if (auto observer = home.attach_observer()) exercise_reader(*observer, home);
  for (const std::int64_t number : {0, 1, 5}) static_cast<void>(home.mark(number, 1));
  static_cast<void>(home.recover());
  static_cast<void>(home.forget("n"));
  static_cast<void>(home.stat());
}

}  // namespace shmfifo::fuzz
