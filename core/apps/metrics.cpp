// SPDX-License-Identifier: MIT
#include "metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "printable.hpp"
#include "words.hpp"

namespace shmfifo::apps {
namespace {

using labels = std::vector<std::pair<const char*, std::string>>;

class exposition {
 public:
  // What follows belongs to this family. A unit, if it has one, is the end of its name.
  void family(std::string_view name, std::string_view type, std::string_view unit,
              std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    if (!unit.empty()) text_ += fmt::format("# UNIT {} {}\n", name, unit);
  }

  template <class Value>
  void sample(const labels& of, const Value& value) {
    std::string list;
    for (const auto& [key, text] : of) {
      list += fmt::format("{}{}=\"{}\"", list.empty() ? "" : ",", key, escaped(text));
    }
    text_ += fmt::format("{}{{{}}} {}\n", name_, list, value);
  }

  [[nodiscard]] std::string end() && { return std::move(text_) + "# EOF\n"; }

 private:
  static std::string escaped(const std::string& value) {
    std::string text;
    for (const char c : printable(value)) {
      if (c == '\\' || c == '"') text += '\\';
      text += c;
    }
    return text;
  }

  std::string name_;
  std::string text_;
};

// A sample of each segment that could be read.
template <class Value>
void add_each(exposition& out, std::span<const observed_segment> segments, const Value& value) {
  for (const observed_segment& one : segments) {
    if (one.stat) out.sample({{"segment", one.name}}, value(*one.stat));
  }
}

// Of each participant that is in one.
template <class Value>
void add_participants(exposition& out, std::span<const observed_segment> segments,
                      bool only_readers, const Value& value) {
  for (const observed_segment& home : segments) {
    if (!home.stat) continue;
    for (const participant_stat& one : home.stat->participants) {
      if (only_readers && one.kind == participant_kind::producer) continue;
      out.sample({{"segment", home.name},
                  {"line", std::to_string(one.index)},
                  {"kind", word_for(participant_words, one.kind)},
                  {"cursor", one.name},
                  {"pid", std::to_string(one.pid)}},
                 value(one));
    }
  }
}

void add_geometry(exposition& out, std::span<const observed_segment> segments) {
  out.family(
      "shmfifo_segment_readable", "gauge", "",
      "1 if the segment could be read, 0 if it breaks a rule of its layout or is forbidden.");
  for (const observed_segment& one : segments) {
    out.sample({{"segment", one.name}}, one.stat ? 1 : 0);
  }
  out.family("shmfifo_segment_info", "gauge", "", "What kind of segment it is; always 1.");
  for (const observed_segment& one : segments) {
    if (!one.stat) continue;
    const geometry& shape = one.stat->shape;
    out.sample({{"segment", one.name},
                {"uid", fmt::format("{:016x}", one.stat->uid)},
                {"mode", word_for(mode_words, shape.mode)},
                {"when_full", word_for(policy_words, shape.when_full)},
                {"producers_role", word_for(role_words, shape.producers)}},
               1);
  }
  out.family("shmfifo_segment_slots", "gauge", "", "Messages that fit.");
  add_each(out, segments, [](const segment_stat& of) { return of.shape.slot_count; });
  out.family("shmfifo_segment_content_size_bytes", "gauge", "bytes", "The longest message.");
  add_each(out, segments, [](const segment_stat& of) { return of.shape.content_size; });
  out.family("shmfifo_segment_size_bytes", "gauge", "bytes", "Size of the segment's file.");
  add_each(out, segments, [](const segment_stat& of) { return of.segment_size; });
  out.family("shmfifo_segment_created_timestamp_seconds", "gauge", "seconds",
             "When the segment was created, since the epoch.");
  add_each(out, segments, [](const segment_stat& of) {
    return fmt::format("{}.{:09}", of.created_ns / 1'000'000'000, of.created_ns % 1'000'000'000);
  });
}

void add_messages(exposition& out, std::span<const observed_segment> segments) {
  out.family(
      "shmfifo_messages_published_total", "counter", "",
      "Message numbers that producers have taken since the creation, aborted ones included.");
  add_each(out, segments, [](const segment_stat& of) { return of.producer_cursor; });
  out.family("shmfifo_oldest_message_number", "gauge", "",
             "The first number that a new reader can get.");
  add_each(out, segments, [](const segment_stat& of) { return of.oldest; });
}

void add_lines(exposition& out, std::span<const observed_segment> segments) {
  out.family("shmfifo_participants", "gauge", "",
             "Entries of the participant table that are used.");
  for (const observed_segment& home : segments) {
    if (!home.stat) continue;
    for (const auto& [word, kind] : participant_words) {
      const auto same = [settings = kind](const participant_stat& one) {
        return one.kind == settings;
      };
      const auto& all = home.stat->participants;
      out.sample({{"segment", home.name}, {"kind", word}},
                 std::count_if(all.begin(), all.end(), same));
    }
  }
  out.family("shmfifo_participant_alive", "gauge", "",
             "1 if the kernel says that the owner lives, 0 if it is dead or away.");
  add_participants(out, segments, false,
                   [](const participant_stat& one) { return one.alive ? 1 : 0; });
  out.family("shmfifo_participant_next_message_number", "gauge", "",
             "The number that the reader will release next.");
  add_participants(out, segments, true, [](const participant_stat& one) { return one.cursor; });
  out.family("shmfifo_participant_lag_messages", "gauge", "messages",
             "How far the reader is behind the producers.");
  add_participants(out, segments, true, [](const participant_stat& one) { return one.lag; });
  out.family("shmfifo_participant_holds_back", "gauge", "",
             "1 if producers wait for this reader, because the ring is full.");
  add_participants(out, segments, true,
                   [](const participant_stat& one) { return one.holds_back ? 1 : 0; });
}

}  // namespace

std::string metrics_text(std::span<const observed_segment> segments) {
  exposition out;
  add_geometry(out, segments);
  add_messages(out, segments);
  add_lines(out, segments);
  return std::move(out).end();
}

}  // namespace shmfifo::apps
