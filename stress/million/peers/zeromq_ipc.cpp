// SPDX-License-Identifier: MIT
// ZeroMQ PUSH to PULL over ipc. The address is in Linux's abstract namespace, so no socket file can
// be left behind. Its own thread runs on the processor of its process.
#include <zmq.hpp>

#include "bare_ring.hpp"
#include "peers.hpp"

namespace shmfifo::million {
namespace {

class zeromq_end {
 public:
  static constexpr bool waits = true;

  zeromq_end(const peer_setting& setting, const payloads& source)
      : source_(source),
        socket_(context_, setting.self.writes() ? zmq::socket_type::push : zmq::socket_type::pull) {
    constexpr int half = ring_slots / 2;  // of the messages wait on either side
    constexpr int moment = 100;           // milliseconds
    socket_.set(zmq::sockopt::sndhwm, half);
    socket_.set(zmq::sockopt::rcvhwm, half);
    socket_.set(zmq::sockopt::sndtimeo, moment);
    socket_.set(zmq::sockopt::rcvtimeo, moment);
    const std::string address = "ipc://@" + setting.name;
    setting.self.writes() ? socket_.bind(address) : socket_.connect(address);
  }

  bool send(unsigned variant) {
    const zmq::const_buffer content(source_.variant(variant), source_.size());
    return socket_.send(content, zmq::send_flags::none).has_value();
  }
  bool receive(delivery& into) {
    const auto got =
        socket_.recv(zmq::mutable_buffer(into.buffer(), into.buffer_size()), zmq::recv_flags::none);
    if (!got) return false;
    into.take_copy(into.buffer(), got->untruncated_size);
    return true;
  }

 private:
  const payloads& source_;
  zmq::context_t context_;
  zmq::socket_t socket_;
};

}  // namespace

peer_build zeromq_ipc() {
  const auto [major, minor, patch] = zmq::version();
  return {fmt::format("{}.{}.{}", major, minor, patch), peer_stream<zeromq_end>};
}

}  // namespace shmfifo::million
