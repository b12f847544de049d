// SPDX-License-Identifier: MIT
#include "property.hpp"

#include <rapidcheck/detail/Configuration.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

namespace rc::detail {
TestResult reproduceProperty(const Property& property, const Reproduce& reproduce);
}

namespace shmfifo::property_tests {
namespace {

constexpr std::uint64_t seed_of_ci = 1;

std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    const char* wish = std::getenv("SHMFIFO_SEED");
    if (wish == nullptr) return seed_of_ci;
    if (std::string(wish) != "fresh") return static_cast<std::uint64_t>(std::stoull(wish));
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  return chosen;
}

int scaled(int runs) {
  const char* factor = std::getenv("SHMFIFO_RUNS");
  return factor == nullptr ? runs : static_cast<int>(runs * std::stod(factor));
}

std::string test_id() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  return std::string(info->test_suite_name()) + "." + info->name();
}

rc::detail::Reproduce parse_replay(const std::string& text) {
  const auto config = rc::detail::configFromString("reproduce=" + text);
  if (config.reproduce.empty()) throw std::runtime_error("'" + text + "' replays nothing");
  return config.reproduce.begin()->second;
}

std::string replay_text(const rc::detail::FailureResult& failure) {
  rc::detail::Configuration config;
  config.reproduce[test_id()] = failure.reproduce;
  const std::string text = rc::detail::configToMinimalString(config);
  const std::string key = "reproduce=";
  const auto at = text.find(key) + key.size();
  return text.substr(at, text.find(' ', at) - at);
}

// Counterexamples found by RapidCheck in the past and kept by hand: one replay text per line.
std::vector<std::string> kept_replays() {
  std::vector<std::string> lines;
  std::ifstream file(regressions_folder() + "/" + test_id() + ".replay");
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  }
  return lines;
}

void report(const rc::detail::FailureResult& failure) {
  std::ostringstream text;
  text << "falsified after " << failure.numSuccess + 1 << " inputs and "
       << failure.reproduce.shrinkPath.size() << " steps of shrinking; seed " << seed() << "\n";
  for (const auto& [name, value] : failure.counterExample) text << name << ":\n" << value << "\n";
  text << failure.description << "\n\nreplay it:\n  SHMFIFO_REPLAY='" << replay_text(failure)
       << "' " << ::testing::internal::GetArgvs().front() << " --gtest_filter=" << test_id()
       << "\nkeep it: that text as a line of property_tests/regressions/" << test_id()
       << ".replay\n";
  ADD_FAILURE() << text.str();
}

// True if it held.
bool judge(const rc::detail::TestResult& result, outcome& sum) {
  if (rc::detail::FailureResult failure; result.match(failure)) {
    report(failure);
    return false;
  }
  if (rc::detail::SuccessResult success; result.match(success)) {
    sum.runs += success.numSuccess;
    for (const auto& [tags, count] : success.distribution) {
      // Each tag is a string as RapidCheck shows it: in quotation marks.
      for (const auto& tag : tags) sum.tags[tag.substr(1, tag.size() - 2)] += count;
    }
    return true;
  }
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  ADD_FAILURE() << text.str();
  return false;
}

class quiet_listener : public rc::detail::TestListener {
 public:
  void onTestCaseFinished(const rc::detail::CaseDescription&) override {}
  void onShrinkTried(const rc::detail::CaseDescription&, bool) override {}
  void onTestFinished(const rc::detail::TestMetadata&, const rc::detail::TestResult&) override {}
};

}  // namespace

outcome expect_holds(const std::function<void()>& property, int runs, int size_max) {
  const auto checked = rc::detail::toProperty([&property] { property(); });
  outcome sum;
  if (const char* replay = std::getenv("SHMFIFO_REPLAY")) {
    judge(rc::detail::reproduceProperty(checked, parse_replay(replay)), sum);
    return sum;
  }
  for (const std::string& kept : kept_replays()) {
    if (!judge(rc::detail::reproduceProperty(checked, parse_replay(kept)), sum)) return sum;
  }
  rc::detail::TestParams params;
  params.seed = seed();
  params.maxSuccess = scaled(runs);
  params.maxSize = size_max;
  params.disableShrinking = std::getenv("SHMFIFO_NO_SHRINK") != nullptr;
  quiet_listener quiet;
  judge(rc::detail::checkProperty(checked, {test_id(), test_id()}, params, quiet, {}), sum);
  std::cout << "seed " << seed() << ", " << sum.runs << " inputs\n";
  return sum;
}

std::string regressions_folder() {
  return SHMFIFO_REGRESSIONS;
}

}  // namespace shmfifo::property_tests
