// SPDX-License-Identifier: MIT
// libqb's ring buffer, without its semaphore: both sides poll. Its room is in bytes.
#include <qb/qbrb.h>
#include <qb/qbutil.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "bare_ring.hpp"
#include "peers.hpp"

namespace shmfifo::million {
namespace {

constexpr std::size_t chunk_head = 8;  // its own, before each message

class libqb_end {
 public:
  static constexpr bool waits = false;

  libqb_end(const peer_setting& setting, const payloads& source)
      : source_(source), ring_(opened(setting)) {
    if (ring_ == nullptr) {
      setting.self.fail(fmt::format("{}: qb_rb_open: {}", setting.peer, std::strerror(errno)));
    }
  }

  bool send(unsigned variant) {
    return qb_rb_chunk_write(ring_.get(), source_.variant(variant), source_.size()) >= 0;
  }
  bool receive(delivery& into) {
    const ssize_t got = qb_rb_chunk_read(ring_.get(), into.buffer(), into.buffer_size(), 0);
    if (got <= 0) return false;
    into.take_copy(into.buffer(), static_cast<std::size_t>(got));
    return true;
  }

 private:
  struct closer {
    void operator()(qb_ringbuffer_t* ring) const noexcept { qb_rb_close(ring); }
  };
  static qb_ringbuffer_t* opened(const peer_setting& setting) {
    const std::uint32_t flags = QB_RB_FLAG_SHARED_PROCESS | QB_RB_FLAG_NO_SEMAPHORE |
                                (setting.self.writes() ? QB_RB_FLAG_CREATE : 0U);
    return qb_rb_open(setting.name.c_str(), ring_slots * (size_of(setting.what) + chunk_head),
                      flags, 0);
  }

  const payloads& source_;
  std::unique_ptr<qb_ringbuffer_t, closer> ring_;
};

}  // namespace

peer_build libqb_ring() {
  return {qb_ver_str, peer_stream<libqb_end>};
}

}  // namespace shmfifo::million
