// SPDX-License-Identifier: MIT
// shmfifo stat: who is attached, alive or dead according to the kernel, how far behind, and who
// holds producers back. Observers do not appear: they own nothing in a segment, and so can
// block nobody.

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>

#include "commands.hpp"
#include "geometry_options.hpp"
#include "metrics.hpp"
#include "parse_number.hpp"
#include "stop_signal.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

constexpr const char* stat_help_end =
    "States: alive and dead are the kernel's word (a lock that ends with the process);\n"
    "away: a durable cursor whose owner left in good order. Observers own nothing, so they do "
    "not appear.";

struct stat_settings {
  target which;
  double seconds = 1;
  std::string watch;  // the word behind --watch, if any
  bool openmetrics = false;
};

// A durable cursor whose owner left in good order is neither alive nor dead.
std::string state_of(const participant_stat& one) {
  if (one.alive) return "alive";
  return one.kind == participant_kind::durable && one.pid == 0 ? "away" : "dead";
}

fields to_fields(const segment_stat& stat) {
  fields participants = fields::array();
  for (const participant_stat& one : stat.participants) {
    fields entry = {{"line", one.index},
                    {"kind", word_for(participant_words, one.kind)},
                    {"state", state_of(one)},
                    {"alive", one.alive},
                    {"pid", one.pid}};
    if (one.kind != participant_kind::producer) {
      entry.update({{"cursor", one.cursor}, {"lag", one.lag}, {"holds_back", one.holds_back}});
    }
    if (one.kind == participant_kind::durable) entry["name"] = one.name;
    participants.push_back(std::move(entry));
  }
  return {{"name", stat.name},
          {"uid", fmt::format("{:016x}", stat.uid)},
          {"created_ns", stat.created_ns},
          {"mode", word_for(mode_words, stat.shape.mode)},
          {"when_full", word_for(policy_words, stat.shape.when_full)},
          {"producers_role", word_for(role_words, stat.shape.producers)},
          {"slots", stat.shape.slot_count},
          {"content_size", stat.shape.content_size},
          {"segment_size", stat.segment_size},
          {"huge_bytes", stat.huge_bytes},
          {"producer_cursor", stat.producer_cursor},
          {"oldest", stat.oldest},
          {"participants", std::move(participants)}};
}

void print_text(const segment_stat& stat) {
  const auto created = static_cast<std::time_t>(stat.created_ns / 1'000'000'000);
  std::string text = fmt::format("{}: {}; {} bytes, created {:%F %T}\n", printable(stat.name),
                                 describe(stat.shape), stat.segment_size, fmt::localtime(created));
  if (stat.huge_bytes != 0) text += fmt::format("in huge pages: {} bytes\n", stat.huge_bytes);
  text += fmt::format("next number {}, oldest {}\n", stat.producer_cursor, stat.oldest);
  constexpr const char* line = "{:>4}  {:<8}  {:<5}  {:>8}  {:>14}  {:>10}  {}\n";
  text += fmt::format(line, "LINE", "KIND", "STATE", "PID", "CURSOR", "LAG", "NAME");
  for (const participant_stat& one : stat.participants) {
    const bool reads = one.kind != participant_kind::producer;
    text +=
        fmt::format(line, one.index, word_for(participant_words, one.kind), state_of(one), one.pid,
                    reads ? std::to_string(one.cursor) : "-", reads ? std::to_string(one.lag) : "-",
                    printable(one.name) + (one.holds_back ? " (holds producers back)" : ""));
  }
  print_now(text);
}

result<segment_stat> look_at(const target& which) {
  auto home = segment::attach(which.name, reading(which.owner, which.directory));
  if (!home) return home.error();
  return home->stat();
}

void show(const stat_settings& settings, bool json) {
  // Attached anew each time: a segment of this name may have been replaced.
  const segment_stat stat = need(look_at(settings.which));
  if (json) {
    print_json(to_fields(stat));
  } else {
    print_text(stat);
  }
}

std::vector<observed_segment> observe_all(const target& where) {
  std::vector<observed_segment> all;
  for (const std::string& name : need(list_segments(where.directory))) {
    auto stat = look_at({name, where.owner, where.directory});
    if (stat) {
      all.push_back({name, std::move(stat).value()});
    } else if (stat.error().code != ENOENT) {  // else it was removed a moment ago
      all.push_back({name, {}});
    }
  }
  return all;
}

int print_metrics(const target& which) {
  std::vector<observed_segment> all;
  if (which.name.empty()) {
    all = observe_all(which);
  } else {
    all.push_back({bare_name(which.name), need(look_at(which))});
  }
  print_now(metrics_text(all));
  return exit_ok;
}

int look(const stat_settings& settings, bool watching, bool json) {
  if (!watching) {
    show(settings, json);
    return exit_ok;
  }
  stop_signal::install();
  const bool screen = !json && ::isatty(STDOUT_FILENO) == 1;
  while (!stop_signal::requested()) {
    if (screen) write_output("\x1b[H\x1b[2J");
    show(settings, json);
    stop_signal::sleep(std::chrono::duration<double>(settings.seconds));
    if (!json && !screen) write_output("\n");
  }
  return exit_ok;
}

// The value of --watch may be left out, so the word behind it may be the segment's name.
void sort_out_words(stat_settings& settings) {
  const std::string& word = settings.watch;
  if (const auto seconds = parse_number<double>(word)) {
    if (std::isnan(*seconds) || *seconds < 0.01 || *seconds > 86400) {
      throw usage_error("--watch: " + word + " seconds are not between 0.01 and 86400");
    }
    settings.seconds = *seconds;
  } else if (settings.which.name.empty()) {
    settings.which.name = word;
  } else if (!word.empty()) {
    throw usage_error("--watch: '" + word + "' is no number of seconds");
  }
  if (settings.which.name.empty()) throw usage_error("NAME is required (but for --openmetrics)");
}

}  // namespace

command_entry add_stat(CLI::App& program, bool& json) {
  auto settings = std::make_shared<stat_settings>();
  CLI::App* app =
      add_command(program, "stat", "show who is attached, how far behind, who is in the way", json,
                  stat_help_end);
  settings->which.add_to(*app)->required(false);
  CLI::Option* watch = app->add_option("--watch", settings->watch,
                                       "show again every SECONDS (1) until a signal comes")
                           ->expected(0, 1)
                           ->type_name("[SECONDS]");
  app->add_flag("--openmetrics", settings->openmetrics,
                "print metrics for Prometheus, of all segments without a NAME")
      ->excludes(watch)
      ->excludes(app->get_option("--json"));
  return {app, [settings, watch, &json] {
            if (settings->openmetrics) return print_metrics(settings->which);
            sort_out_words(*settings);
            return look(*settings, watch->count() != 0, json);
          }};
}

}  // namespace shmfifo::apps
