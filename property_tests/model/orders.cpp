// SPDX-License-Identifier: MIT
#include "orders.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shmfifo::model_tests {
namespace {

const char* name_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

// The orders one step below, for each kind of access.
std::vector<std::memory_order> one_step_weaker(const model::site_use& use) {
  using enum std::memory_order;
  switch (use.order) {
    case seq_cst:
      if (use.kind == model::access_kind::load) return {acquire};
      if (use.kind == model::access_kind::store) return {release};
      return {acq_rel};
    case acq_rel:
      return {acquire, release};
    case consume:
    case acquire:
    case release:
      return {relaxed};
    default:
      return {};
  }
}

void run_mutant(mutant& m, double seconds) {
  model::options wishes;
  wishes.seconds_max = seconds;
  wishes.shorten_executions = 0;
  wishes.site_names = model::core_site_names();
  wishes.site_overrides.resize(static_cast<std::size_t>(site::count));
  wishes.site_overrides[static_cast<std::size_t>(m.where)] = m.how;
  for (const core_test& test : all_tests()) {
    const model::result r = model::check(test.body, wishes);
    m.seconds += r.seconds;
    if (r.outcome == model::verdict::violation) {
      m.killed_by = test.name;
      m.by_what = r.reason.substr(0, r.reason.find(" ("));
      return;
    }
  }
}

}  // namespace

std::vector<mutant> make_mutants() {
  std::vector<mutant> mutants;
  for (std::size_t i = 0; i < model::core_site_uses.size(); ++i) {
    if (static_cast<site>(i) == site::operate) continue;  // a look from outside the protocol
    const model::site_use& use = model::core_site_uses[i];
    const auto add = [&](std::string change, model::site_override how) {
      mutants.push_back({static_cast<site>(i), std::move(change), how, "", "", 0});
    };
    if (use.kind == model::access_kind::fence) add("no fence", {std::nullopt, true, false});
    for (const std::memory_order weaker : one_step_weaker(use)) {
      add(fmt::format("{} -> {}", name_of(use.order), name_of(weaker)), {weaker, false, false});
    }
    if (use.kind == model::access_kind::update) add("load and store", {std::nullopt, false, true});
  }
  return mutants;
}

void run_mutants(std::vector<mutant>& mutants, double seconds_each, bool progress) {
  std::size_t done = 0;
  for (mutant& m : mutants) {
    run_mutant(m, seconds_each);
    ++done;
    if (progress) fmt::print(stderr, "\r{} of {} mutants", done, mutants.size());
  }
  if (progress) fmt::print(stderr, "\r{:40}\r", "");
}

}  // namespace shmfifo::model_tests
