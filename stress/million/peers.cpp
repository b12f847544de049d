// SPDX-License-Identifier: MIT
#include "peers.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace shmfifo::million {
namespace {

constexpr unsigned passes = 2;                             // core, peer, core, peer
constexpr std::size_t memory_size = std::size_t{4} << 20;  // of the largest queue
constexpr std::int64_t messages_min = 1000;

// Shared by the two processes and their parent; the reader fills it in.
struct peer_findings {
  peer_round rounds[executions_max][peer_kinds.size()][peers.size()];
};

std::int64_t messages_of(const peer& one, const run_options& options) {
  return std::max(options.messages / one.slowness, std::min(options.messages, messages_min));
}

// The rate of all passes together is that of their mean time.
void add(stream_rate& sum, const stream_rate& rate) {
  sum.whole += 1 / rate.whole / passes;
  sum.median_chunk += 1 / rate.median_chunk / passes;
}
stream_rate inverse(const stream_rate& sum) {
  return {1 / sum.whole, 1 / sum.median_chunk};
}

peer_round measure(actor& self, std::byte* memory, const peer& one, kind what) {
  peer_round sum;
  for (unsigned pass = 0; pass < passes; ++pass) {
    add(sum.of_core, core_ring_stream({.self = self,
                                       .memory = memory,
                                       .peer = "core",
                                       .name = self.next_name(),
                                       .what = what,
                                       .messages = self.options().messages}));
    if (self.writes()) std::memset(memory, 0, memory_size);
    add(sum.of_peer, one.build().stream({.self = self,
                                         .memory = memory,
                                         .peer = one.name,
                                         .name = self.next_name(),
                                         .what = what,
                                         .messages = messages_of(one, self.options())}));
  }
  return {inverse(sum.of_peer), inverse(sum.of_core)};
}

void measure_all(actor& self, std::byte* memory, peer_findings& found) {
  for (std::uint32_t execution = 0; execution < self.options().executions; ++execution) {
    for (std::size_t k = 0; k < peer_kinds.size(); ++k) {
      for (std::size_t p = 0; p < peers.size(); ++p) {
        if (peers[p].build == nullptr) continue;
        self.step(fmt::format("execution {}: {}, {}", execution + 1, peers[p].name,
                              to_string(peer_kinds[k])));
        const peer_round round = measure(self, memory, peers[p], peer_kinds[k]);
        if (!self.writes()) found.rounds[execution][k][p] = round;
      }
    }
  }
}

std::uint32_t steps_of(const run_options& options) {
  const auto built = std::count_if(peers.begin(), peers.end(),
                                   [](const peer& one) { return one.build != nullptr; });
  return std::max(1U, options.executions * static_cast<std::uint32_t>(peer_kinds.size()) *
                          static_cast<std::uint32_t>(built));
}

void collect(const peer_findings& found, const run_options& options, std::vector<peer_row>& rows) {
  for (std::size_t p = 0; p < peers.size(); ++p) {
    if (peers[p].build == nullptr) continue;
    for (std::size_t k = 0; k < peer_kinds.size(); ++k) {
      peer_row row{.name = peers[p].name,
                   .version = peers[p].build().version,
                   .what = peer_kinds[k],
                   .messages = messages_of(peers[p], options),
                   .rounds = {}};
      for (std::uint32_t execution = 0; execution < options.executions; ++execution) {
        row.rounds.push_back(found.rounds[execution][k][p]);
      }
      rows.push_back(std::move(row));
    }
  }
}

}  // namespace

stream_rate delivery::rate() const {
  const timing times = watch_->finish();
  const double messages = static_cast<double>(setting_.messages) * 1000;
  return {messages / times.ms, messages / times.chunk_ms};
}

run_outcome measure_peers(const run_options& options, std::vector<peer_row>& rows) {
  auto* const memory = static_cast<std::byte*>(map_shared_memory(memory_size));
  auto& found = *new (map_shared_memory(sizeof(peer_findings))) peer_findings();
  run_outcome outcome = run_in_two_processes(
      options, steps_of(options), [&](actor& self) { measure_all(self, memory, found); });
  if (outcome.ok) collect(found, options, rows);
  ::munmap(&found, sizeof found);
  ::munmap(memory, memory_size);
  return outcome;
}

}  // namespace shmfifo::million
