// SPDX-License-Identifier: MIT
// Boost.Interprocess' message_queue: a mutex and conditions around a heap of messages by priority.
#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/version.hpp>

#include "bare_ring.hpp"
#include "peers.hpp"

namespace shmfifo::million {
namespace {

namespace ipc = boost::interprocess;

boost::posix_time::ptime soon() {
  return boost::posix_time::microsec_clock::universal_time() + boost::posix_time::milliseconds(100);
}

class message_queue_end {
 public:
  static constexpr bool waits = true;

  message_queue_end(const peer_setting& setting, const payloads& source)
      : source_(source), queue_(opened(setting)) {
    if (!setting.self.writes()) ipc::message_queue::remove(setting.name.c_str());
  }

  bool send(unsigned variant) {
    const std::byte* const content = source_.variant(variant);
    return queue_.try_send(content, source_.size(), 0) ||
           queue_.timed_send(content, source_.size(), 0, soon());
  }
  bool receive(delivery& into) {
    ipc::message_queue::size_type length = 0;
    unsigned priority = 0;
    if (!queue_.try_receive(into.buffer(), into.buffer_size(), length, priority) &&
        !queue_.timed_receive(into.buffer(), into.buffer_size(), length, priority, soon())) {
      return false;
    }
    into.take_copy(into.buffer(), length);
    return true;
  }

 private:
  static ipc::message_queue opened(const peer_setting& setting) {
    const char* const name = setting.name.c_str();
    return setting.self.writes()
               ? ipc::message_queue(ipc::create_only, name, ring_slots, size_of(setting.what))
               : ipc::message_queue(ipc::open_only, name);
  }

  const payloads& source_;
  ipc::message_queue queue_;
};

}  // namespace

peer_build boost_message_queue() {
  return {fmt::format("{}.{}.{}", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1000,
                      BOOST_VERSION % 100),
          peer_stream<message_queue_end>};
}

}  // namespace shmfifo::million
