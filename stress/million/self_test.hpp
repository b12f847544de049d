// SPDX-License-Identifier: MIT
#pragma once
// The gates' own test. In each of its executions one part of the core is slow on purpose, and the
// gate that judges this part must fail by the figures of this execution: a gate that compares
// another row would pass.

#include <array>
#include <string_view>
#include <vector>

#include "actors.hpp"
#include "gates.hpp"

namespace shmfifo::million {

enum class slow_part : std::uint8_t { stream, round_trip, idle_consumer };

struct slowness {
  std::string_view gate;  // that must notice it
  slow_part part = slow_part::stream;
  mode way = mode::log_phases;  // of a stream
  kind what = kind::text;       // of a stream or a round trip
};

// Every gate once, by execution. Only the gate of the slowest row sees the log while it is read.
// The consumer that waits is measured once, after all executions.
inline constexpr std::array<slowness, 11> slownesses{{
    {"slowest_row", slow_part::stream, mode::log_live, kind::structured},
    {"ring_text_vs_bare_ring", slow_part::stream, mode::ring_live, kind::text},
    {"ring_1024_vs_bare_ring", slow_part::stream, mode::ring_live, kind::block_1024},
    {"many_text_vs_bare_ring", slow_part::stream, mode::ring_live_many, kind::text},
    {"many_1024_vs_bare_ring", slow_part::stream, mode::ring_live_many, kind::block_1024},
    {"ring_text_vs_original_live", slow_part::stream, mode::ring_live, kind::text},
    {"log_text_vs_copy_loop", slow_part::stream, mode::log_phases, kind::text},
    {"log_structured_vs_copy_loop", slow_part::stream, mode::log_phases, kind::structured},
    {"round_trip_8_vs_ping_pong", slow_part::round_trip, {}, kind::word_8},
    {"round_trip_133_vs_ping_pong", slow_part::round_trip, {}, kind::text},
    {"idle_consumer_cpu_percent", slow_part::idle_consumer, {}, {}},
}};

// What is slow in this execution; false where no self-test was asked for.
[[nodiscard]] bool slow_stream(const run_options& options, std::uint32_t execution, mode way,
                               kind what) noexcept;
[[nodiscard]] bool slow_round_trip(const run_options& options, std::uint32_t execution,
                                   kind what) noexcept;

// The gates as the execution of their slowness has them, in the order of `slownesses`.
[[nodiscard]] std::vector<gate> judge_self_test(const results& found);

// The gates that passed although what they judge was slow.
[[nodiscard]] std::vector<std::string> unnoticed(const results& found);

}  // namespace shmfifo::million
