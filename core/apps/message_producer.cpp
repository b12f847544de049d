// SPDX-License-Identifier: MIT
// Publishes the original's messages into a segment, which it creates or, if one of the same
// geometry is there, attaches to. What could not be published is counted and told; nothing is
// dropped in silence, and the exit code says whether everything went in.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "geometry_options.hpp"
#include "message_kinds.hpp"
#include "pacer.hpp"
#include "progress.hpp"
#include "stop_signal.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

constexpr std::chrono::milliseconds slice{250};  // how long a wait may keep Ctrl-C waiting
constexpr const char* help_end = R"(
With `reject` a message that finds no room is refused, counted, and not tried again.

Exit codes: 0 every message was published (with --messages 0: stopped by a signal, none refused);
            1 some were refused, nobody made room in time, stopped early, or no segment; 2 usage.

Examples:
  message_producer --name demo --rate 100000 --messages 0      a live ring, until Ctrl-C
  message_producer --name feed --mode log --messages 1000000   the original's log of a million
  message_producer --name demo --kind structured --batch 64 --numbered --json
)";

struct stream_settings {
  std::string name = "shmfifo";
  message_kind kind = message_kind::text;
  std::uint64_t messages = 1'000'000;
  double rate = 0;
  std::uint64_t batch = 1;
  double timeout = 30;
  bool numbered = false;
  bool json = false;
  geometry_options geometry;
};

class run {
 public:
  run(const stream_settings& settings, segment home)
      : settings_(settings),
        home_(std::move(home)),
        producer_(need(home_.attach_producer())),
        maker_(settings.kind, settings.numbered),
        messages_(settings.batch),
        pace_(settings.rate),
        progress_("published", settings.messages) {
    fill(0);
  }

  void publish_all() {
    last_success_ = started_ = std::chrono::steady_clock::now();
    while (error_.empty() && !stop_signal::requested() && !finished()) {
      const std::uint64_t left =
          settings_.messages == 0 ? settings_.batch : settings_.messages - taken();
      const std::uint64_t now = pace_.allow(std::min(settings_.batch, left));
      if (now == 0) {
        stop_signal::sleep(pace_.pause());
      } else {
        publish_some(now);
      }
      if (progress_.due()) progress_.show(published_, lag());
    }
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    progress_.clear();
  }

  [[nodiscard]] int report() const {
    const bool early = settings_.messages != 0 && taken() < settings_.messages;
    const bool complete = error_.empty() && refused_ == 0 && !early;
    fields summary = {
        {"name", home_.name()},
        {"segment", describe(home_.shape())},
        {"kind", word_for(kind_words, settings_.kind)},
        {"published", published_},
        {"refused", refused_},
        {"last_number", producer_.last_number()},
        {"bytes", published_ * maker_.size()},
        {"seconds", seconds_},
        {"messages_per_second", seconds_ > 0 ? static_cast<double>(published_) / seconds_ : 0.0},
        {"stopped", stop_signal::requested()},
        {"complete", complete}};
    if (!error_.empty()) summary["error"] = error_;
    print_summary(summary, settings_.json);
    if (refused_ != 0) {
      complain("message_producer",
               fmt::format("{} messages were refused: the segment was full", refused_));
    }
    if (!error_.empty()) complain("message_producer", error_);
    return complete ? exit_ok : exit_failed;
  }

 private:
  [[nodiscard]] std::uint64_t taken() const { return published_ + refused_; }
  [[nodiscard]] bool finished() const {
    return settings_.messages != 0 && taken() >= settings_.messages;
  }

  // Messages of one batch; without numbering they are all alike and made once.
  void fill(std::uint64_t first) {
    batch_.clear();
    for (std::uint64_t i = 0; i < settings_.batch; ++i) {
      maker_.make(messages_[i], static_cast<std::uint64_t>(::getpid()), first + i);
      batch_.push_back(std::as_bytes(std::span(messages_[i])));
    }
  }

  void publish_some(std::uint64_t count) {
    if (maker_.numbered()) fill(taken());
    const std::span<const byte_view> some(batch_.data(), count);
    const auto [answer, done] = producer_.publish(some, std::chrono::steady_clock::now() + slice);
    published_ += done;
    pace_.used(done);
    const auto now = std::chrono::steady_clock::now();
    if (done != 0 || answer == status::full) last_success_ = now;
    if (answer == status::ok) return;
    if (answer == status::full) {
      refuse(count - done);
    } else if (answer == status::timed_out || answer == status::peer_dead) {
      if (now - last_success_ >= std::chrono::duration<double>(settings_.timeout)) {
        error_ = no_room(answer);
      }
    } else {
      error_ = fmt::format("'{}' refuses messages: {}; see `shmfifo verify {}`", home_.name(),
                           to_string(answer), home_.name());
    }
  }

  void refuse(std::uint64_t count) {
    // A full log stays full: what is left would be refused one by one.
    const bool for_ever = home_.shape().mode == segment_mode::log && settings_.messages != 0;
    refused_ += for_ever ? settings_.messages - taken() : count;
    pace_.used(count);
    if (home_.shape().mode == segment_mode::log) error_ = "the log is full";
  }

  [[nodiscard]] std::string no_room(status answer) const {
    if (need(home_.check_name()) != name_state::same) {
      return fmt::format(
          "no room in '{}' for {} seconds, and the segment was removed: no consumer can attach to "
          "it any more; start again",
          home_.name(), settings_.timeout);
    }
    return fmt::format(
        "no room in '{}' for {} seconds: {}", home_.name(), settings_.timeout,
        answer == status::peer_dead
            ? fmt::format("no living consumer; start `message_consumer --name {}`", home_.name())
            : fmt::format("a consumer holds it back; see `shmfifo stat {}`", home_.name()));
  }

  // How far the last consumer is behind.
  [[nodiscard]] std::optional<std::int64_t> lag() const {
    auto stat = home_.stat();
    if (!stat) return std::nullopt;
    std::optional<std::int64_t> most;
    for (const participant_stat& one : stat->participants) {
      if (one.kind != participant_kind::producer) most = std::max(most.value_or(0), one.lag);
    }
    return most;
  }

  const stream_settings& settings_;
  segment home_;
  producer producer_;
  message_maker maker_;
  std::vector<std::string> messages_;
  std::vector<byte_view> batch_;
  pacer pace_;
  progress progress_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point last_success_;
  std::uint64_t published_ = 0;
  std::uint64_t refused_ = 0;
  double seconds_ = 0;
  std::string error_;
};

void add_options(CLI::App& app, stream_settings& settings) {
  app.add_option("--name", settings.name, "the segment's name")->capture_default_str();
  add_choice(app, "--kind", settings.kind, kind_words,
             "the original's text, its structure as bytes, or the structure as text")
      ->default_str("text");
  add_size(app, "--messages", settings.messages, "how many; 0: until a signal comes")
      ->default_str("1000000");
  add_amount(app, "--rate", settings.rate, 1e9, "messages a second; 0: as fast as it goes")
      ->default_str("0");
  app.add_option("--batch", settings.batch, "messages published with one wake-up")
      ->check(CLI::Range(1, 65536))
      ->default_str("1");
  add_amount(app, "--timeout", settings.timeout, 1e6, "seconds without room after which to give up")
      ->default_str("30");
  app.add_flag("--numbered", settings.numbered, "add sender and sequence to each message");
  app.add_flag("--json", settings.json, "print the summary as JSON");
  settings.geometry.add_to(app);
  app.footer(help_end);
}

int produce(const stream_settings& settings) {
  const std::uint64_t log_slots = settings.messages != 0 ? settings.messages : 1'000'000;
  const geometry shape = settings.geometry.shape(log_slots);
  create_options options = settings.geometry.options();
  options.existing = if_exists::attach;
  const std::size_t size = message_maker(settings.kind, settings.numbered).size();
  if (size > shape.content_size) {
    throw usage_error(fmt::format("--content-size: a message of this kind has {} bytes, not {}",
                                  size, shape.content_size));
  }
  stop_signal::install();
  run publishing(settings, need(segment::create(settings.name, shape, options)));
  publishing.publish_all();
  return publishing.report();
}

}  // namespace
}  // namespace shmfifo::apps

int main(int argc, char** argv) {
  using namespace shmfifo::apps;
  end_when_out_of_memory("message_producer");
  CLI::App app{"Publishes messages into a shared-memory segment.", "message_producer"};
  stream_settings settings;
  add_options(app, settings);
  return run_program(app, argc, argv, settings.json, [&] { return produce(settings); });
}
