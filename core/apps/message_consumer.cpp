// SPDX-License-Identifier: MIT
// Reads messages from a segment, in order, and says exactly what it got and what it did not get.
// It waits for the segment and for messages with a deadline: nothing received is a failure, never
// a success.

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>

#include "cli.hpp"
#include "geometry_options.hpp"
#include "message_kinds.hpp"
#include "pacer.hpp"
#include "progress.hpp"
#include "stop_signal.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds slice{250};  // how long a wait may keep Ctrl-C waiting
constexpr std::chrono::milliseconds retry{10};   // looking for the segment
constexpr const char* help_end = R"(
Numbers that are no message (aborted by a producer's death, lost to an overwriting ring, invalid
bytes) count towards --messages and are told one by one in the summary.

Exit codes: 0 everything asked for was read (with --messages 0: until a signal, or until no producer
              is left and nothing came for --timeout; at least one message);
            1 a wrong byte, a gap, an invalid message, a loss where none may be, too few messages,
              no segment or no message in time, or the segment was removed and made again and no
              producer is left in it (unless --follow-name); 2 usage.

Examples:
  message_consumer --name demo --messages 0 --verify           a live ring, until Ctrl-C
  message_consumer --name demo --cursor audit --messages 1000  goes on where `audit` stopped
  message_consumer --name feed --observer --from latest --print
  message_consumer --name feed --kind structured --verify --json
)";

struct stream_settings {
  std::string name = "shmfifo";
  message_kind kind = message_kind::text;
  std::uint64_t messages = 1'000'000;
  std::optional<std::int64_t> until;
  double rate = 0;
  std::uint64_t batch = 256;
  double timeout = 10;
  std::string from;
  std::string cursor;
  std::uint64_t content_size = 0;
  owner_rule owner;
  std::string directory;
  bool huge_pages = false;
  bool observer = false;
  bool follow_name = false;
  bool verify = false;
  bool numbered = false;
  bool print = false;
  bool json = false;
};

const choices<name_state> name_words{{"same", name_state::same},
                                     {"replaced", name_state::replaced},
                                     {"removed", name_state::removed}};

attach_options attaching(const stream_settings& settings) {
  attach_options options;
  options.mode = settings.observer ? access::read_only : access::read_write;
  options.owner = settings.owner;
  options.directory = settings.directory;
  options.huge_pages = settings.huge_pages;
  if (settings.content_size != 0) options.content_size = settings.content_size;
  return options;
}

result<consumer> attach_reader(const stream_settings& settings, const segment& home,
                               start_at start) {
  return settings.observer ? home.attach_observer(start)
                           : home.attach_consumer({settings.cursor, start});
}

class run {
 public:
  run(const stream_settings& settings, segment home, start_at start)
      : settings_(settings),
        home_(std::move(home)),
        reader_(need(attach_reader(settings, home_, start))),
        start_(reader_->position()),
        next_(start_),
        checker_(settings.kind, settings.numbered),
        pace_(settings.rate),
        progress_("consumed", total()) {}

  void consume_all() {
    const auto started = last_news_ = clock::now();
    while (error_.empty() && !ended_ && !stop_signal::requested() && left() != 0) {
      const std::uint64_t now = pace_.allow(std::min(settings_.batch, left()));
      if (now == 0) {
        stop_signal::sleep(pace_.pause());
        last_news_ = clock::now();  // our own slowness is nobody's failure
      } else {
        poll_some(static_cast<std::int64_t>(now));
      }
      if (progress_.due()) progress_.show(passed(), lag());
    }
    seconds_ = std::chrono::duration<double>(clock::now() - started).count();
    progress_.clear();
  }

  [[nodiscard]] int report() const {
    const bool complete = error_.empty() && (total() == 0 || left() == 0);
    fields summary = {
        {"name", home_.name()},
        {"segment", describe(home_.shape())},
        {"kind", word_for(kind_words, settings_.kind)},
        {"start", start_},
        {"messages", messages_},
        {"first", first_},
        {"last", last_},
        {"gaps", gaps_},
        {"aborted", aborted_},
        {"lost", lost_},
        {"invalid", invalid_},
        {"wrong", checker_.wrong()},
        {"bytes", bytes_},
        {"seconds", seconds_},
        {"messages_per_second", seconds_ > 0 ? static_cast<double>(messages_) / seconds_ : 0.0},
        {"verified", settings_.verify},
        {"segments", segments_},
        {"name_state", word_for(name_words, need(home_.check_name()))},
        {"stopped", stop_signal::requested()},
        {"complete", complete}};
    if (checker_.wrong() != 0) summary["first_wrong"] = checker_.first_wrong();
    if (!error_.empty()) summary["error"] = error_;
    print_summary(summary, settings_.json);
    const std::vector<std::string> found = complaints();
    for (const std::string& one : found) complain("message_consumer", one);
    return complete && found.empty() ? exit_ok : exit_failed;
  }

 private:
  [[nodiscard]] std::uint64_t passed() const { return messages_ + aborted_ + lost_ + invalid_; }
  // How many numbers to pass in all; 0: no end.
  [[nodiscard]] std::uint64_t total() const {
    if (!settings_.until) return settings_.messages;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(*settings_.until - start_ + 1, 0));
  }
  [[nodiscard]] std::uint64_t left() const {
    if (!settings_.until && settings_.messages == 0) return settings_.batch;
    return total() > passed() ? total() - passed() : 0;
  }

  void take(const record_view& record) {
    if (record.message_number != next_) ++gaps_;
    next_ = record.message_number + 1;
    if (messages_++ == 0) first_ = record.message_number;
    last_ = record.message_number;
    bytes_ += static_cast<std::uint64_t>(record.value_length);
    if (settings_.verify) static_cast<void>(checker_.check(record));
    if (settings_.print) {
      // Before the message is released: a process that is killed later has printed it, and what
      // cannot be printed stays where it is.
      print_now(fmt::format("{} {}\n", record.message_number,
                            describe_message(settings_.kind, record.bytes())));
    }
  }

  void poll_some(std::int64_t limit) {
    const poll_result answer =
        reader_->poll([this](const record_view& record) { take(record); }, limit);
    const auto count = static_cast<std::uint64_t>(answer.count);
    if (answer.answer == status::empty) {
      wait_for_news();
      return;
    }
    last_news_ = clock::now();
    pace_.used(count);
    if (answer.answer == status::ok) return;
    if (answer.first != next_) ++gaps_;
    next_ = answer.first + answer.count;
    if (answer.answer == status::aborted) aborted_ += count;
    if (answer.answer == status::lost) lost_ += count;
    if (answer.answer == status::invalid) invalid_ += count;
    if (count == 0) error_ = fmt::format("poll answered {}", to_string(answer.answer));
  }

  void wait_for_news() {
    const geometry& shape = home_.shape();
    if (shape.mode == segment_mode::log &&
        reader_->position() >= static_cast<std::int64_t>(shape.slot_count)) {
      end("the log ends here: all its slots were read");
      return;
    }
    const auto patience = std::chrono::duration_cast<clock::duration>(
        std::chrono::duration<double>(settings_.timeout));
    const auto limit = last_news_ + patience;
    const status answer = reader_->wait(std::min(clock::now() + slice, limit));
    if (answer == status::ok) return;
    const bool dead = answer == status::peer_dead;
    const name_state name = need(home_.check_name());
    if (name == name_state::replaced && settings_.follow_name) return follow();
    if (name == name_state::replaced && dead) return fail(replaced(home_.name()));
    if (clock::now() < limit) return;
    if (!dead && total() == 0 && messages_ != 0) {
      last_news_ = clock::now() + slice - patience;  // somebody lives who may publish yet
      return;
    }
    end(fmt::format("no message in '{}' for {} seconds, and {}", home_.name(), settings_.timeout,
                    why_none(dead, name)));
  }

  [[nodiscard]] std::string why_none(bool dead, name_state name) const {
    if (name != name_state::same) {
      return fmt::format("the name was {}: nobody can attach to this segment any more",
                         word_for(name_words, name));
    }
    return dead ? "no producer is attached: start `message_producer --name " + home_.name() + "`"
                : "yet a producer is alive: see `shmfifo stat " + home_.name() + "`";
  }

  // The removed segment has no more messages for now: goes on with the one that has its name.
  void follow() {
    auto home = segment::attach(settings_.name, attaching(settings_));
    if (!home && home.error().code == ENOENT) return;  // removed again
    if (!home) return fail(home.error());
    auto reader = attach_reader(settings_, *home, start_at::oldest());
    if (!reader) return fail(reader.error());
    home_ = std::move(*home);
    reader_.emplace(std::move(*reader));
    next_ = reader_->position();
    last_news_ = clock::now();
    ++segments_;
  }
  void fail(const error& why) { error_ = why.text; }

  // Nothing more will come: a failure if something is still missing.
  void end(std::string why) {
    ended_ = true;
    if (total() != 0 || messages_ == 0) error_ = std::move(why);
  }

  [[nodiscard]] std::vector<std::string> complaints() const {
    std::vector<std::string> found;
    if (!error_.empty()) found.push_back(error_);
    if (checker_.wrong() != 0) {
      found.push_back(fmt::format("{} messages are not as they were sent; first: {}",
                                  checker_.wrong(), checker_.first_wrong()));
    }
    if (gaps_ != 0) found.push_back(fmt::format("{} gaps in the numbers", gaps_));
    if (invalid_ != 0) {
      found.push_back(
          fmt::format("{} messages broke a rule of the segment: see `shmfifo verify {}`", invalid_,
                      home_.name()));
    }
    const bool lossless = home_.shape().gated() && !reader_->observer();
    if (lost_ != 0 && lossless) found.push_back(fmt::format("{} messages lost", lost_));
    if (stop_signal::requested() && total() != 0 && left() != 0) {
      found.push_back(fmt::format("stopped after {} of {} numbers", passed(), total()));
    }
    return found;
  }

  [[nodiscard]] std::optional<std::int64_t> lag() const {
    auto stat = home_.stat();
    if (!stat) return std::nullopt;
    return std::max<std::int64_t>(stat->producer_cursor - reader_->position(), 0);
  }

  const stream_settings& settings_;
  segment home_;
  std::optional<consumer> reader_;
  std::int64_t start_;
  std::int64_t next_;
  message_checker checker_;
  pacer pace_;
  progress progress_;
  clock::time_point last_news_;
  std::uint64_t segments_ = 1;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t aborted_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t invalid_ = 0;
  std::int64_t first_ = -1;
  std::int64_t last_ = -1;
  double seconds_ = 0;
  bool ended_ = false;
  std::string error_;
};

void add_options(CLI::App& app, stream_settings& settings) {
  app.add_option("--name", settings.name, "the segment's name")->capture_default_str();
  add_choice(app, "--kind", settings.kind, kind_words, "what the messages are")
      ->default_str("text");
  add_size(app, "--messages", settings.messages, "how many numbers; 0: until a signal comes")
      ->default_str("1000000");
  CLI::Option* until = app.add_option("--until", settings.until, "end with this number instead")
                           ->check(CLI::NonNegativeNumber);
  app.add_option("--from", settings.from,
                 "oldest, latest, a number, or cursor: where --cursor stands (default: oldest)");
  app.add_option("--cursor", settings.cursor,
                 "a durable cursor of this name: resumed, or made where --from says");
  add_amount(app, "--rate", settings.rate, 1e9, "messages a second; 0: as fast as it goes")
      ->default_str("0");
  app.add_option("--batch", settings.batch, "messages released at once")
      ->check(CLI::Range(1, 65536))
      ->default_str("256");
  add_amount(app, "--timeout", settings.timeout, 1e6,
             "seconds without a segment or a message after which to give up")
      ->default_str("10");
  add_size(app, "--content-size", settings.content_size,
           "refuse a segment of another content size; 0: take any")
      ->default_str("0");
  add_owner(app, settings.owner);
  add_directory(app, settings.directory);
  app.add_flag("--huge-pages", settings.huge_pages, "advise the kernel to use huge pages");
  app.add_flag("--observer", settings.observer,
               "read-only: hold nobody back, perhaps lose messages");
  app.add_flag("--follow-name", settings.follow_name,
               "when the segment was removed and made again, go on with the new one's oldest")
      ->excludes(until);
  app.add_flag("--verify", settings.verify, "check every byte of every message");
  app.add_flag("--numbered", settings.numbered,
               "messages carry sender and sequence: check them, too");
  app.add_flag("--print", settings.print, "print each message");
  app.add_flag("--json", settings.json, "print the summary as JSON");
  app.footer(help_end);
}

from_option check_options(const stream_settings& settings) {
  const from_option from = parse_from(settings.from.empty() ? "oldest" : settings.from);
  if (from.resume && settings.cursor.empty()) {
    throw usage_error("--from cursor needs the cursor's name: --cursor NAME");
  }
  if (settings.observer && !settings.cursor.empty()) {
    throw usage_error("--observer owns nothing in the segment, so it cannot have a --cursor");
  }
  return from;
}

segment wait_for_segment(const stream_settings& settings) {
  const auto limit = clock::now() + std::chrono::duration<double>(settings.timeout);
  for (;;) {
    auto home = segment::attach(settings.name, attaching(settings));
    if (home || home.error().code != ENOENT) return need(std::move(home));
    if (stop_signal::requested() || clock::now() >= limit) {
      throw failure(
          {ENOENT, "name",
           fmt::format("no segment '{}' after {} seconds: start `message_producer --name "
                       "{}`. The last try: {}",
                       settings.name, settings.timeout, settings.name, home.error().text)});
    }
    stop_signal::sleep(retry);
  }
}

int consume(const stream_settings& settings) {
  const from_option from = check_options(settings);
  stop_signal::install();
  run consuming(settings, wait_for_segment(settings), from.start);
  consuming.consume_all();
  return consuming.report();
}

}  // namespace
}  // namespace shmfifo::apps

int main(int argc, char** argv) {
  using namespace shmfifo::apps;
  end_when_out_of_memory("message_consumer");
  CLI::App app{"Reads messages from a shared-memory segment.", "message_consumer"};
  stream_settings settings;
  add_options(app, settings);
  return run_program(app, argc, argv, settings.json, [&] { return consume(settings); });
}
