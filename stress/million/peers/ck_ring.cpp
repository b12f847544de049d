// SPDX-License-Identifier: MIT
// Concurrency Kit's ring for one producer and one consumer, put into shared memory.
#include <new>

#include "bare_ring.hpp"
#include "peers.hpp"

// Version 0.7.1 returns false where a pointer is due, which C++ refuses; 0 is good for both. The
// calls stay inline this way, as in C.
#define false 0
#include <ck_ring.h>
#undef false

namespace shmfifo::million {
namespace {

template <std::size_t size>
class ck_end {
 public:
  static constexpr bool waits = false;

  ck_end(const peer_setting& setting, const payloads& source)
      : elements_(source), ring_(*std::launder(reinterpret_cast<ring*>(setting.memory))) {
    if (setting.self.writes()) ck_ring_init(&ring_.head, ring_slots);
  }

  bool send(unsigned variant) {
    return _ck_ring_enqueue_sp(&ring_.head, ring_.elements, &elements_[variant],
                               sizeof(element<size>), nullptr);
  }
  bool receive(delivery& into) {
    element<size> message;
    if (!_ck_ring_dequeue_sc(&ring_.head, ring_.elements, &message, sizeof message)) return false;
    into.take_copy(message.content, message.length);
    return true;
  }

 private:
  struct ring {
    ck_ring_t head;
    alignas(64) element<size> elements[ring_slots];
  };
  element_source<size> elements_;
  ring& ring_;
};

}  // namespace

peer_build ck_ring_spsc() {
  return {SHMFIFO_CK_VERSION, element_stream<ck_end>};
}

}  // namespace shmfifo::million
