// SPDX-License-Identifier: MIT
// A message that is written where it will be read: take hands out the slot's own bytes, commit
// publishes them. The consumer of a lossless ring reads them in the slot, too, so that no byte is
// copied on the way.
#include <shmfifo/shmfifo.hpp>

#include <algorithm>
#include <cstdio>

namespace {

// Fills a claim in place; what is not committed is aborted at the end of the claim.
shmfifo::status send_row(shmfifo::producer& writer, char letter, std::size_t length) {
  shmfifo::claim row = writer.take();
  if (!row) return row.answer();
  if (length > row.content().size()) return shmfifo::status::bad_length;
  std::fill_n(row.content().begin(), length, static_cast<std::byte>(letter));
  return std::move(row).commit(length);
}

}  // namespace

int main() {
  auto ring = shmfifo::segment::create(
      "/rows", {.when_full = shmfifo::full_policy::wait, .slot_count = 8, .content_size = 16});
  if (!ring) return std::fprintf(stderr, "%s\n", ring.error().text.c_str()), 1;
  auto writer = ring->attach_producer();
  auto reader = ring->attach_consumer();
  if (!shmfifo::segment::remove("/rows") || !writer || !reader) return 1;

  if (send_row(*writer, 'a', 4) != shmfifo::status::ok) return 1;
  if (send_row(*writer, 'b', 17) != shmfifo::status::bad_length) return 1;  // number 1 is given up
  if (send_row(*writer, 'c', 16) != shmfifo::status::ok) return 1;

  for (int calls = 0; calls < 3; ++calls) {
    const shmfifo::poll_result seen = reader->poll([](const shmfifo::record_view& row) {
      std::printf("%lld: %.*s\n", static_cast<long long>(row.message_number),
                  static_cast<int>(row.value_length), reinterpret_cast<const char*>(row.content));
    });
    if (seen.answer == shmfifo::status::aborted) {
      std::printf("%lld: given up\n", static_cast<long long>(seen.first));
    }
  }
  return 0;
}
