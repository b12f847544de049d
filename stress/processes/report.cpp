// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace shmfifo::stress {
namespace {

constexpr double plain_every_s = 5;
constexpr double rate_over_s = 0.5;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void write_file(const std::string& path, const std::string& text) {
  if (path == "-") {
    fmt::print("{}\n", text);
    return;
  }
  std::ofstream file(path);
  file << text << '\n';
  file.flush();
  if (!file) throw std::runtime_error("cannot write '" + path + "'");
}

}  // namespace

progress_line::progress_line(std::uint64_t messages)
    : messages_(messages), terminal_(::isatty(STDERR_FILENO) == 1) {}

void progress_line::show(const harness::progress& now) {
  if (now.seconds - rate_at_ >= rate_over_s) {
    rate_ = static_cast<double>(now.sent - rate_sent_) / (now.seconds - rate_at_);
    rate_at_ = now.seconds;
    rate_sent_ = now.sent;
  }
  if (!terminal_ && now.seconds - shown_at_ < plain_every_s) return;
  shown_at_ = now.seconds;
  const double left = static_cast<double>(messages_ - std::min(messages_, now.sent));
  const std::string eta = rate_ > 0 ? fmt::format("{:.0f} s left", left / rate_) : "no progress";
  fmt::print(stderr, "{}{:5.1f} %  {:.2f} M msg/s  {} kills  {} pauses  lag {}  {}{}",
             terminal_ ? "\r" : "",
             100.0 * static_cast<double>(now.sent) /
                 static_cast<double>(std::max<std::uint64_t>(1, messages_)),
             rate_ / 1e6, now.kills, now.pauses, now.lag, eta, terminal_ ? "   " : "\n");
  std::fflush(stderr);
}

void progress_line::finish() {
  if (terminal_) fmt::print(stderr, "\r{:78}\r", "");
}

void totals::add(const harness::run_result& round) {
  ++rounds;
  const harness::judge_figures& more = round.figures;
  figures.sent += more.sent;
  figures.in_doubt += more.in_doubt;
  figures.delivered += more.delivered;
  figures.redelivered += more.redelivered;
  figures.aborted += more.aborted;
  figures.lost += more.lost;
  figures.kills += more.kills;
  figures.stops += more.stops;
  figures.restarts += more.restarts;
  figures.fulls += more.fulls;
  figures.timeouts += more.timeouts;
  run_seconds += round.end.seconds;
  judge_seconds += round.judge_seconds;
  history_bytes_max = std::max(history_bytes_max, round.logs->bytes_used());
}

double totals::rate() const {
  return run_seconds > 0 ? static_cast<double>(figures.sent) / run_seconds : 0;
}

void print(const report& all) {
  const harness::judge_figures& sum = all.sums.figures;
  fmt::print(
      "{} {}x{}+{}: {} messages sent, {} delivered ({} again), {} aborted, {} lost, {} in doubt\n"
      "  {} kills, {} pauses, {} restarts; {} times full, {} timed out; {} round(s), {:.2f} s, "
      "{:.2f} M msg/s; judged in {:.2f} s, histories {} MB; last look {} ms\n",
      all.queue, all.command.producers, all.command.consumers, all.command.observers, sum.sent,
      sum.delivered, sum.redelivered, sum.aborted, sum.lost, sum.in_doubt, sum.kills, sum.stops,
      sum.restarts, sum.fulls, sum.timeouts, all.sums.rounds, all.sums.run_seconds,
      all.sums.rate() / 1e6, all.sums.judge_seconds, all.sums.history_bytes_max >> 20,
      all.command.last_look_ms);
  fmt::print("{}\n", all.judged.text());
  if (!all.judged.ok()) fmt::print("replay: {}\n", all.replay);
}

void write_json(const report& all, const std::string& path) {
  const harness::judge_figures& sum = all.sums.figures;
  const nlohmann::ordered_json json = {{"queue", all.queue},
                                       {"verdict", harness::to_string(all.judged.answer)},
                                       {"rule", harness::to_string(all.judged.broken)},
                                       {"guarantee", harness::guarantee_of(all.judged.broken)},
                                       {"excerpt", all.judged.excerpt},
                                       {"seed", all.command.seed},
                                       {"replay", all.replay},
                                       {"producers", all.command.producers},
                                       {"consumers", all.command.consumers},
                                       {"observers", all.command.observers},
                                       {"faults", all.command.faults},
                                       {"rounds", all.sums.rounds},
                                       {"sent", sum.sent},
                                       {"delivered", sum.delivered},
                                       {"redelivered", sum.redelivered},
                                       {"aborted", sum.aborted},
                                       {"lost", sum.lost},
                                       {"in_doubt", sum.in_doubt},
                                       {"kills", sum.kills},
                                       {"pauses", sum.stops},
                                       {"restarts", sum.restarts},
                                       {"full", sum.fulls},
                                       {"timed_out", sum.timeouts},
                                       {"last_look_ms", all.command.last_look_ms},
                                       {"run_seconds", all.sums.run_seconds},
                                       {"messages_per_second", all.sums.rate()},
                                       {"judge_seconds", all.sums.judge_seconds},
                                       {"history_bytes", all.sums.history_bytes_max}};
  write_file(path, json.dump(2));
}

void write_junit(const report& all, const std::string& path) {
  const std::string name = fmt::format("{}_{}x{}_{}", all.queue, all.command.producers,
                                       all.command.consumers, all.command.faults);
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"shmfifo_stress\" tests=\"1\" failures=\"{}\" errors=\"{}\">\n"
      "  <testcase classname=\"stress\" name=\"{}\" time=\"{:.3f}\">\n",
      all.judged.answer == harness::outcome::violation ? 1 : 0,
      all.judged.answer == harness::outcome::unknown ? 1 : 0, escaped(name),
      all.sums.run_seconds + all.sums.judge_seconds);
  if (!all.judged.ok()) {
    const bool violation = all.judged.answer == harness::outcome::violation;
    text += fmt::format("    <{0} message=\"{1}\">{2}\nreplay: {3}</{0}>\n",
                        violation ? "failure" : "error", harness::to_string(all.judged.broken),
                        escaped(all.judged.text()), escaped(all.replay));
  }
  write_file(path, text + "  </testcase>\n</testsuite>");
}

int exit_code(harness::outcome answer) noexcept {
  switch (answer) {
    case harness::outcome::ok:
      return 0;
    case harness::outcome::violation:
      return 1;
    case harness::outcome::unknown:
      break;
  }
  return 3;
}

}  // namespace shmfifo::stress
