// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "report.hpp"

namespace shmfifo::million {
namespace {

using nlohmann::json;

json row_of(const results& found, const sample& s) {
  json row = {{"kind", to_string(s.key.what)},
              {"role", to_string(s.key.part)},
              {"mode", to_string(s.key.way)},
              {"execution", s.execution + 1},
              {"ms", s.ms},
              {"chunk_ms", nullptr},
              {"messages_per_second", nullptr}};
  if (is_stream(s.key)) {
    row["chunk_ms"] = s.chunk_ms;
    row["messages_per_second"] = static_cast<double>(found.messages) / s.ms * 1000;
  }
  return row;
}

json latency_of(const results& found, probe what) {
  json all = json::array();
  for (const latency& l : found.latencies) {
    if (l.what != what) continue;
    all.push_back({{"execution", l.execution + 1}, {"p50", l.p50_ns}, {"p99", l.p99_ns}});
  }
  return all;
}

}  // namespace

std::string write_file(const std::string& file, const std::string& text) {
  std::ofstream stream(file);
  stream << text << '\n';
  stream.close();
  return stream ? "" : fmt::format("cannot write {}: {}", file, std::strerror(errno));
}

std::string write_json(const std::string& file, const results& found,
                       const std::vector<gate>& gates, bool strict) {
  json out = {{"messages", found.messages},
              {"executions", found.executions},
              {"strict", strict},
              {"rows", json::array()},
              {"baselines", json::array()},
              {"gates", json::array()},
              {"passed", all_passed(gates)},
              {"ping_pong_ns", found.p50s(probe::ping_pong)},
              {"latency_ns", json::object()},
              {"idle_cpu_percent", found.idle_cpu_percent},
              {"idle_cpu_percent_200", found.idle_cpu_percent_200},
              {"publish_sleepers_ns", json::object()},
              {"full_ring_publish_ns", median(found.p50s(probe::full_ring_publish))},
              {"machine",
               {{"processors", found.machine.processors},
                {"load_average_before", found.machine.load_average_before},
                {"load_average_after", found.machine.load_average_after},
                {"steal_percent", found.machine.steal_percent},
                {"others_percent", found.machine.others_percent},
                {"ping_pong_ns", median(found.p50s(probe::ping_pong))}}}};
  for (const sample& s : found.samples) {
    json row = row_of(found, s);
    if (s.key.who == subject::core) {
      out["rows"].push_back(std::move(row));
    } else {
      row["system"] = to_string(s.key.who);
      out["baselines"].push_back(std::move(row));
    }
  }
  for (std::size_t i = 0; i < probe_names.size(); ++i) {
    out["latency_ns"][std::string(probe_names[i])] = latency_of(found, static_cast<probe>(i));
  }
  for (const sleepers& which : sleeper_probes) {
    out["publish_sleepers_ns"][std::to_string(which.count)] = median(found.p50s(which.what));
  }
  out["seed_short_reads"] = found.original_short_reads;
  for (const gate& g : gates) {
    out["gates"].push_back({{"name", g.name},
                            {"value", g.value},
                            {"whole", g.whole},
                            {"threshold", g.threshold},
                            {"passed", g.passed},
                            {"sense", g.direction == sense::at_least ? "at_least" : "at_most"},
                            {"target", g.target},
                            {"target_reached", g.target_reached},
                            {"what", g.what},
                            {"row", g.row}});
  }
  return write_file(file, out.dump(2));
}

}  // namespace shmfifo::million
