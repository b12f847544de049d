// SPDX-License-Identifier: MIT
#include "report.hpp"

#include "symmetry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace shmfifo::harness::model {
namespace detail {
namespace {

[[nodiscard]] const char* name_of_order(order o) {
  switch (o) {
    case order::plain:
      return "plain";
    case order::relaxed:
      return "relaxed";
    case order::acquire:
      return "acquire";
    case order::release:
      return "release";
    case order::acq_rel:
      return "acq_rel";
    default:
      return "seq_cst";
  }
}

[[nodiscard]] std::string name_of_event(const graph& g, slot s) {
  return s == initial ? "init" : fmt::format("{}.{}", g.events[s].thread, g.events[s].index);
}

[[nodiscard]] std::string name_of_location(std::uint32_t location) {
  // Letters for the first ones read more easily than numbers.
  return location < 26 ? std::string(1, static_cast<char>('a' + location))
                       : fmt::format("loc{}", location);
}

[[nodiscard]] std::string value_text(std::uint64_t value) {
  return value < 1'000'000 ? fmt::format("{}", value) : fmt::format("{:#x}", value);
}

[[nodiscard]] const origin* origin_of(const runtime& r, const event& e) {
  const auto& lines = r.origins();
  if (e.thread >= lines.size() || e.index >= lines[e.thread].size()) return nullptr;
  return &lines[e.thread][e.index];
}

[[nodiscard]] std::string what(const graph& g, slot s) {
  const event& e = g.events[s];
  switch (e.what) {
    case kind::read:
      return fmt::format("R{} {} {} = {}", e.has(exclusive) ? "mw" : "", name_of_order(e.strength),
                         name_of_location(e.location), value_text(e.value));
    case kind::write:
      if (e.has(dies)) return "killed";
      if (e.has(ends)) return "ends";
      return fmt::format("W{} {} {} := {}", e.has(exclusive) ? "mr" : "", name_of_order(e.strength),
                         name_of_location(e.location), value_text(e.value));
    case kind::fence:
      return fmt::format("F {}", name_of_order(e.strength));
    case kind::spawn:
      return fmt::format("starts thread {}", e.value);
    case kind::join:
      return fmt::format("joins thread {}", e.value);
    default:
      return fmt::format("chooses {} of {}", e.value, e.expected);
  }
}

[[nodiscard]] std::string edges(const graph& g, slot s) {
  const event& e = g.events[s];
  if (e.is_read()) return fmt::format("rf {}", name_of_event(g, e.from));
  if (e.is_write() && e.position > 0) {
    const location& l = g.locations[e.location];
    return fmt::format("co after {}",
                       e.position == 1 ? "init" : name_of_event(g, l.writes[e.position - 2]));
  }
  return {};
}

// Threads of which this event newly learns something by synchronisation: the hb edges across
// threads.
[[nodiscard]] std::string learned(const graph& g, slot s) {
  const event& e = g.events[s];
  const slot past = e.index != 0 ? g.previous_in_thread(s) : g.threads[e.thread].spawn;
  std::string text;
  for (std::uint32_t t = 0; t < g.threads.size(); ++t) {
    if (t == e.thread || !g.threads[t].used) continue;
    const std::uint32_t before = past == none ? 0 : g.hb(past)[t];
    const std::uint32_t now = g.hb(s)[t];
    if (now > before && past != none) text += fmt::format(" hb<-{}.{}", t, now - 1);
  }
  return text;
}

[[nodiscard]] std::string line_text(const source_location& where) {
  if (where.line() == 0) return {};
  std::string_view file = where.file_name();
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) {
    file.remove_prefix(slash + 1);
  }
  return fmt::format("{}:{}", file, where.line());
}

[[nodiscard]] std::string place_of(const runtime& r, const event& e) {
  const origin* o = origin_of(r, e);
  return o == nullptr ? "" : line_text(o->site.where);
}

[[nodiscard]] std::string site_of(const runtime& r, const event& e) {
  const origin* o = origin_of(r, e);
  std::string text = o == nullptr ? "" : o->name;
  const auto& names = r.options().site_names;
  if (e.site < names.size()) text += fmt::format(" [{}]", names[e.site]);
  return text;
}

[[nodiscard]] slot first_access(const graph& g, std::uint32_t location) {
  for (const thread_line& line : g.threads) {
    for (const slot s : line.events) {
      if (g.events[s].location == location) return s;
    }
  }
  return none;
}

// What a letter of the table stands for.
[[nodiscard]] std::string meaning_of(const runtime& r, const graph& g, std::uint32_t location) {
  if (const std::uint32_t thread = g.locations[location].life_of; thread != none) {
    return fmt::format("whether thread {} has ended", thread);
  }
  if (const source_location* made = r.declaration_of(location)) return line_text(*made);
  const slot first = first_access(g, location);
  if (first == none) return {};
  const event& e = g.events[first];
  return fmt::format("{}first accessed at {} ({})",
                     r.is_queue(location) ? "a futex's queue of sleepers, " : "", place_of(r, e),
                     site_of(r, e));
}

[[nodiscard]] std::string legend_of(const runtime& r, const graph& g) {
  std::string text = "\nvariables\n";
  for (std::uint32_t i = 0; i < g.locations.size(); ++i) {
    if (g.locations[i].unused()) continue;
    text += fmt::format("  {}: {}\n", name_of_location(i), meaning_of(r, g, i));
  }
  return text;
}

[[nodiscard]] std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string table_of(runtime& r, const std::string& headline) {
  const graph& g = r.explored().current();
  std::string out = fmt::format("{}\n\n", headline);
  out += "event    what                           edges           step                  source\n";
  for (std::uint32_t t = 0; t < g.threads.size(); ++t) {
    if (!g.threads[t].used) continue;
    out += fmt::format("thread {}\n", t);
    for (const slot s : g.threads[t].events) {
      const event& e = g.events[s];
      out += fmt::format("  {:<6} {:<30} {:<15} {:<21} {}{}\n", name_of_event(g, s), what(g, s),
                         edges(g, s), site_of(r, e), place_of(r, e), learned(g, s));
    }
  }
  if (!r.origins().empty()) out += legend_of(r, g);
  out += "\nmodification orders\n";
  for (std::uint32_t i = 0; i < g.locations.size(); ++i) {
    const location& l = g.locations[i];
    if (l.unused()) continue;
    out += fmt::format("  {}: init = {}", name_of_location(i),
                       l.uninitialised ? "nothing" : value_text(l.initial_value));
    for (const slot w : l.writes) {
      out += fmt::format(" -> {} = {}", name_of_event(g, w), value_text(g.events[w].value));
    }
    out += '\n';
  }
  return out;
}

std::string dot_of(runtime& r, const std::string& headline) {
  const graph& g = r.explored().current();
  std::string out = "digraph execution {\n  node [shape=box, fontname=monospace];\n";
  out += fmt::format("  label=\"{}\";\n", escaped(headline));
  for (std::uint32_t t = 0; t < g.threads.size(); ++t) {
    if (g.threads[t].events.empty()) continue;
    out += fmt::format("  subgraph cluster_{0} {{ label=\"thread {0}\";\n", t);
    for (const slot s : g.threads[t].events) {
      const event& e = g.events[s];
      out += fmt::format("    e{} [label=\"{} {}\\n{} {}\"];\n", s, name_of_event(g, s), what(g, s),
                         escaped(site_of(r, e)), place_of(r, e));
    }
    out += "  }\n";
    for (std::size_t i = 1; i < g.threads[t].events.size(); ++i) {
      out += fmt::format("  e{} -> e{};\n", g.threads[t].events[i - 1], g.threads[t].events[i]);
    }
  }
  for (slot s = 0; s < g.size(); ++s) {
    const event& e = g.events[s];
    if (e.is_read() && e.from < initial) {
      out += fmt::format("  e{} -> e{} [label=rf, color=darkgreen];\n", e.from, s);
    }
    if (e.is_write() && e.position > 1) {
      const slot before = g.locations[e.location].writes[e.position - 2];
      out += fmt::format("  e{} -> e{} [label=co, color=orange];\n", before, s);
    }
    if (e.what == kind::spawn && !g.threads[e.value].events.empty()) {
      out += fmt::format("  e{} -> e{} [label=hb];\n", s, g.threads[e.value].events.front());
    }
    if (e.what == kind::join && !g.threads[e.value].events.empty()) {
      out += fmt::format("  e{} -> e{} [label=hb];\n", g.threads[e.value].events.back(), s);
    }
  }
  return out + "}\n";
}

namespace {

// With the threads under other numbers: thread t is called names[t].
std::uint64_t signature_of(const graph& g, const std::vector<std::uint32_t>& names) {
  std::uint64_t hash = 0x9E3779B97F4A7C15U;
  const auto mix = [&](std::uint64_t v) {
    hash ^= v + 0x9E3779B97F4A7C15U + (hash << 6U) + (hash >> 2U);
    hash *= 0xFF51AFD7ED558CCDU;
    hash ^= hash >> 33U;
  };
  const auto mix_event = [&](slot s) {
    if (s == initial) return mix(~0ULL);
    mix(std::uint64_t{names[g.events[s].thread]} << 32U | g.events[s].index);
  };
  std::vector<std::uint32_t> bearers(names.size());
  for (std::uint32_t t = 0; t < names.size(); ++t) bearers[names[t]] = t;
  for (const std::uint32_t bearer : bearers) {
    const std::vector<slot>& line = g.threads[bearer].events;
    mix(line.size());
    for (const slot s : line) {
      const event& e = g.events[s];
      mix(e.value);
      mix(static_cast<std::uint64_t>(e.what) << 8U | static_cast<std::uint64_t>(e.strength));
      if (e.is_read()) mix_event(e.from);
      if (e.is_write() && e.position != 0) {
        mix_event(e.position == 1 ? initial : g.locations[e.location].writes[e.position - 2]);
      }
    }
  }
  return hash;
}

}  // namespace

std::uint64_t signature_of(const graph& g) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const auto& names : exchanges(g)) least = std::min(least, signature_of(g, names));
  return least;
}

}  // namespace detail

std::uint32_t detail::runtime::location_at(const void* address) const {
  return table_.find(reinterpret_cast<std::uintptr_t>(address));
}

namespace {
detail::runtime& of(const void* r) {
  return *const_cast<detail::runtime*>(static_cast<const detail::runtime*>(r));
}
}  // namespace

std::uint64_t execution::final_value(const void* word) const {
  detail::runtime& r = of(runtime_);
  const std::uint32_t location = r.location_at(word);
  if (location == detail::none) return 0;
  const detail::graph& g = r.explored().current();
  return g.value_of(location, g.last_of(g.locations[location]));
}

std::uint32_t execution::events() const {
  return of(runtime_).explored().current().size();
}

std::uint64_t execution::signature() const {
  return detail::signature_of(of(runtime_).explored().current());
}

std::string execution::table() const {
  return detail::table_of(of(runtime_), "execution");
}

}  // namespace shmfifo::harness::model
