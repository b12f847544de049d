// SPDX-License-Identifier: MIT
#include "results.hpp"

#include <algorithm>

namespace shmfifo::million {

std::vector<double> results::row(const row_key& key) const {
  std::vector<double> values;
  for (const sample& s : samples) {
    if (s.key == key) values.push_back(s.ms);
  }
  return values;
}

std::vector<double> results::chunks(const row_key& key) const {
  std::vector<double> values;
  for (const sample& s : samples) {
    if (s.key == key) values.push_back(s.chunk_ms);
  }
  return values;
}

std::vector<double> results::p50s(probe what) const {
  std::vector<double> values;
  for (const latency& l : latencies) {
    if (l.what == what) values.push_back(l.p50_ns);
  }
  return values;
}

std::vector<double> results::p99s(probe what) const {
  std::vector<double> values;
  for (const latency& l : latencies) {
    if (l.what == what) values.push_back(l.p99_ns);
  }
  return values;
}

results results::of_execution(std::uint32_t execution) const {
  results part = *this;
  const auto of_another = [execution](const auto& figure) { return figure.execution != execution; };
  std::erase_if(part.samples, of_another);
  std::erase_if(part.latencies, of_another);
  return part;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) ratios.push_back(a[i] / b[i]);
  return median(std::move(ratios));
}

}  // namespace shmfifo::million
