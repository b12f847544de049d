// SPDX-License-Identifier: MIT
#include "world.hpp"

#include "poison.hpp"

#include <sys/socket.h>

#include <cstring>

namespace shmfifo::property_tests {

using harness::must;
using reference::answer;
using reference::op;
using reference::operation;

namespace {

// ---- answers through a socket: plain bytes, one packet each ----

using packet = std::vector<std::uint8_t>;

template <class T>
void put(packet& to, const T& value) {
  const auto at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}
template <class T>
T take(std::span<const std::uint8_t>& from) {
  T value;
  std::memcpy(&value, from.data(), sizeof value);
  from = from.subspan(sizeof value);
  return value;
}

packet encode(const answer& a) {
  packet p;
  put(p, a.code);
  put(p, a.errno_value);
  put(p, a.first);
  put(p, a.count);
  put(p, a.rule.size());
  p.insert(p.end(), a.rule.begin(), a.rule.end());
  for (const reference::message& m : a.messages) {
    put(p, m.number);
    put(p, m.length);
    put(p, m.status);
    put(p, m.bytes.size());
    p.insert(p.end(), m.bytes.begin(), m.bytes.end());
  }
  return p;
}

answer decode_answer(std::span<const std::uint8_t> from) {
  answer a;
  a.code = take<status>(from);
  a.errno_value = take<int>(from);
  a.first = take<std::int64_t>(from);
  a.count = take<std::int64_t>(from);
  const auto rule = take<std::size_t>(from);
  a.rule.assign(reinterpret_cast<const char*>(from.data()), rule);
  from = from.subspan(rule);
  while (!from.empty()) {
    reference::message m;
    m.number = take<std::int64_t>(from);
    m.length = take<std::int64_t>(from);
    m.status = take<std::int8_t>(from);
    const auto size = take<std::size_t>(from);
    m.bytes.assign(from.data(), from.data() + size);
    from = from.subspan(size);
    a.messages.push_back(std::move(m));
  }
  return a;
}

// ---- another process ----

class worker {
 public:
  worker() {
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_) != 0) std::abort();
    process_ = std::make_unique<harness::child>([this] {
      ::close(ends_[0]);
      return serve(ends_[1]);
    });
    ::close(ends_[1]);
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker() {
    process_->kill_and_join();  // before the socket ends, at which it would leave in good order
    ::close(ends_[0]);
  }
  void open(const std::string& name) { exchange({name.begin(), name.end()}); }
  answer run(const operation& o) {
    packet p;
    put(p, o);
    return decode_answer(exchange(p));
  }
  void close() { exchange({'.'}); }

 private:
  static constexpr std::size_t packet_max = 1 << 16;

  packet exchange(const packet& question) const {
    packet reply(packet_max);
    ssize_t got = -1;
    if (::send(ends_[0], question.data(), question.size(), MSG_NOSIGNAL) >= 0) {
      got = ::recv(ends_[0], reply.data(), reply.size(), 0);
    }
    if (got <= 0) throw std::runtime_error("the other process crashed");
    reply.resize(static_cast<std::size_t>(got));
    return reply;
  }
  // A question is a segment's name, an operation (recognised by its size), or "." for the end.
  static int serve(int socket) {
    std::optional<host> handles;
    packet question(packet_max);
    for (;;) {
      const ssize_t got = ::recv(socket, question.data(), question.size(), 0);
      if (got <= 0) return 0;
      packet reply{'.'};
      if (got == 1) {
        handles.reset();
      } else if (got == sizeof(operation)) {
        operation o;
        std::memcpy(&o, question.data(), sizeof o);
        reply = encode(handles->run(o));
      } else {
        handles.emplace(std::string(question.begin(), question.begin() + got));
      }
      if (::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return 0;
    }
  }

  int ends_[2] = {-1, -1};
  std::unique_ptr<harness::child> process_;
};

struct crew {
  std::unique_ptr<worker> process;
  bool open = false;
};
std::array<crew, 3>& crews() {
  static std::array<crew, 3> all;
  return all;
}

}  // namespace

world::world(const geometry& shape) {
  made_.emplace(must(segment::create(name_.get(), shape)));
  own_.emplace(name_.get());
}

world::~world() {
  for (const layout_view& view : own_->views()) allow_everything(view);
  for (crew& other : crews()) {
    if (other.open) {
      try {
        other.process->close();
      } catch (const std::runtime_error&) {  // the property failed on that already
        other.process.reset();
      }
    }
    other.open = false;
  }
}

void world::guard(const reference::fifo& before, const operation& o) const {
  for (const layout_view& view : own_->views()) poison_all_but(view, before, o);
}

answer world::run(const operation& o) {
  crew& other = crews()[reference::process_of(o.handle % reference::handles_max)];
  const bool elsewhere = &other != crews().data();
  if (!elsewhere) return own_->run(o);
  if (o.what == op::kill) {
    other.process.reset();
    other.open = false;
    return {};
  }
  if (!other.process) other.process = std::make_unique<worker>();
  if (!other.open) {
    other.open = true;
    other.process->open(name_.get());
  }
  return other.process->run(o);
}

reference::visible_state world::look() const {
  reference::visible_state state;
  const segment_stat stat = must(made_->stat());
  state.producer_cursor = stat.producer_cursor;
  state.oldest = stat.oldest;
  for (const participant_stat& p : stat.participants) {
    state.lines.push_back({p.index, p.kind, p.alive, p.cursor, p.lag, p.holds_back, p.name});
  }
  // From 0, not from where a new observer would start, to see what it reports about the past.
  consumer observer = must(made_->attach_observer(start_at::at(0)));
  for (;;) {
    answer a;
    const poll_result result = observer.poll([&](const record_view& record) {
      const auto* content = reinterpret_cast<const std::uint8_t*>(record.content);
      a.messages.push_back({record.message_number,
                            record.value_length,
                            record.status,
                            {content, content + record.value_length}});
    });
    a.code = result.answer;
    a.first = result.first;
    a.count = result.count;
    state.seen.push_back(a);
    if (a.count == 0) return state;
  }
}

namespace {

std::string difference_of_answers(reference::fifo& model, world& real, const operation& o) {
  real.guard(model, o);
  const answer expected = model.step(o);
  const answer got = real.run(o);
  if (got == expected) return {};
  return to_text(o) + "\n  expected: " + to_text(expected) + "\n  got:      " + to_text(got);
}

std::string difference_of_states(const reference::fifo& model, const world& real,
                                 const operation& o) {
  const reference::visible_state should = model.look();
  const reference::visible_state is = real.look();
  if (is == should) return {};
  return "after " + to_text(o) + "\n  expected: " + to_text(should) +
         "\n  got:      " + to_text(is);
}

}  // namespace

std::string difference(reference::fifo& model, world& real, const operation& o) {
  const std::string text = difference_of_answers(model, real, o);
  return text.empty() ? difference_of_states(model, real, o) : text;
}

namespace {

// The operations of difference_in_laps.
std::vector<operation> laps_after(reference::fifo model) {
  std::vector<operation> steps;
  const auto run = [&](op what, std::uint8_t handle, std::int64_t number = 0,
                       std::uint8_t fill = 0) {
    operation o;
    o.what = what;
    o.handle = handle;
    o.number = number;
    o.fill = fill;
    steps.push_back(o);
    return model.step(o);
  };
  std::optional<std::uint8_t> writer;
  std::vector<std::uint8_t> readers;
  for (std::uint8_t h = 0; h < reference::handles_max; ++h) {
    if (!model.attached(h)) continue;
    if (!model.writes(h)) {
      readers.push_back(h);
      continue;
    }
    writer = h;
    if (model.claims(h)) static_cast<void>(run(op::commit, h));  // it would hold up the others
  }
  for (std::uint8_t h = 0; h < reference::handles_max && !writer; ++h) {
    if (model.attached(h)) continue;
    if (run(op::attach_producer, h).errno_value != 0) break;
    writer = h;
  }
  if (!writer) return steps;
  const auto slots = static_cast<std::int64_t>(model.shape().slot_count);
  const auto look_long = [&] {
    for (const std::uint8_t h : readers) {
      while (run(op::poll_long, h, slots).count != 0) {
      }
    }
  };
  for (std::int64_t i = 0; i < 2 * slots; ++i) {
    look_long();
    const auto length = i % static_cast<std::int64_t>(model.shape().content_size + 1);
    const auto fill = static_cast<std::uint8_t>(i);
    if (run(op::publish, *writer, length, fill).code != status::full) continue;
    static_cast<void>(run(op::recover, *writer));  // nobody else may have ended a dead claim
    static_cast<void>(run(op::publish, *writer, length, fill));
  }
  look_long();
  return steps;
}

}  // namespace

std::string difference_in_laps(reference::fifo& model, world& real) {
  const auto laps = laps_after(model);
  for (const operation& o : laps) {
    std::string text = difference_of_answers(model, real, o);
    if (!text.empty()) return text;
  }
  return laps.empty() ? std::string() : difference_of_states(model, real, laps.back());
}

std::string difference(const program& p, std::size_t look_every) {
  reference::fifo model(p.shape);
  world real(p.shape);
  std::size_t done = 0;
  bool killed = false;
  for (const operation& o : p.operations) {
    ++done;
    if (!model.applies(o)) continue;
    std::string text = difference_of_answers(model, real, o);
    if (text.empty() && (done % look_every == 0 || done == p.operations.size())) {
      text = difference_of_states(model, real, o);
    }
    if (!text.empty()) return text;
    killed = killed || o.what == op::kill;
  }
  return killed ? difference_in_laps(model, real) : std::string();
}

}  // namespace shmfifo::property_tests
