// SPDX-License-Identifier: MIT
#include "reference.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

namespace shmfifo::harness::litmus {
namespace {

constexpr std::size_t events_max = 32;

// A binary relation over at most 32 events, a row of bits per event.
struct relation {
  std::array<std::uint32_t, events_max> rows{};

  [[nodiscard]] bool has(std::size_t a, std::size_t b) const { return (rows[a] >> b & 1U) != 0; }
  void add(std::size_t a, std::size_t b) { rows[a] |= 1U << b; }
  [[nodiscard]] relation operator|(const relation& o) const {
    relation r;
    for (std::size_t i = 0; i < events_max; ++i) r.rows[i] = rows[i] | o.rows[i];
    return r;
  }
  // Composition.
  [[nodiscard]] relation then(const relation& o) const {
    relation r;
    for (std::size_t i = 0; i < events_max; ++i) {
      for (std::uint32_t left = rows[i]; left != 0; left &= left - 1) {
        r.rows[i] |= o.rows[static_cast<std::size_t>(std::countr_zero(left))];
      }
    }
    return r;
  }
  [[nodiscard]] relation closed() const {
    relation r = *this;
    for (relation next = r | r.then(r); next.rows != r.rows; next = r | r.then(r)) r = next;
    return r;
  }
  [[nodiscard]] relation optional() const {
    relation r = *this;
    for (std::size_t i = 0; i < events_max; ++i) r.add(i, i);
    return r;
  }
  [[nodiscard]] relation between(std::uint32_t from, std::uint32_t to) const {
    relation r;
    for (std::size_t i = 0; i < events_max; ++i) {
      if ((from >> i & 1U) != 0) r.rows[i] = rows[i] & to;
    }
    return r;
  }
  [[nodiscard]] bool irreflexive() const {
    for (std::size_t i = 0; i < events_max; ++i) {
      if (has(i, i)) return false;
    }
    return true;
  }
};

enum class type : std::uint8_t { read, write, fence };

struct node {
  type what = type::fence;
  int thread = -1;  // -1: initial write
  std::uint32_t location = 0;
  std::int64_t operand = 0;
  bool adds = false;
  std::size_t read_part = events_max;  // of the write of an update
  std::uint32_t reg = 0;
  std::string order;
};

struct candidate {
  std::vector<node> nodes;
  relation sb, rmw;
  std::vector<std::size_t> reads;
  std::vector<std::size_t> writer;               // by node: what a read reads
  std::vector<std::vector<std::size_t>> orders;  // by location, initial write first
};

candidate build(const program& p, const assignment& orders) {
  candidate c;
  const auto add = [&](node n) {
    c.nodes.push_back(std::move(n));
    if (c.nodes.size() > events_max) throw std::runtime_error("too many events for the reference");
    return c.nodes.size() - 1;
  };
  for (std::uint32_t l = 0; l < p.locations.size(); ++l) {
    add({type::write, -1, l, 0, false, events_max, 0, "na"});
    c.orders.push_back({l});
  }
  const std::size_t initials = c.nodes.size();
  for (std::size_t t = 0; t < p.threads.size(); ++t) {
    const std::size_t first = c.nodes.size();
    const int thread = static_cast<int>(t);
    for (const instruction& i : p.threads[t]) {
      const std::string& order = orders.at(i.slot);
      if (i.what == letter::fence) {
        if (order != "none") add({type::fence, thread, 0, 0, false, events_max, 0, order});
        continue;
      }
      std::size_t read = events_max;
      if (i.what != letter::write) {
        read = add({type::read, thread, i.location, 0, false, events_max, i.reg, order});
        c.reads.push_back(read);
      }
      if (i.what == letter::read) continue;
      const std::size_t write =
          add({type::write, thread, i.location, i.value, i.what == letter::add, read, 0, order});
      c.orders[i.location].push_back(write);
      if (read != events_max) c.rmw.add(read, write);
    }
    for (std::size_t a = first; a < c.nodes.size(); ++a) {
      for (std::size_t b = a + 1; b < c.nodes.size(); ++b) c.sb.add(a, b);
    }
  }
  for (std::size_t a = 0; a < initials; ++a) {
    for (std::size_t b = initials; b < c.nodes.size(); ++b) c.sb.add(a, b);
  }
  c.writer.resize(c.nodes.size());
  return c;
}

template <typename predicate>
std::uint32_t select(const candidate& c, predicate selected) {
  std::uint32_t set = 0;
  for (std::size_t i = 0; i < c.nodes.size(); ++i) {
    if (selected(c.nodes[i])) set |= 1U << i;
  }
  return set;
}

bool acquires(const node& n) {
  return n.order == "acq" || n.order == "ar" || n.order == "sc";
}
bool releases(const node& n) {
  return n.order == "rel" || n.order == "ar" || n.order == "sc";
}

struct relations {
  relation rf, co, fr, hb, eco, same_place;
};

relations derive(const candidate& c) {
  relations r;
  for (const std::size_t read : c.reads) r.rf.add(c.writer[read], read);
  for (const auto& order : c.orders) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t j = i + 1; j < order.size(); ++j) r.co.add(order[i], order[j]);
    }
  }
  for (const std::size_t read : c.reads) r.fr.rows[read] = r.co.rows[c.writer[read]];
  for (std::size_t a = 0; a < c.nodes.size(); ++a) {
    for (std::size_t b = 0; b < c.nodes.size(); ++b) {
      const node& x = c.nodes[a];
      const node& y = c.nodes[b];
      if (x.what != type::fence && y.what != type::fence && x.location == y.location) {
        r.same_place.add(a, b);
      }
    }
  }
  const std::uint32_t all = ~0U;
  const std::uint32_t fences = select(c, [](const node& n) { return n.what == type::fence; });
  const std::uint32_t writes =
      select(c, [](const node& n) { return n.what == type::write && n.thread >= 0; });
  const std::uint32_t reads = select(c, [](const node& n) { return n.what == type::read; });
  const std::uint32_t releasing = select(c, [](const node& n) { return releases(n); });
  const std::uint32_t acquiring = select(c, [](const node& n) { return acquires(n); });
  // sw = [rel]; ([F];sb)?; [W]; (rf;rmw)*; rf; [R]; (sb;[F])?; [acq]
  const relation sequence = r.rf.then(c.rmw).closed().optional();
  const relation from = c.sb.between(fences, all).optional();
  const relation to = c.sb.between(all, fences).optional();
  const relation sw = from.between(releasing, writes)
                          .then(sequence)
                          .then(r.rf.between(all, reads))
                          .then(to)
                          .between(all, acquiring);
  r.hb = (c.sb | sw).closed();
  r.eco = (r.rf | r.co | r.fr).closed();
  return r;
}

bool sequentially_consistent(const candidate& c, const relations& r) {
  const std::uint32_t all = ~0U;
  const std::uint32_t sc = select(c, [](const node& n) { return n.order == "sc"; });
  const std::uint32_t fence =
      select(c, [](const node& n) { return n.order == "sc" && n.what == type::fence; });
  relation sb_elsewhere;
  relation hb_same;
  relation fence_itself;
  relation sc_itself;
  for (std::size_t i = 0; i < c.nodes.size(); ++i) {
    sb_elsewhere.rows[i] = c.sb.rows[i] & ~r.same_place.rows[i];
    hb_same.rows[i] = r.hb.rows[i] & r.same_place.rows[i];
    if ((fence >> i & 1U) != 0) fence_itself.add(i, i);
    if ((sc >> i & 1U) != 0) sc_itself.add(i, i);
  }
  const relation scb = c.sb | sb_elsewhere.then(r.hb).then(sb_elsewhere) | hb_same | r.co | r.fr;
  const relation left = sc_itself | fence_itself.then(r.hb.optional());
  const relation right = sc_itself | r.hb.optional().then(fence_itself);
  const relation base = left.then(scb).then(right);
  const relation fences = (r.hb | r.hb.then(r.eco).then(r.hb)).between(fence, fence);
  return (base | fences).between(all, all).closed().irreflexive();
}

bool consistent(const candidate& c) {
  const relations r = derive(c);
  if (!(c.sb | r.rf).closed().irreflexive()) return false;       // no thin air
  if (!r.hb.then(r.eco.optional()).irreflexive()) return false;  // coherence
  const relation between = r.fr.then(r.co);                      // atomicity
  for (std::size_t i = 0; i < c.nodes.size(); ++i) {
    if ((c.rmw.rows[i] & between.rows[i]) != 0) return false;
  }
  return sequentially_consistent(c, r);
}

std::int64_t value_of(const candidate& c, std::size_t write) {
  const node& n = c.nodes[write];
  return n.adds ? n.operand + value_of(c, c.writer[n.read_part]) : n.operand;
}

bool holds(const condition& x, const candidate& c) {
  const auto part = [&](const condition& inner) { return holds(inner, c); };
  if (x.what == condition::kind::all) return std::all_of(x.parts.begin(), x.parts.end(), part);
  if (x.what == condition::kind::any) return std::any_of(x.parts.begin(), x.parts.end(), part);
  std::int64_t value = 0;
  if (x.final_value) {
    value = value_of(c, c.orders[x.index].back());
  } else {
    for (const std::size_t read : c.reads) {
      if (c.nodes[read].reg == x.index) value = value_of(c, c.writer[read]);
    }
  }
  switch (x.what) {
    case condition::kind::equal:
      return value == x.constant;
    case condition::kind::differ:
      return value != x.constant;
    case condition::kind::less:
      return value < x.constant;
    default:
      return value > x.constant;
  }
}

void each_order(candidate& c, std::size_t location, const condition& weak, tally& t) {
  if (location == c.orders.size()) {
    if (!consistent(c)) return;
    ++t.executions;
    if (holds(weak, c)) ++t.weak;
    return;
  }
  std::vector<std::size_t>& order = c.orders[location];
  std::sort(order.begin() + 1, order.end());
  do {
    each_order(c, location + 1, weak, t);
  } while (std::next_permutation(order.begin() + 1, order.end()));
}

void each_writer(candidate& c, std::size_t read, const condition& weak, tally& t) {
  if (read == c.reads.size()) {
    each_order(c, 0, weak, t);
    return;
  }
  const node& n = c.nodes[c.reads[read]];
  for (std::size_t w = 0; w < c.nodes.size(); ++w) {
    if (c.nodes[w].what != type::write || c.nodes[w].location != n.location) continue;
    c.writer[c.reads[read]] = w;
    each_writer(c, read + 1, weak, t);
  }
}

}  // namespace

tally run_reference(const program& p, const assignment& orders) {
  candidate c = build(p, orders);
  tally t;
  each_writer(c, 0, p.weak, t);
  return t;
}

}  // namespace shmfifo::harness::litmus
