// SPDX-License-Identifier: MIT
#pragma once
// One stream of messages through a queue of others, in the same way for each queue: the same two
// processes, payloads, start and checks. The queue is a template argument, so that no call through
// a pointer is added to its own. One copy into the queue, one out of it, every byte compared.

#include <fmt/format.h>
#include <sched.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors.hpp"
#include "chunk_watch.hpp"
#include "payload.hpp"
#include "shmfifo/protocol/content_copy.hpp"

namespace shmfifo::million {

// Messages a second.
struct stream_rate {
  double whole = 0;         // of the whole stream, from the start to the last message
  double median_chunk = 0;  // of the median of its chunks
};

struct peer_setting {
  actor& self;
  std::byte* memory;  // shared by both actors, zeroed: for queues that live where they are put
  std::string_view peer;
  std::string name;  // in /dev/shm or of a socket; the run removes it
  kind what = kind::text;
  std::int64_t messages = 0;
  std::chrono::milliseconds patience{10'000};  // without a single message sent or received
};

// Checks what a queue delivers, and times the chunks.
class delivery {
 public:
  explicit delivery(const peer_setting& setting, const payloads& expected)
      : setting_(setting), walk_(expected), copy_(expected.size() + 64), size_(expected.size()) {}

  // The clock runs from here on.
  void start() { watch_.emplace(setting_.messages); }

  // The message is still in the queue.
  void take_in_place(const std::byte* content, std::size_t length) noexcept {
    if (length == size_) [[likely]] {
      std::memcpy(copy_.data(), content, length);
      // The copy is part of the job: without this the compiler might compare in place.
      asm volatile("" : : "r"(copy_.data()) : "memory");
    }
    take_copy(copy_.data(), length);
  }
  // The queue has copied the message out, to buffer() or elsewhere.
  void take_copy(const std::byte* content, std::size_t length) noexcept {
    if (count_ == setting_.messages) fail("more messages came than were sent");
    if (length != size_) fail(fmt::format("message {} has the length {}", count_, length));
    if (std::memcmp(content, walk_.next(), size_) != 0) [[unlikely]] {
      fail(fmt::format("message {} has a wrong byte", count_));
    }
    watch_->note(++count_);
  }
  [[nodiscard]] std::byte* buffer() noexcept { return copy_.data(); }
  [[nodiscard]] std::size_t buffer_size() const noexcept { return copy_.size(); }

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  [[nodiscard]] bool complete() const noexcept { return count_ >= setting_.messages; }
  // After the last message.
  [[nodiscard]] stream_rate rate() const;

 private:
  [[noreturn]] void fail(const std::string& sentence) noexcept {
    setting_.self.fail(fmt::format("{}: {}", setting_.peer, sentence));
  }
  const peer_setting& setting_;
  payload_walk walk_;
  std::vector<std::byte> copy_;
  std::size_t size_;
  std::int64_t count_ = 0;
  std::optional<chunk_watch<>> watch_;
};

// One end of a queue. The writer's end is made first.
template <class Queue>
concept peer_queue = std::constructible_from<Queue, const peer_setting&, const payloads&> &&
    requires(Queue queue, unsigned variant, delivery& into) {
  // Sends this variant of the payloads; false: there was no room.
  { queue.send(variant) } -> std::same_as<bool>;
  // Takes one or more messages; false: there was none.
  { queue.receive(into) } -> std::same_as<bool>;
  // Do both wait up to a moment before they return false?
  { Queue::waits } -> std::convertible_to<bool>;
};

// Returns false if `attempt` did not succeed within the patience.
template <bool waits, class Attempt>
bool persist(std::chrono::milliseconds patience, Attempt&& attempt) {
  constexpr unsigned between_looks = waits ? 1 : 65536;  // at the clock, when polling
  clock::time_point until{};
  for (unsigned tries = 1; !attempt(); ++tries) {
    spin_hint();
    if (tries % between_looks != 0) continue;
    if (!waits) ::sched_yield();  // there may be only one processor
    if (until == clock::time_point{}) until = clock::now() + patience;
    if (clock::now() > until) return false;
  }
  return true;
}

template <peer_queue Queue>
void send_all(const peer_setting& setting, Queue& queue) {
  unsigned variant = 0;
  for (std::int64_t i = 0; i < setting.messages; ++i) {
    const bool sent = persist<Queue::waits>(setting.patience, [&] { return queue.send(variant); });
    if (!sent) {
      setting.self.fail(fmt::format("{}: message {} could not be sent", setting.peer, i));
    }
    variant = variant + 1 == payloads::variants ? 0 : variant + 1;
  }
}

template <peer_queue Queue>
void receive_all(const peer_setting& setting, Queue& queue, delivery& into) {
  while (!into.complete()) {
    const bool came = persist<Queue::waits>(setting.patience, [&] { return queue.receive(into); });
    if (!came) {
      setting.self.fail(fmt::format("{}: message {} did not come", setting.peer, into.count()));
    }
  }
}

// The reader's side returns the rate, the writer's zero.
template <peer_queue Queue>
stream_rate peer_stream(const peer_setting& setting) {
  actor& self = setting.self;
  const payloads source(setting.what);
  stream_rate rate;
  if (self.writes()) {
    Queue queue(setting, source);
    self.meet();  // the queue exists
    self.meet();  // and the reader is attached
    self.start_line();
    send_all(setting, queue);
    self.meet();  // everything was sent
    self.meet();  // and received
  } else {
    self.meet();
    Queue queue(setting, source);
    delivery into(setting, source);
    self.meet();
    self.start_line();
    into.start();
    receive_all(setting, queue, into);
    rate = into.rate();
    self.meet();
    static_cast<void>(queue.receive(into));  // fails if anything is left
    self.meet();
  }
  self.meet();  // both are detached: the next queue may use the memory
  return rate;
}

// For queues whose elements have one size, a constant, and no lengths of their own.
template <std::size_t size>
struct element {
  std::uint32_t length;
  std::byte content[size];
};

// The variants as elements, made beforehand: sending is one copy, as with the core.
template <std::size_t size>
class element_source {
 public:
  explicit element_source(const payloads& source) : elements_(payloads::variants) {
    for (unsigned v = 0; v < payloads::variants; ++v) {
      elements_[v].value.length = size;
      std::memcpy(elements_[v].value.content, source.variant(v), size);
    }
  }
  [[nodiscard]] const element<size>& operator[](unsigned variant) const noexcept {
    return elements_[variant].value;
  }

 private:
  struct alignas(64) aligned_element {
    element<size> value;
  };
  std::vector<aligned_element> elements_;
};

template <template <std::size_t> class Queue>
stream_rate element_stream(const peer_setting& setting) {
  switch (setting.what) {
    case kind::word_8:
      return peer_stream<Queue<8>>(setting);
    case kind::block_64:
      return peer_stream<Queue<64>>(setting);
    case kind::text:
      return peer_stream<Queue<133>>(setting);
    case kind::block_1024:
      return peer_stream<Queue<1024>>(setting);
    case kind::structured:
      break;  // no row
  }
  setting.self.fail(fmt::format("{} has no row of {}", setting.peer, to_string(setting.what)));
}

}  // namespace shmfifo::million
