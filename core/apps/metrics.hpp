// SPDX-License-Identifier: MIT
#pragma once
// What stat knows, for Prometheus: the text format that promtool checks and that node_exporter's
// textfile collector reads. OpenMetrics asks for two comments more (UNIT, EOF), which are here, but
// names a counter without _total in its TYPE line; node_exporter then takes the counter for
// untyped, and promtool misses its help. So the names are those of the older format. No timestamps:
// the textfile collector refuses them.

#include <optional>
#include <span>
#include <string>

#include "shmfifo/segment.hpp"

namespace shmfifo::apps {

struct observed_segment {
  std::string name;
  std::optional<segment_stat> stat;  // nothing: it breaks a rule, or may not be read
};

// Every family once, its samples together; names are made printable and escaped.
[[nodiscard]] std::string metrics_text(std::span<const observed_segment> segments);

}  // namespace shmfifo::apps
