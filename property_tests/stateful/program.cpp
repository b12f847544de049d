// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <istream>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace shmfifo::property_tests {
namespace {

using reference::op;
using reference::operation;

// The operation's word, and which of its fields it uses: Handle, Length (number), fIll, Count,
// Start, Name.
struct word {
  op what;
  std::string_view text;
  std::string_view fields;
};
constexpr std::array words{
    word{op::attach_producer, "attach_producer", "H"},
    word{op::attach_consumer, "attach_consumer", "HSLN"},
    word{op::attach_observer, "attach_observer", "HSLN"},
    word{op::detach, "detach", "H"},
    word{op::publish, "publish", "HLI"},
    word{op::publish_waiting, "publish_waiting", "HLI"},
    word{op::batch, "batch", "HLIC"},
    word{op::claim, "claim", "H"},
    word{op::commit, "commit", "HLI"},
    word{op::abort, "abort", "H"},
    word{op::poll, "poll", "HL"},
    word{op::poll_until, "poll_until", "HL"},
    word{op::read, "read", "HL"},
    word{op::wait, "wait", "H"},
    word{op::mark, "mark", "LI"},
    word{op::recover, "recover", ""},
    word{op::forget, "forget", "N"},
    word{op::attach_again, "attach_again", ""},
    word{op::kill, "kill", "H"},
    word{op::poll_long, "poll_long", "HL"},
};
static_assert(words.size() == static_cast<std::size_t>(op::count));

constexpr std::array modes{"?", "log", "ring"};
constexpr std::array policies{"?", "reject", "wait", "overwrite"};
constexpr std::array roles{"?", "single", "many"};

template <std::size_t n>
std::uint32_t index_of(const std::array<const char*, n>& names, const std::string& name) {
  const auto found = std::find(names.begin() + 1, names.end(), name);
  if (found == names.end()) throw std::runtime_error("unknown word '" + name + "'");
  return static_cast<std::uint32_t>(found - names.begin());
}

using fields = std::map<std::string, std::int64_t>;

fields parse_fields(std::istream& line) {
  fields found;
  for (std::string token; line >> token;) {
    const auto equals = token.find('=');
    if (equals != std::string::npos) {
      found[token.substr(0, equals)] = std::stoll(token.substr(equals + 1));
    } else if (token.front() == 'h') {
      found["h"] = std::stoll(token.substr(1));
    } else {
      throw std::runtime_error("cannot read '" + token + "'");
    }
  }
  return found;
}

geometry parse_segment(std::istream& line) {
  std::string mode;
  std::string policy;
  std::string role;
  line >> mode >> policy >> role;
  fields found = parse_fields(line);
  return {static_cast<segment_mode>(index_of(modes, mode)),
          static_cast<full_policy>(index_of(policies, policy)),
          static_cast<producer_role>(index_of(roles, role)),
          static_cast<std::uint64_t>(found.at("slots")),
          static_cast<std::uint64_t>(found.at("content")),
          static_cast<std::uint32_t>(found.at("participants"))};
}

operation parse_operation(const std::string& what, std::istream& line) {
  const auto* found =
      std::find_if(words.begin(), words.end(), [&](const word& w) { return w.text == what; });
  if (found == words.end()) throw std::runtime_error("unknown operation '" + what + "'");
  fields given = parse_fields(line);
  const auto byte = [&](const char* name) { return static_cast<std::uint8_t>(given[name]); };
  return {found->what,   byte("h"),     byte("name"),   byte("fill"),
          byte("count"), byte("start"), given["number"]};
}

}  // namespace

std::string to_text(const geometry& shape) {
  return fmt::format("segment {} {} {} slots={} content={} participants={}",
                     modes[static_cast<std::size_t>(shape.mode)],
                     policies[static_cast<std::size_t>(shape.when_full)],
                     roles[static_cast<std::size_t>(shape.producers)], shape.slot_count,
                     shape.content_size, shape.participant_count);
}

std::string to_text(const operation& o) {
  const word& w = words.at(static_cast<std::size_t>(o.what));
  std::string text(w.text);
  for (const char field : w.fields) {
    if (field == 'H') text += fmt::format(" h{}", o.handle);
    if (field == 'S') text += fmt::format(" start={}", o.start);
    if (field == 'L') text += fmt::format(" number={}", o.number);
    if (field == 'I') text += fmt::format(" fill={}", o.fill);
    if (field == 'C') text += fmt::format(" count={}", o.count);
    if (field == 'N') text += fmt::format(" name={}", o.name);
  }
  return text;
}

std::string to_text(const reference::answer& a) {
  std::string text(to_string(a.code));
  if (a.errno_value != 0) text += fmt::format(" errno={} rule={}", a.errno_value, a.rule);
  text += fmt::format(" first={} count={}", a.first, a.count);
  for (const reference::message& m : a.messages) {
    text += fmt::format(" [{}: length={} status={} bytes={}]", m.number, m.length, m.status,
                        fmt::join(m.bytes, ","));
  }
  return text;
}

std::string to_text(const reference::visible_state& state) {
  std::string text = fmt::format("cursor={} oldest={}", state.producer_cursor, state.oldest);
  for (const reference::visible_line& l : state.lines) {
    text += fmt::format("\n  line {}: kind={} alive={} cursor={} lag={} holds_back={} name='{}'",
                        l.index, static_cast<int>(l.kind), l.alive, l.cursor, l.lag, l.holds_back,
                        l.name);
  }
  for (const reference::answer& a : state.seen) text += "\n  " + to_text(a);
  return text;
}

std::string to_text(const program& p) {
  std::string text = to_text(p.shape) + "\n";
  for (const operation& o : p.operations) text += to_text(o) + "\n";
  return text;
}

program parse_program(std::istream& text) {
  program p;
  bool shaped = false;
  for (std::string line; std::getline(text, line);) {
    std::istringstream words_of_line(line.substr(0, line.find('#')));
    std::string what;
    if (!(words_of_line >> what)) continue;
    if (what == "segment") {
      p.shape = parse_segment(words_of_line);
      shaped = true;
    } else {
      p.operations.push_back(parse_operation(what, words_of_line));
    }
  }
  if (!shaped) throw std::runtime_error("a program begins with its segment");
  return p;
}

program decode(std::span<const std::uint8_t> input, std::size_t operations_max) {
  program p;
  const auto next = [&]() -> std::uint8_t {
    if (input.empty()) return 0;
    const std::uint8_t first = input.front();
    input = input.subspan(1);
    return first;
  };
  const std::uint8_t kind = next();
  p.shape.mode = (kind & 3) == 0 ? segment_mode::log : segment_mode::ring;
  p.shape.when_full =
      p.shape.mode == segment_mode::log ? full_policy::reject : static_cast<full_policy>(kind & 3);
  p.shape.producers = (kind & 4) == 0 ? producer_role::single : producer_role::many;
  p.shape.slot_count = std::uint64_t{1} << (kind >> 3 & 3);
  p.shape.participant_count = 1 + (kind >> 5);
  p.shape.content_size = 1 + next() % 40;
  while (!input.empty() && p.operations.size() < operations_max) {
    operation o;
    const std::uint8_t what = next();
    o.what = static_cast<op>(what % static_cast<unsigned>(op::kill));  // no other processes here
    const std::uint8_t where = next();
    o.handle = where & 3;
    o.name = where >> 2 & 3;
    o.start = (where >> 4 & 3) % 3;
    o.count = where >> 5;
    o.fill = next();
    o.number = static_cast<std::int8_t>(next());
    if (o.number == std::numeric_limits<std::int8_t>::min()) {
      o.number = std::numeric_limits<std::int64_t>::max();
    }
    // The lengths of a batch count on from the first.
    if (o.what == op::batch) o.number = std::min<std::int64_t>(o.number, 1000);
    if (o.what == op::read) o.number = std::clamp<std::int64_t>(o.number, 0, 64);
    p.operations.push_back(o);
  }
  return p;
}

}  // namespace shmfifo::property_tests
