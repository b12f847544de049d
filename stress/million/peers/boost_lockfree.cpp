// SPDX-License-Identifier: MIT
// Boost.Lockfree's spsc_queue, put into shared memory. Its elements have one type, its capacity is
// known to the compiler.
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/version.hpp>
#include <new>

#include "bare_ring.hpp"
#include "peers.hpp"

namespace shmfifo::million {
namespace {

template <std::size_t size>
class lockfree_end {
 public:
  static constexpr bool waits = false;

  lockfree_end(const peer_setting& setting, const payloads& source)
      : elements_(source),
        queue_(setting.self.writes() ? *new (setting.memory) queue
                                     : *std::launder(reinterpret_cast<queue*>(setting.memory))) {}

  bool send(unsigned variant) { return queue_.push(elements_[variant]); }
  bool receive(delivery& into) {
    return queue_.consume_all([&](const element<size>& message) {
      into.take_in_place(message.content, message.length);
    }) != 0;
  }

 private:
  using queue = boost::lockfree::spsc_queue<element<size>, boost::lockfree::capacity<ring_slots>>;
  element_source<size> elements_;
  queue& queue_;
};

}  // namespace

peer_build boost_lockfree() {
  return {fmt::format("{}.{}.{}", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1000,
                      BOOST_VERSION % 100),
          element_stream<lockfree_end>};
}

}  // namespace shmfifo::million
