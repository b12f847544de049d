// SPDX-License-Identifier: MIT
#pragma once
// The gates' own test. In each of its executions one part of the core is slow on purpose, and the
// gate that judges this part must fail by the figures of this execution: a gate that compares
// another row would pass.

#include <array>
#include <string_view>
#include <variant>
#include <vector>

#include "actors.hpp"
#include "gates.hpp"

namespace shmfifo::million {

// The rows of a stream of the core.
struct slow_stream {
  mode way;
  kind what;
  friend bool operator==(const slow_stream&, const slow_stream&) = default;
};
// What is measured once, after all executions.
struct slow_idling {
  friend bool operator==(const slow_idling&, const slow_idling&) = default;
};

struct slowness {
  std::string_view gate;  // that must notice it
  std::variant<slow_stream, probe, slow_idling> part;
};

// Every gate once, by execution. Only the gate of the slowest row sees the log while it is read.
inline constexpr std::array<slowness, 26> slownesses{{
    {"slowest_row", slow_stream{mode::log_live, kind::structured}},
    {"ring_text_vs_bare_ring", slow_stream{mode::ring_live, kind::text}},
    {"ring_1024_vs_bare_ring", slow_stream{mode::ring_live, kind::block_1024}},
    {"many_text_vs_bare_ring", slow_stream{mode::ring_live_many, kind::text}},
    {"many_1024_vs_bare_ring", slow_stream{mode::ring_live_many, kind::block_1024}},
    {"ring_text_vs_original_live", slow_stream{mode::ring_live, kind::text}},
    {"log_text_vs_copy_loop", slow_stream{mode::log_phases, kind::text}},
    {"log_structured_vs_copy_loop", slow_stream{mode::log_phases, kind::structured}},
    {"round_trip_8_vs_ping_pong", probe::round_trip_8},
    {"round_trip_133_vs_ping_pong", probe::round_trip_133},
    {"ring_8_vs_flag_lines", slow_stream{mode::ring_live, kind::word_8}},
    {"ring_64_vs_flag_lines", slow_stream{mode::ring_live, kind::block_64}},
    {"ring_text_vs_flag_lines", slow_stream{mode::ring_live, kind::text}},
    {"ring_1024_vs_flag_lines", slow_stream{mode::ring_live, kind::block_1024}},
    {"many_8_vs_ring", slow_stream{mode::ring_live_many, kind::word_8}},
    {"many_text_vs_ring", slow_stream{mode::ring_live_many, kind::text}},
    {"many_1024_vs_ring", slow_stream{mode::ring_live_many, kind::block_1024}},
    {"batch_8_vs_publish", slow_stream{mode::ring_batch, kind::word_8}},
    {"batch_text_vs_publish", slow_stream{mode::ring_batch, kind::text}},
    {"claim_text_vs_publish", slow_stream{mode::ring_claim, kind::text}},
    {"two_producers_text_vs_ring", slow_stream{mode::ring_two_producers, kind::text}},
    {"two_consumers_text_vs_ring", slow_stream{mode::ring_two_consumers, kind::text}},
    {"publish_200_sleepers_vs_1", probe::publish_sleepers_200},
    {"full_ring_publish_vs_plain", probe::full_ring_publish},
    {"idle_consumer_cpu_percent", slow_idling{}},
    {"idle_200_cpu_percent", slow_idling{}},
}};

// Whether this part is slow in this execution; false where no self-test was asked for.
template <class Part>
[[nodiscard]] bool is_slow(const run_options& options, std::uint32_t execution,
                           const Part& part) noexcept {
  if (!options.self_test || execution >= slownesses.size()) return false;
  const Part* now = std::get_if<Part>(&slownesses[execution].part);
  return now != nullptr && *now == part;
}

// The gates as the execution of their slowness has them, in the order of `slownesses`.
[[nodiscard]] std::vector<gate> judge_self_test(const results& found);

// The gates that passed although what they judge was slow.
[[nodiscard]] std::vector<std::string> unnoticed(const results& found);

}  // namespace shmfifo::million
