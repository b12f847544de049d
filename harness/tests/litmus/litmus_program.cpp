// SPDX-License-Identifier: MIT
#include "litmus_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace shmfifo::harness::litmus {
namespace {

std::uint32_t index_in(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) names.push_back(name);
  return static_cast<std::uint32_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

instruction parse_instruction(program& p, const nlohmann::json& words) {
  const auto letters = words.at(0).get<std::string>();
  instruction i;
  i.slot = words.back().get<std::string>();
  const std::size_t length = letters == "F"                     ? 2
                             : letters == "W" || letters == "R" ? 4
                             : letters == "U" || letters == "X" ? 5
                                                                : 0;
  if (words.size() != length) {
    throw std::runtime_error(
        fmt::format("{}: instruction {} is not understood", p.name, words.dump()));
  }
  i.what = static_cast<letter>(letters[0]);
  if (i.what == letter::fence) return i;
  i.location = index_in(p.locations, words.at(1).get<std::string>());
  if (i.what != letter::read) i.value = words.at(2).get<std::int64_t>();
  if (i.what == letter::read) i.reg = index_in(p.registers, words.at(2).get<std::string>());
  if (length == 5) i.reg = index_in(p.registers, words.at(3).get<std::string>());
  return i;
}

// Recursive descent: any := all ('||' all)*; all := one ('&&' one)*; one := '(' any ')' | name op
// number.
class condition_parser {
 public:
  condition_parser(const std::string& text, const program& p) : text_(text), program_(p) {}

  condition parse() {
    condition c = parse_list(true);
    if (at_ != text_.size()) fail("the end");
    return c;
  }

 private:
  [[noreturn]] void fail(const char* expected) const {
    throw std::runtime_error(fmt::format("{}: condition '{}': expected {} at character {}",
                                         program_.name, text_, expected, at_ + 1));
  }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool accept(const std::string& word) {
    skip();
    if (text_.compare(at_, word.size(), word) != 0) return false;
    at_ += word.size();
    skip();
    return true;
  }

  condition parse_list(bool any) {
    condition c;
    c.what = any ? condition::kind::any : condition::kind::all;
    do {
      c.parts.push_back(any ? parse_list(false) : parse_one());
    } while (accept(any ? "||" : "&&"));
    return c;
  }

  condition parse_one() {
    if (accept("(")) {
      condition c = parse_list(true);
      if (!accept(")")) fail("')'");
      return c;
    }
    std::string name;
    skip();
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
      name += text_[at_++];
    }
    condition c = resolve(name);
    if (accept("==")) {
      c.what = condition::kind::equal;
    } else if (accept("!=")) {
      c.what = condition::kind::differ;
    } else if (accept("<")) {
      c.what = condition::kind::less;
    } else if (accept(">")) {
      c.what = condition::kind::more;
    } else {
      fail("a comparison");
    }
    std::size_t used = 0;
    try {
      c.constant = std::stoll(text_.substr(at_), &used);
    } catch (const std::exception&) {
      fail("a number");
    }
    at_ += used;
    return c;
  }

  condition resolve(const std::string& name) const {
    condition c;
    const auto& registers = program_.registers;
    const auto reg = std::find(registers.begin(), registers.end(), name);
    if (reg != registers.end()) {
      c.index = static_cast<std::uint32_t>(reg - registers.begin());
      return c;
    }
    const auto& locations = program_.locations;
    const auto place = name.size() > 1 && name[0] == 'f'
                           ? std::find(locations.begin(), locations.end(), name.substr(1))
                           : locations.end();
    if (place == locations.end()) fail("a register, or f and a location, before this");
    c.final_value = true;
    c.index = static_cast<std::uint32_t>(place - locations.begin());
    return c;
  }

  const std::string& text_;
  const program& program_;
  std::size_t at_ = 0;
};

std::memory_order order_named(const program& p, const std::string& name) {
  if (name == "rlx") return std::memory_order_relaxed;
  if (name == "acq") return std::memory_order_acquire;
  if (name == "rel") return std::memory_order_release;
  if (name == "ar") return std::memory_order_acq_rel;
  if (name == "sc") return std::memory_order_seq_cst;
  throw std::runtime_error(fmt::format("{}: unknown memory order '{}'", p.name, name));
}

// An instruction with its order looked up, so that the model runs no searches.
struct resolved {
  letter what = letter::fence;
  std::uint32_t location = 0;
  std::int64_t value = 0;
  std::uint32_t reg = 0;
  std::memory_order order = std::memory_order_relaxed;
};

std::vector<std::vector<resolved>> resolve(const program& p, const assignment& orders) {
  std::vector<std::vector<resolved>> threads;
  for (const auto& line : p.threads) {
    threads.emplace_back();
    for (const instruction& i : line) {
      const auto order = orders.find(i.slot);
      if (order == orders.end()) {
        throw std::runtime_error(fmt::format("{}: no order for slot '{}'", p.name, i.slot));
      }
      if (i.what == letter::fence && order->second == "none") continue;
      threads.back().push_back({i.what, i.location, i.value, i.reg, order_named(p, order->second)});
    }
  }
  return threads;
}

struct state {
  std::vector<std::int64_t> memory;
  std::vector<std::int64_t> registers;
};

void interpret(const std::vector<resolved>& line, state& s) {
  for (const resolved& i : line) {
    switch (i.what) {
      case letter::write:
        model::store(s.memory[i.location], i.value, i.order);
        break;
      case letter::read:
        s.registers[i.reg] = model::load(s.memory[i.location], i.order);
        break;
      case letter::add:
        s.registers[i.reg] = model::fetch_add(s.memory[i.location], i.value, i.order);
        break;
      case letter::exchange:
        s.registers[i.reg] = model::exchange(s.memory[i.location], i.value, i.order);
        break;
      case letter::fence:
        model::fence(i.order);
        break;
    }
  }
}

bool holds(const condition& c, const state& s, const model::execution& e) {
  const auto part = [&](const condition& inner) { return holds(inner, s, e); };
  if (c.what == condition::kind::all) return std::all_of(c.parts.begin(), c.parts.end(), part);
  if (c.what == condition::kind::any) return std::any_of(c.parts.begin(), c.parts.end(), part);
  const std::int64_t value = c.final_value
                                 ? static_cast<std::int64_t>(e.final_value(&s.memory[c.index]))
                                 : s.registers[c.index];
  switch (c.what) {
    case condition::kind::equal:
      return value == c.constant;
    case condition::kind::differ:
      return value != c.constant;
    case condition::kind::less:
      return value < c.constant;
    default:
      return value > c.constant;
  }
}

}  // namespace

condition parse_condition(const std::string& text, const program& p) {
  return condition_parser(text, p).parse();
}

std::map<std::string, program> parse_programs(const nlohmann::json& file) {
  std::map<std::string, program> programs;
  for (const auto& [name, text] : file.items()) {
    program p;
    p.name = name;
    try {
      for (const auto& line : text.at("threads")) {
        p.threads.emplace_back();
        for (const auto& words : line) p.threads.back().push_back(parse_instruction(p, words));
      }
      p.weak = parse_condition(text.at("weak_outcome").get<std::string>(), p);
    } catch (const nlohmann::json::exception& e) {
      throw std::runtime_error(fmt::format("program {}: {}", name, e.what()));
    }
    programs.emplace(name, std::move(p));
  }
  return programs;
}

tally run(const program& p, const assignment& orders) {
  const auto threads = resolve(p, orders);
  state s{std::vector<std::int64_t>(p.locations.size()),
          std::vector<std::int64_t>(p.registers.size())};
  tally t;
  model::options options;
  options.count_duplicates = true;
  options.stack_bytes = 32 * 1024;
  options.on_execution = [&](const model::execution& e) {
    if (holds(p.weak, s, e)) ++t.weak;
  };
  const model::result r = model::check(
      [&] {
        model::thread_group running;
        for (const auto& line : threads) {
          running.start([&] { interpret(line, s); });
        }
      },
      options);
  t.executions = r.executions;
  t.duplicates = r.duplicates;
  if (!r.ok()) t.problem = fmt::format("verdict {}: {}", name_of(r.outcome), r.reason);
  return t;
}

}  // namespace shmfifo::harness::litmus
