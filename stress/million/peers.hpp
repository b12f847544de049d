// SPDX-License-Identifier: MIT
#pragma once
// Queues of others that Debian packages, compared with the core's ring for one producer. Each is
// measured in turn with the core by the same two processes. Nothing here is judged but that every
// message comes as it was sent.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "peer_stream.hpp"

namespace shmfifo::million {

struct peer_build {
  std::string version;
  stream_rate (*stream)(const peer_setting&);
};

// Each is defined in the folder peers, and a null address where its package is not installed.
[[gnu::weak]] peer_build boost_lockfree();
[[gnu::weak]] peer_build boost_message_queue();
[[gnu::weak]] peer_build ck_ring_spsc();
[[gnu::weak]] peer_build dpdk_ring();
[[gnu::weak]] peer_build libqb_ring();
[[gnu::weak]] peer_build zeromq_ipc();
[[gnu::weak]] peer_build nng_ipc();

struct peer {
  std::string_view name;
  std::string_view package;
  peer_build (*build)();
  std::int64_t slowness;  // it gets one of so many messages, so that a run does not take minutes
};
inline const std::array<peer, 7> peers{{
    {"boost_lockfree", "libboost-dev", boost_lockfree, 1},
    {"ck_ring_spsc", "libck-dev", ck_ring_spsc, 1},
    {"dpdk_ring", "libdpdk-dev", dpdk_ring, 1},
    {"libqb_ring", "libqb-dev", libqb_ring, 1},
    {"boost_message_queue", "libboost-dev", boost_message_queue, 5},
    {"zeromq_ipc", "cppzmq-dev", zeromq_ipc, 10},
    {"nng_ipc", "libnng-dev", nng_ipc, 20},
}};
inline constexpr std::array peer_kinds{kind::word_8, kind::block_64, kind::text, kind::block_1024};

struct peer_round {
  stream_rate of_peer;
  stream_rate of_core;
};

// A line of the table.
struct peer_row {
  std::string_view name;
  std::string version;
  kind what = kind::text;
  std::int64_t messages = 0;       // through the peer; the core has those of the run
  std::vector<peer_round> rounds;  // by execution
};

// The core's ring in the place of a peer.
[[nodiscard]] stream_rate core_ring_stream(const peer_setting& setting);

// Appends a row for each peer that is built and each of its kinds.
[[nodiscard]] run_outcome measure_peers(const run_options& options, std::vector<peer_row>& rows);

void print_peers(const std::vector<peer_row>& rows, const run_options& options);
// Returns an error text, empty if it succeeds.
[[nodiscard]] std::string write_peers(const std::string& file, const std::vector<peer_row>& rows,
                                      const run_options& options);

}  // namespace shmfifo::million
