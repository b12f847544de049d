// SPDX-License-Identifier: MIT
// A reader that may stop, or be killed, and goes on where it was: its cursor has a name, lies in
// the segment and holds a lossless ring's producers back while nobody reads.
#include <shmfifo/shmfifo.hpp>

#include <array>
#include <cstdio>
#include <string>

namespace {

// One life of the reader: attaches under its name, takes `count` messages, ends.
bool read_some(const shmfifo::segment& orders, int count) {
  auto billing = orders.attach_consumer({.name = "billing"});
  if (!billing) return std::fprintf(stderr, "%s\n", billing.error().text.c_str()), false;
  std::array<std::byte, 16> buffer{};
  for (int i = 0; i < count; ++i) {
    const shmfifo::read_result order = billing->read(buffer);
    if (order.answer != shmfifo::status::ok) return false;
    std::printf("%lld: %.*s\n", static_cast<long long>(order.number),
                static_cast<int>(order.length), reinterpret_cast<const char*>(buffer.data()));
  }
  std::printf("stopped at %lld\n", static_cast<long long>(billing->position()));
  return true;
}

}  // namespace

int main() {
  auto orders = shmfifo::segment::create(
      "/orders", {.when_full = shmfifo::full_policy::wait, .slot_count = 4, .content_size = 16});
  if (!orders) return std::fprintf(stderr, "%s\n", orders.error().text.c_str()), 1;
  if (!shmfifo::segment::remove("/orders")) return 1;
  auto shop = orders->attach_producer();
  // The cursor exists from the first attach on; what comes before it is nobody's to keep.
  if (!shop || !read_some(*orders, 0)) return 1;

  for (const char* order : {"tea", "milk", "sugar", "bread"}) {
    if (shop->publish(order) != shmfifo::status::ok) return 1;
  }
  if (!read_some(*orders, 2)) return 1;
  if (!read_some(*orders, 2)) return 1;
  return orders->forget("billing") ? 0 : 1;  // or producers would wait for it for ever
}
