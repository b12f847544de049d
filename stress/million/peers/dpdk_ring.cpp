// SPDX-License-Identifier: MIT
// DPDK's rte_ring for one producer and one consumer, put into shared memory. It needs neither huge
// pages nor rte_eal_init(). It is read in bursts, as its guide does.
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_version.h>

#include <array>

#include "bare_ring.hpp"
#include "peers.hpp"

namespace shmfifo::million {
namespace {

constexpr unsigned burst_max = 32;

template <std::size_t size>
class dpdk_end {
 public:
  static constexpr bool waits = false;

  dpdk_end(const peer_setting& setting, const payloads& source)
      : elements_(source), ring_(reinterpret_cast<rte_ring*>(setting.memory)) {
    constexpr unsigned flags = RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ;
    if (setting.self.writes() && rte_ring_init(ring_, "peer", ring_slots, flags) != 0) {
      setting.self.fail(fmt::format("{}: rte_ring_init failed", setting.peer));
    }
  }

  bool send(unsigned variant) {
    return rte_ring_sp_enqueue_elem(ring_, const_cast<element<size>*>(&elements_[variant]),
                                    sizeof(element<size>)) == 0;
  }
  bool receive(delivery& into) {
    const unsigned came = rte_ring_sc_dequeue_burst_elem(ring_, burst_.data(),
                                                         sizeof(element<size>), burst_max, nullptr);
    for (unsigned i = 0; i < came; ++i) into.take_copy(burst_[i].content, burst_[i].length);
    return came != 0;
  }

 private:
  static_assert(sizeof(element<size>) % 4 == 0, "what it copies are whole words");
  element_source<size> elements_;
  std::array<element<size>, burst_max> burst_;
  rte_ring* ring_;
};

}  // namespace

peer_build dpdk_ring() {
  return {fmt::format("{}.{:02}.{}", RTE_VER_YEAR, RTE_VER_MONTH, RTE_VER_MINOR),
          element_stream<dpdk_end>};
}

}  // namespace shmfifo::million
