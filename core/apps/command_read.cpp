// SPDX-License-Identifier: MIT
// shmfifo tail and dump: messages for people to look at, read as an observer, which owns nothing in
// the segment and so can neither hold anybody back nor change anything.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "commands.hpp"
#include "stop_signal.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds slice{250};  // how long a wait may keep Ctrl-C waiting
constexpr std::chrono::milliseconds settle{20};  // for a claim to be committed, or found dead
constexpr std::int64_t everything = INT64_MAX;

enum class format : std::uint8_t { text, hex };
const choices<format> format_words{{"text", format::text}, {"hex", format::hex}};

struct read_settings {
  target which;
  std::string from;
  std::uint64_t last = 10;
  std::optional<std::int64_t> first;
  std::int64_t count = everything;
  double timeout = 0;
  std::uint64_t bytes = 0;
  format shown = format::text;
};

class printer {
 public:
  printer(const read_settings& settings, bool json) : settings_(settings), json_(json) {}

  void message(const record_view& record) const {
    auto bytes = record.bytes();
    if (settings_.bytes != 0)
      bytes = bytes.first(std::min<std::size_t>(bytes.size(), settings_.bytes));
    const bool hex = settings_.shown == format::hex;
    const std::string content = hex ? hexadecimal(bytes) : printable(bytes);
    if (json_) {
      print_json({{"number", record.message_number},
                  {"status", record.status},
                  {"length", record.value_length},
                  {hex ? "hex" : "text", content}});
    } else {
      const bool cut = bytes.size() < record.bytes().size();
      write_output(fmt::format("{} status={} length={} {}{}\n", record.message_number,
                               record.status, record.value_length, content, cut ? "..." : ""));
    }
  }

  void no_message(std::string_view why, std::int64_t first, std::int64_t count) const {
    if (json_) {
      print_json({{"number", first}, {"count", count}, {"no_message", why}});
    } else if (count == 1) {
      write_output(fmt::format("{} {}\n", first, why));
    } else {
      write_output(fmt::format("{} to {} {}\n", first, first + count - 1, why));
    }
  }

 private:
  const read_settings& settings_;
  bool json_;
};

std::int64_t next_number(const segment& home) {
  return need(home.stat()).producer_cursor;
}

int dump(const read_settings& settings, bool json) {
  const segment home = settings.which.attach_to_look();
  const printer out(settings, json);
  std::int64_t end = next_number(home);
  start_at start;  // at the oldest
  if (settings.first) start = start_at::at(*settings.first);
  std::optional<consumer> reader(need(home.attach_observer(start)));
  if (settings.count < end - reader->position()) end = reader->position() + settings.count;
  while (reader->position() < end) {
    const poll_result answer = reader->poll([&](const record_view& record) { out.message(record); },
                                            end - reader->position());
    if (answer.answer == status::ok) continue;
    if (answer.answer != status::empty) {
      out.no_message(to_string(answer.answer), answer.first, answer.count);
      continue;
    }
    if (reader->wait(clock::now() + settle) == status::ok) continue;
    // Claimed by a producer that lives and has not committed yet: told, and gone past.
    const std::int64_t open = reader->position();
    out.no_message("claimed", open, 1);
    reader.emplace(need(home.attach_observer(start_at::at(open + 1))));
  }
  return exit_ok;
}

start_at tail_start(const segment& home, const read_settings& settings) {
  if (!settings.from.empty()) {
    const from_option from = parse_from(settings.from);
    if (from.resume) throw usage_error("--from: an observer has no cursor");
    return from.start;
  }
  // What a lossless ring has released can still be looked at until it is overwritten.
  const auto back = static_cast<std::int64_t>(std::min(settings.last, home.shape().slot_count));
  return start_at::at(std::max<std::int64_t>(next_number(home) - back, 0));
}

int tail(const read_settings& settings, bool json) {
  const segment home = settings.which.attach_to_look();
  const printer out(settings, json);
  consumer reader = need(home.attach_observer(tail_start(home, settings)));
  stop_signal::install();
  std::int64_t left = settings.count;
  auto last_news = clock::now();
  while (left > 0 && !stop_signal::requested()) {
    const poll_result answer = reader.poll([&](const record_view& record) { out.message(record); },
                                           std::min(left, consumer::default_limit));
    if (answer.answer != status::empty) {
      if (answer.answer != status::ok) {
        out.no_message(to_string(answer.answer), answer.first, answer.count);
      }
      left -= answer.count;
      last_news = clock::now();
      continue;
    }
    flush_output();
    const status waited = reader.wait(clock::now() + slice);
    if (waited == status::ok) continue;
    if (waited == status::peer_dead && need(home.check_name()) == name_state::replaced) {
      throw failure(replaced(home.name()));
    }
    if (settings.timeout > 0 &&
        clock::now() - last_news >= std::chrono::duration<double>(settings.timeout)) {
      break;
    }
  }
  if (left > 0 && settings.count != everything && !stop_signal::requested()) {
    throw failure(
        {0, "timeout",
         fmt::format("'{}' brought no message for {} seconds; {} of {} were shown", home.name(),
                     settings.timeout, settings.count - left, settings.count)});
  }
  return exit_ok;
}

void add_shown(CLI::App& app, read_settings& settings) {
  add_choice(app, "--format", settings.shown, format_words,
             "text: printable ASCII, the rest as \\xNN; hex: two digits a byte")
      ->default_str("text");
  add_size(app, "--bytes", settings.bytes, "show at most so many bytes of each message; 0: all");
}

}  // namespace

command_entry add_tail(CLI::App& program, bool& json) {
  auto settings = std::make_shared<read_settings>();
  CLI::App* app = add_command(program, "tail", "show the last messages and follow new ones", json,
                              "An observer can be outrun: what was overwritten meanwhile is told "
                              "as lost.");
  settings->which.add_to(*app);
  CLI::Option* last = add_size(*app, "-n", settings->last, "start so many messages before the end")
                          ->default_str("10");
  app->add_option("--from", settings->from, "or start at: oldest, latest, a number")
      ->excludes(last);
  app->add_option("--count", settings->count,
                  "end after so many numbers (default: follow for ever)")
      ->check(CLI::PositiveNumber);
  add_amount(*app, "--timeout", settings->timeout, 1e6,
             "end after so many seconds without a message; 0: never");
  add_shown(*app, *settings);
  return {app, [settings, &json] { return tail(*settings, json); }};
}

command_entry add_dump(CLI::App& program, bool& json) {
  auto settings = std::make_shared<read_settings>();
  CLI::App* app = add_command(program, "dump", "print a range of messages", json);
  settings->which.add_to(*app);
  app->add_option("--first", settings->first, "the first number (default: the oldest)")
      ->check(CLI::NonNegativeNumber);
  app->add_option("--count", settings->count, "how many numbers (default: up to the newest)")
      ->check(CLI::PositiveNumber);
  add_shown(*app, *settings);
  return {app, [settings, &json] { return dump(*settings, json); }};
}

}  // namespace shmfifo::apps
