// SPDX-License-Identifier: MIT
// nng over a socket in Linux's abstract namespace, so no socket file can be left behind. PAIR is
// the faster protocol for two, as both its ends have a buffer. Its own threads run on the processor
// of their process.
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>

#include "bare_ring.hpp"
#include "peers.hpp"

namespace shmfifo::million {
namespace {

class nng_end {
 public:
  static constexpr bool waits = true;

  nng_end(const peer_setting& setting, const payloads& source)
      : setting_(setting), source_(source) {
    constexpr int half = ring_slots / 2;  // of the messages wait on either side
    const std::string address = "abstract://" + setting.name;
    const bool writes = setting.self.writes();
    require(nng_pair0_open(&socket_));
    require(nng_socket_set_ms(socket_, writes ? NNG_OPT_SENDTIMEO : NNG_OPT_RECVTIMEO, 100));
    require(nng_socket_set_int(socket_, writes ? NNG_OPT_SENDBUF : NNG_OPT_RECVBUF, half));
    require(writes ? nng_listen(socket_, address.c_str(), nullptr, 0)
                   : nng_dial(socket_, address.c_str(), nullptr, 0));
  }
  nng_end(const nng_end&) = delete;
  nng_end& operator=(const nng_end&) = delete;
  ~nng_end() { nng_close(socket_); }

  bool send(unsigned variant) {
    // It takes a pointer to what it does not change.
    auto* const content = const_cast<std::byte*>(source_.variant(variant));
    return succeeded(nng_send(socket_, content, source_.size(), 0));
  }
  bool receive(delivery& into) {
    std::size_t length = into.buffer_size();
    if (!succeeded(nng_recv(socket_, into.buffer(), &length, 0))) return false;
    into.take_copy(into.buffer(), length);
    return true;
  }

 private:
  void require(int error) {
    if (error != 0) setting_.self.fail(fmt::format("{}: {}", setting_.peer, nng_strerror(error)));
  }
  bool succeeded(int error) {
    if (error != NNG_ETIMEDOUT) require(error);
    return error == 0;
  }

  const peer_setting& setting_;
  const payloads& source_;
  nng_socket socket_{};
};

}  // namespace

peer_build nng_ipc() {
  return {nng_version(), peer_stream<nng_end>};
}

}  // namespace shmfifo::million
