// SPDX-License-Identifier: MIT
#include "shmfifo/harness/oracle/history.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace shmfifo::harness {
namespace {

constexpr std::uint64_t history_magic = 0x33746f7473696873;
constexpr std::uint64_t page = 4096;

constexpr std::uint64_t pages(std::uint64_t bytes) noexcept {
  return (bytes + page - 1) / page * page;
}

constexpr std::uint64_t states_offset = pages(sizeof(run_facts));

void copy_text(char* to, std::size_t room, const std::string& text) noexcept {
  to[text.copy(to, room - 1)] = '\0';
}

// Where the logs of the i-th sender or receiver begin.
std::uint64_t logs_offset(const run_facts& facts) noexcept {
  const std::uint64_t actors = facts.producers + facts.consumers + facts.observers;
  return states_offset + pages(actors * sizeof(actor_state));
}
std::uint64_t sender_room(const run_facts& facts) noexcept {
  return pages((facts.messages / facts.producers + 1) * sizeof(std::uint64_t));
}
// Ample: after each kill, a receiver without a name may begin at the oldest message.
std::uint64_t receiver_room(const run_facts& facts) noexcept {
  return pages((8 * facts.messages + 65536) * sizeof(event));
}

// A file can contain anything; the judge relies on these properties of a run's memory.
template <std::size_t N>
bool ends_in_time(const char (&text)[N]) noexcept {
  return std::find(text, text + N, '\0') != text + N;
}
bool holds_promises(const capabilities& promises) noexcept {
  const auto* first = reinterpret_cast<const unsigned char*>(&promises);
  return std::all_of(first, first + offsetof(capabilities, start),
                     [](unsigned char byte) { return byte <= 1; }) &&
         promises.start <= start_order::together;
}

std::uint64_t total_size(const run_facts& facts) noexcept {
  return logs_offset(facts) + facts.producers * sender_room(facts) +
         (facts.consumers + facts.observers) * receiver_room(facts);
}
std::uint64_t size_of(const queue_shape& shape) {
  if (shape.producers == 0 || shape.content_size == 0) {
    throw std::invalid_argument("a run has at least one producer and one byte of content");
  }
  run_facts facts{};
  facts.producers = shape.producers;
  facts.consumers = shape.consumers;
  facts.observers = shape.observers;
  facts.messages = shape.messages;
  return total_size(facts);
}

}  // namespace

void histories::unmap::operator()(std::byte* base) const noexcept {
  ::munmap(base, size);
}

histories::histories(std::uint64_t size) : memory_(nullptr, {size}) {
  void* base = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    throw std::runtime_error("no memory for the histories of the run (" + std::to_string(size) +
                             " bytes of address space): ask for fewer messages");
  }
  memory_.reset(static_cast<std::byte*>(base));
}

histories::histories(const history_shape& shape) : histories(size_of(shape.queue)) {
  run_facts& own = facts();
  own.magic = history_magic;
  own.seed = shape.seed;
  own.content_size = shape.queue.content_size;
  own.shortest = shape.shortest;
  own.slots = shape.queue.slots;
  own.capacity = shape.capacity;
  own.messages = shape.queue.messages;
  own.producers = shape.queue.producers;
  own.consumers = shape.queue.consumers;
  own.observers = shape.queue.observers;
  own.reuses_slots = shape.reuses_slots ? 1 : 0;
  own.promises = shape.promises;
  own.ended = run_end::timed_out;  // until the supervisor sets the real end
  copy_text(own.queue, sizeof own.queue, shape.queue_name);
}

actor_state* histories::states() const noexcept {
  return reinterpret_cast<actor_state*>(memory_.get() + states_offset);
}
std::uint64_t histories::events_max() const noexcept {
  return receiver_room(facts()) / sizeof(event);
}
std::uint64_t* histories::answers(unsigned i) const noexcept {
  return reinterpret_cast<std::uint64_t*>(memory_.get() + logs_offset(facts()) +
                                          i * sender_room(facts()));
}
event* histories::events(unsigned i) const noexcept {
  return reinterpret_cast<event*>(memory_.get() + logs_offset(facts()) +
                                  senders() * sender_room(facts()) + i * receiver_room(facts()));
}

std::uint64_t histories::sent_position() const noexcept {
  std::uint64_t count = 0;
  std::uint64_t end = 0;
  for (unsigned i = 0; i < senders(); ++i) {
    for (const std::uint64_t word : answered(i)) {
      count += answer::is_sent(word) ? 1U : 0U;
      if (answer::is_number(word)) end = std::max(end, word + 1);
    }
  }
  return facts().promises.numbered && !facts().promises.competing ? end : count;
}

std::uint64_t histories::bytes_used() const noexcept {
  std::uint64_t used = logs_offset(facts());
  for (unsigned i = 0; i < senders(); ++i) used += answered(i).size_bytes();
  for (unsigned i = 0; i < receivers(); ++i) used += told(i).size_bytes();
  return used;
}

void histories::save(const std::string& path) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const auto put = [&](const void* from, std::uint64_t size) {
    file.write(static_cast<const char*>(from), static_cast<std::streamsize>(size));
  };
  put(memory_.get(), logs_offset(facts()));
  for (unsigned i = 0; i < senders(); ++i) put(answers(i), answered(i).size_bytes());
  for (unsigned i = 0; i < receivers(); ++i) put(events(i), told(i).size_bytes());
  if (!file.flush())
    throw std::runtime_error("cannot write '" + path + "': " + std::strerror(errno));
}

histories histories::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read '" + path + "': " + std::strerror(errno));
  const auto get = [&](void* to, std::uint64_t size) {
    file.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
    if (!file) throw std::runtime_error("'" + path + "' is no history, or it is cut short");
  };
  alignas(run_facts) std::byte head[sizeof(run_facts)];
  get(head, sizeof head);
  const auto& facts = *reinterpret_cast<const run_facts*>(head);
  constexpr std::uint64_t messages_max = std::uint64_t{1} << 36;
  constexpr std::uint64_t content_max = std::uint64_t{1} << 40;
  if (facts.magic != history_magic || facts.producers - 1 > 1023 || facts.consumers > 1024 ||
      facts.observers > 1024 || facts.messages > messages_max || facts.content_size == 0 ||
      facts.content_size > content_max || !ends_in_time(facts.queue) ||
      !holds_promises(facts.promises)) {
    throw std::runtime_error("'" + path + "' is no history of this version");
  }
  histories run(total_size(facts));
  std::copy_n(head, sizeof head, run.memory_.get());
  get(run.memory_.get() + sizeof head, logs_offset(facts) - sizeof head);
  const auto require = [&](bool holds, const char* what) {
    if (!holds) throw std::runtime_error("'" + path + "' is no history: " + what);
  };
  for (unsigned i = 0; i < run.senders() + run.receivers(); ++i) {
    require(ends_in_time(run.states()[i].text), "a text without an end");
  }
  for (unsigned i = 0; i < run.senders(); ++i) {
    const std::uint64_t started = run.sender(i).started.load();
    require(started <= run.quota(i), "a producer began more messages than its share");
    require(run.answered(i).size() <= started, "a producer got more answers than it made calls");
    get(run.answers(i), run.answered(i).size_bytes());
  }
  for (unsigned i = 0; i < run.receivers(); ++i) {
    require(run.told(i).size() <= run.events_max(), "a log is longer than its room");
    get(run.events(i), run.told(i).size_bytes());
  }
  return run;
}

void complain(actor_state& who, rule broken, std::uint64_t a, std::uint64_t b,
              std::uint64_t c) noexcept {
  if (who.complained.broken.load(std::memory_order_relaxed) != rule::none) return;
  who.complained.facts[0] = a;
  who.complained.facts[1] = b;
  who.complained.facts[2] = c;
  who.complained.broken.store(broken, std::memory_order_release);
}

void complain(actor_state& who, rule broken, const std::string& text) noexcept {
  if (who.complained.broken.load(std::memory_order_relaxed) != rule::none) return;
  copy_text(who.text, sizeof who.text, text);
  who.complained.broken.store(broken, std::memory_order_release);
}

}  // namespace shmfifo::harness
