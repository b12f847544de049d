// SPDX-License-Identifier: MIT
#include "trial.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>
#include <random>
#include <thread>

namespace shmfifo::harness::queues {
namespace {

using namespace std::chrono_literals;
using role = actor_history::role;

std::int64_t stamp_of(deadline at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}
// So long without any success, a call's or a producer's, is stuck and not slow.
constexpr std::int64_t patience = 3'000'000'000;

std::int64_t now() {
  return stamp_of(std::chrono::steady_clock::now());
}

// What a kill cannot take: memory that the supervisor shares with each actor.
struct diary_head {  // until 0: in no call; progress: when a send last succeeded
  std::atomic<std::int64_t> count, begun_sequence, began, until, progress;
  std::atomic<bool>* over = nullptr;
};

class diary {
 public:
  explicit diary(std::size_t capacity) : capacity_(capacity) {
    bytes_ = sizeof(diary_head) + capacity * sizeof(event);
    void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no memory for a history; free some");
    head_ = new (memory) diary_head{};
    head_->begun_sequence = -1;
  }
  diary(const diary&) = delete;
  diary& operator=(const diary&) = delete;
  ~diary() { ::munmap(head_, bytes_); }

  diary_head& head() { return *head_; }
  [[nodiscard]] bool full() const {
    return head_->count.load(std::memory_order_relaxed) >= static_cast<std::int64_t>(capacity_);
  }
  std::span<event> written() {
    return {events(), static_cast<std::size_t>(head_->count.load(std::memory_order_acquire))};
  }
  // The last quarter is kept for what must not be missed; answers that only repeat stop before it.
  void write(const event& what, bool repeats = false) {
    const auto at = static_cast<std::size_t>(head_->count.load(std::memory_order_relaxed));
    if (at >= (repeats ? capacity_ / 4 * 3 : capacity_)) return;
    events()[at] = what;
    head_->count.store(static_cast<std::int64_t>(at) + 1, std::memory_order_release);
  }

 private:
  event* events() { return reinterpret_cast<event*>(head_ + 1); }
  std::size_t capacity_, bytes_ = 0;
  diary_head* head_;
};

// Content that says whose it is and can be made again by whoever sees it.
std::size_t content_of(const trial& run, unsigned producer, std::int64_t sequence,
                       std::span<std::byte> out) {
  std::uint64_t mix = run.seed * 0x9e3779b97f4a7c15U + producer * 0xbf58476d1ce4e5b9U +
                      static_cast<std::uint64_t>(sequence) * 0x94d049bb133111ebU;
  const auto step = [&mix] { return mix = (mix ^ (mix >> 27U)) * 0x2545f4914f6cdd1dU + 1; };
  const std::size_t edges[] = {16, 17, 24, out.size() - 1, out.size()};
  const std::uint64_t pick = step() >> 33U;
  const std::size_t length = pick % 4 == 0 ? edges[pick / 4 % 5] : 16 + pick % (out.size() - 15);
  const std::int64_t name[] = {producer, sequence};
  std::memcpy(out.data(), name, sizeof name);
  for (std::size_t i = 16; i < length; ++i) out[i] = static_cast<std::byte>(step() >> 56U);
  return length;
}

void produce(queue& under_test, const trial& run, unsigned id, diary& mine) {
  const std::unique_ptr<sender> out = under_test.attach_sender(id);
  std::vector<std::byte> content(run.content_size);
  const std::int64_t quota = run.messages / run.producers;
  if (mine.head().progress == 0) mine.head().progress = now();
  std::int64_t sequence = mine.head().begun_sequence.load() + 1;
  while (sequence < quota) {
    const std::size_t length = content_of(run, id, sequence, content);
    const deadline until = std::chrono::steady_clock::now() + 50ms;
    mine.head().began = now();
    mine.head().until = stamp_of(until);
    mine.head().begun_sequence = sequence;
    const sent answer = out->send({content.data(), length}, until);
    event line{.is = event::what::refused, .producer = static_cast<std::uint16_t>(id)};
    line.sequence = sequence;
    line.number = answer.number;
    line.began = mine.head().began;
    line.until = stamp_of(until);
    line.ended = now();
    if (answer.answer == send_answer::sent) line.is = event::what::sent;
    if (answer.answer == send_answer::failed) line.is = event::what::failed;
    mine.write(line, line.is == event::what::refused);
    mine.head().until = 0;
    if (answer.answer == send_answer::sent) {
      mine.head().progress = line.ended;
      ++sequence;
    } else if (answer.answer == send_answer::failed || now() - mine.head().progress > patience) {
      mine.write({.is = event::what::gave_up});
      return;
    } else if (answer.answer == send_answer::full) {
      std::this_thread::sleep_for(20us);
    }
  }
}

event line_of(const trial& run, const received& got, std::span<const std::byte> buffer) {
  event line;
  line.number = got.number;
  line.count = got.count;
  if (got.answer == receive_answer::message) line.length = got.length;
  switch (got.answer) {
    case receive_answer::nothing:
      line.is = event::what::nothing;
      return line;
    case receive_answer::aborted:
      line.is = event::what::aborted;
      return line;
    case receive_answer::lost:
      line.is = event::what::lost;
      return line;
    case receive_answer::message:
      line.is = event::what::message;
      break;
    default:
      return line;
  }
  if (got.length < 0 || got.length > std::ssize(buffer)) {
    line.wrong = event::defect::bounds;
    return line;
  }
  std::int64_t name[2] = {-1, -1};
  line.wrong = event::defect::content;
  if (got.length < std::ssize(name) * 8) return line;
  std::memcpy(name, buffer.data(), sizeof name);
  if (name[0] < 0 || name[0] >= run.producers || name[1] < 0) return line;
  line.producer = static_cast<std::uint16_t>(name[0]);
  line.sequence = name[1];
  std::vector<std::byte> expected(run.content_size);
  const std::size_t length = content_of(run, line.producer, line.sequence, expected);
  const auto common = std::min(length, static_cast<std::size_t>(got.length));
  if (std::memcmp(expected.data(), buffer.data(), common) != 0) return line;
  line.wrong =
      static_cast<std::int64_t>(length) == got.length ? event::defect::none : event::defect::length;
  return line;
}

void consume(queue& under_test, const trial& run, unsigned id, bool observer, diary& mine) {
  const std::unique_ptr<receiver> in = under_test.attach_receiver(id, observer);
  std::vector<std::byte> buffer(run.content_size);
  std::int64_t position = -1;
  // A batch that fills the ring would keep its own end from being sent.
  const unsigned batch = run.slots < 16 ? 1 : 8;
  unsigned unreleased = 0, silences = 0;
  while (silences < 2) {
    const bool over = mine.head().over->load();
    const deadline until = std::chrono::steady_clock::now() + (over ? 100ms : 20ms);
    mine.head().began = now();
    mine.head().until = stamp_of(until);
    event line = line_of(run, in->receive(buffer, until), buffer);
    line.began = mine.head().began;
    line.until = stamp_of(until);
    line.ended = now();
    mine.write(line, line.is == event::what::nothing);
    mine.head().until = 0;
    const bool silent = line.is == event::what::nothing;
    silences = silent && over ? silences + 1 : 0;
    if (line.is == event::what::failed || mine.full()) return;
    if (!silent) position = line.number + std::max<std::int64_t>(line.count, 1);
    if (!silent && ++unreleased < batch) continue;
    in->release();
    unreleased = 0;
    event release{.is = event::what::released, .number = position};
    release.ended = now();
    if (!observer && position >= 0) mine.write(release, silent);
  }
}

struct actor {
  role is;
  unsigned id;
  std::unique_ptr<diary> notes;
  pid_t process = -1;
};

void start(queue& under_test, const trial& run, actor& one) {
  one.notes->head().until = 0;
  const pid_t supervisor = ::getpid();
  one.process = ::fork();
  if (one.process < 0) throw std::runtime_error("cannot start a process; too many of them");
  if (one.process > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(1);
  try {
    if (one.is == role::producer) produce(under_test, run, one.id, *one.notes);
    if (one.is != role::producer) {
      consume(under_test, run, one.id, one.is == role::observer, *one.notes);
    }
  } catch (const std::exception&) {
    one.notes->write({.is = event::what::failed});
  }
  ::_exit(0);
}

class supervisor {
 public:
  supervisor(queue& under_test, const trial& run) : queue_(under_test), run_(run), dice_(run.seed) {
    void* flag =
        ::mmap(nullptr, sizeof *over_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (flag == MAP_FAILED) throw std::runtime_error("no shared memory; free some");
    over_ = new (flag) std::atomic<bool>(false);
    for (unsigned i = 0; i < run.consumers; ++i) add(role::consumer, i);
    for (unsigned i = 0; i < run.observers; ++i) add(role::observer, i);
    for (unsigned i = 0; i < run.producers; ++i) add(role::producer, i);
  }
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;
  ~supervisor() {
    for (actor& one : actors_) end(one);
    ::munmap(over_, sizeof *over_);
  }

  record_of_trial run() {
    for (actor& one : actors_) start(queue_, run_, one);
    while (reap()) {
      std::this_thread::sleep_for(2ms);
      if (!over_->load()) strike();
    }
    record_of_trial record{run_, queue_.promises(), {}, kills_, stops_};
    for (actor& one : actors_) {
      const auto lines = one.notes->written();
      record.actors.push_back({one.is, one.id, {lines.begin(), lines.end()}});
    }
    return record;
  }

 private:
  void add(role is, unsigned id) {
    const auto capacity = static_cast<std::size_t>(run_.messages) * 4 + 100'000;
    actors_.push_back({is, id, std::make_unique<diary>(capacity)});
    actors_.back().notes->head().over = over_;
  }

  static void end(actor& one) {
    if (one.process <= 0) return;
    ::kill(one.process, SIGKILL);
    ::waitpid(one.process, nullptr, 0);
    one.process = -1;
  }

  static void end_if_late(actor& one) {
    const std::int64_t until = one.notes->head().until.load();
    if (until == 0 || now() - until < patience) return;
    end(one);
    event line{.is = event::what::late, .until = until};
    line.ended = now();
    one.notes->write(line);
  }

  bool reap() {
    bool producing = false, running = false;
    for (actor& one : actors_) {
      int status = 0;
      if (one.process > 0 && ::waitpid(one.process, &status, WNOHANG) == one.process) {
        one.process = -1;
        event line{.is = event::what::failed};
        line.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        if (status != 0) one.notes->write(line);
      }
      if (one.process > 0) end_if_late(one);
      running = running || one.process > 0;
      producing = producing || (one.process > 0 && one.is == role::producer);
    }
    if (!producing) over_->store(true);
    return running;
  }

  void strike() {
    if (run_.faults == faults::none) return;
    const role wanted = run_.faults == faults::kill_consumers ? role::consumer : role::producer;
    actor& one = actors_[std::uniform_int_distribution<std::size_t>(0, actors_.size() - 1)(dice_)];
    if (one.is != wanted || one.process <= 0) return;
    if (run_.faults == faults::stop_producers) {
      ::kill(one.process, SIGSTOP);
      std::this_thread::sleep_for(8ms);
      ::kill(one.process, SIGCONT);
      ++stops_;
      return;
    }
    diary_head& head = one.notes->head();
    // A stuck producer is left alone, or it would never come to say so.
    if (wanted == role::producer && now() - head.progress > patience / 6) return;
    ::kill(one.process, SIGKILL);
    int status = 0;
    ::waitpid(one.process, &status, 0);
    one.process = -1;
    if (!WIFSIGNALED(status)) return;  // it had just ended by itself
    ++kills_;
    if (one.is == role::producer) note_unknown(one, head);
    one.notes->write({.is = event::what::restarted});
    start(queue_, run_, one);
  }

  static void note_unknown(actor& one, const diary_head& head) {
    const std::int64_t begun = head.begun_sequence.load();
    const auto lines = one.notes->written();
    const bool known = std::any_of(lines.rbegin(), lines.rend(), [&](const event& line) {
      return line.sequence == begun && line.is == event::what::sent;
    });
    if (begun < 0 || known) return;
    event line{.is = event::what::unknown, .producer = static_cast<std::uint16_t>(one.id)};
    line.sequence = begun;
    line.began = head.began.load();
    line.ended = now();
    one.notes->write(line);
  }

  queue& queue_;
  trial run_;
  std::mt19937_64 dice_;
  std::atomic<bool>* over_ = nullptr;
  std::vector<actor> actors_;
  unsigned kills_ = 0, stops_ = 0;
};

}  // namespace

record_of_trial carry_out(queue& under_test, const trial& asked) {
  queue_shape shape;
  shape.name = "/shmfifo-test-" + std::to_string(::getpid()) + "-trial";
  shape.slots = asked.slots;
  shape.content_size = asked.content_size;
  shape.producers = asked.producers;
  shape.consumers = asked.consumers;
  shape.observers = asked.observers;
  shape.messages = static_cast<std::uint64_t>(asked.messages);
  under_test.create(shape);
  struct removal {
    queue& made;
    ~removal() { made.destroy(); }
  } const removal{under_test};
  return supervisor(under_test, asked).run();
}

}  // namespace shmfifo::harness::queues
