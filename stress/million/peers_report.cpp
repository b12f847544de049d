// SPDX-License-Identifier: MIT
// The comparison with the queues of others as text and as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "peers.hpp"
#include "report.hpp"

namespace shmfifo::million {
namespace {

using nlohmann::json;

struct peer_figures {
  stream_rate of_peer;  // medians over the executions
  stream_rate of_core;
  double ratio = 0;  // core / peer of each execution: the median and the extremes
  double ratio_min = 0;
  double ratio_max = 0;
};

template <class Figure>
std::vector<double> by_round(const peer_row& row, Figure&& figure) {
  std::vector<double> values;
  for (const peer_round& round : row.rounds) values.push_back(figure(round));
  return values;
}

peer_figures figures_of(const peer_row& row) {
  const auto middle = [&](auto&& figure) { return median(by_round(row, figure)); };
  const std::vector<double> ratios = by_round(
      row, [](const peer_round& round) { return round.of_core.whole / round.of_peer.whole; });
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  return {
      .of_peer = {middle([](const peer_round& round) { return round.of_peer.whole; }),
                  middle([](const peer_round& round) { return round.of_peer.median_chunk; })},
      .of_core = {middle([](const peer_round& round) { return round.of_core.whole; }),
                  middle([](const peer_round& round) { return round.of_core.median_chunk; })},
      .ratio = median(ratios),
      .ratio_min = *least,
      .ratio_max = *most,
  };
}

bool is_built(const std::vector<peer_row>& rows, std::string_view name) {
  return std::any_of(rows.begin(), rows.end(),
                     [name](const peer_row& row) { return row.name == name; });
}

void print_row(const peer_row& row) {
  const peer_figures figures = figures_of(row);
  fmt::print(
      "{:<20} {:<8} {:<10} {:>9} | {:>7.3f} {:>7.3f} | {:>7.3f} {:>7.3f} | {:>8.2f} {:>8.2f} "
      "{:>8.2f}\n",
      row.name, row.version, to_string(row.what), row.messages, figures.of_peer.whole / 1e6,
      figures.of_peer.median_chunk / 1e6, figures.of_core.whole / 1e6,
      figures.of_core.median_chunk / 1e6, figures.ratio, figures.ratio_min, figures.ratio_max);
}

}  // namespace

void print_peers(const std::vector<peer_row>& rows, const run_options& options) {
  fmt::print(
      "queues of others and the core's ring for one producer ({} messages), in turn; median "
      "of {} executions\n"
      "million messages a second: of the whole stream, of the median of its chunks; ratio "
      "core / peer of the whole\n\n"
      "{:<20} {:<8} {:<10} {:>9} | {:>7} {:>7} | {:>7} {:>7} | {:>8} {:>8} {:>8}\n",
      options.messages, options.executions, "peer", "version", "kind", "messages", "peer", "chunk",
      "core", "chunk", "ratio", "min", "max");
  for (const kind what : peer_kinds) {
    for (const peer_row& row : rows) {
      if (row.what == what) print_row(row);
    }
  }
  for (const peer& one : peers) {
    if (!is_built(rows, one.name))
      fmt::print("{:<20} not built: install {}\n", one.name, one.package);
  }
}

std::string write_peers(const std::string& file, const std::vector<peer_row>& rows,
                        const run_options& options) {
  json out = {{"messages", options.messages},
              {"executions", options.executions},
              {"peers", json::array()},
              {"not_built", json::array()}};
  for (const peer_row& row : rows) {
    const peer_figures figures = figures_of(row);
    out["peers"].push_back({{"name", row.name},
                            {"version", row.version},
                            {"kind", to_string(row.what)},
                            {"messages", row.messages},
                            {"messages_per_second", figures.of_peer.whole},
                            {"median_chunk_per_second", figures.of_peer.median_chunk},
                            {"core_messages_per_second", figures.of_core.whole},
                            {"core_median_chunk_per_second", figures.of_core.median_chunk},
                            {"ratio", figures.ratio},
                            {"ratio_min", figures.ratio_min},
                            {"ratio_max", figures.ratio_max}});
  }
  for (const peer& one : peers) {
    if (is_built(rows, one.name)) continue;
    out["not_built"].push_back({{"name", one.name}, {"package", one.package}});
  }
  return write_file(file, out.dump(2));
}

}  // namespace shmfifo::million
