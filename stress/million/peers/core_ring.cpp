// SPDX-License-Identifier: MIT
// The core's ring for one producer, behind the interface of a peer.
#include <chrono>
#include <optional>

#include "bare_ring.hpp"
#include "peers.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::million {
namespace {

constexpr std::chrono::seconds patience{120};  // far beyond any honest run

geometry shape_of(kind what) {
  geometry shape;
  shape.mode = segment_mode::ring;
  shape.when_full = full_policy::wait;
  shape.slot_count = ring_slots;
  shape.content_size = size_of(what);
  return shape;
}

class core_ring {
 public:
  static constexpr bool waits = true;

  core_ring(const peer_setting& setting, const payloads& source)
      : source_(source), ring_(opened(setting)) {
    if (setting.self.writes()) {
      out_.emplace(harness::must(ring_.attach_producer()));
    } else {
      in_.emplace(harness::must(ring_.attach_consumer()));
      harness::must(segment::remove(setting.name));
    }
  }

  bool send(unsigned variant) {
    return out_->publish(byte_view(source_.variant(variant), source_.size()), until_) == status::ok;
  }
  bool receive(delivery& into) {
    const poll_result got = in_->poll([&](const record_view& record) {
      into.take_in_place(record.content, static_cast<std::size_t>(record.value_length));
    });
    if (got.answer == status::ok) [[likely]]
      return true;
    if (got.answer == status::empty && !into.complete()) static_cast<void>(in_->wait(until_));
    return false;
  }

 private:
  static segment opened(const peer_setting& setting) {
    return harness::must(
        setting.self.writes()
            ? segment::create(setting.name, shape_of(setting.what), {.pretouch = true})
            : segment::attach(setting.name, {.pretouch = true}));
  }

  const payloads& source_;
  segment ring_;
  std::optional<producer> out_;
  std::optional<consumer> in_;
  deadline until_ = clock::now() + patience;
};

}  // namespace

stream_rate core_ring_stream(const peer_setting& setting) {
  return peer_stream<core_ring>(setting);
}

}  // namespace shmfifo::million
