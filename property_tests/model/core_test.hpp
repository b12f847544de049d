// SPDX-License-Identifier: MIT
#pragma once
// What the model tests of the core share: their registry, a segment of the model's own with roles
// in it, and the watcher that judges what a reader saw. The tests run the headers that ship, over
// core_memory.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core_memory.hpp"
#include "shmfifo/consumer.hpp"
#include "shmfifo/producer.hpp"
#include "shmfifo/protocol/mark.hpp"

namespace shmfifo::model_tests {

namespace model = harness::model;
using model::core_memory;
using model::core_world;

struct core_test {
  std::string name;    // group.G6.G8_sentence: CMakeLists.txt reads it here
  std::string bounds;  // threads, slots, messages, crash points
  std::function<void()> body;
  bool slow = false;
};

inline std::vector<core_test>& all_tests() {
  static std::vector<core_test> tests;
  return tests;
}
struct registration {
  explicit registration(core_test test) { all_tests().push_back(std::move(test)); }
};
// One of the slow tier, which core_model runs only with --slow.
struct slow_registration {
  explicit slow_registration(core_test test) {
    test.slow = true;
    all_tests().push_back(std::move(test));
  }
};

inline geometry ring(full_policy when_full, producer_role producers, std::uint64_t slots) {
  return {segment_mode::ring, when_full, producers, slots, 8, 4};
}

// Content that names its sender: producer and running index.
[[nodiscard]] constexpr std::uint64_t content_of(unsigned producer, unsigned index) noexcept {
  return producer * 1000ULL + index;
}

// The bytes of a word.
inline byte_view bytes_of(const std::uint64_t& word) {
  return std::as_bytes(std::span(&word, 1));
}

using claim = basic_claim<core_memory>;

// A producer in line `line`; a test may end it in good order with leave().
class producer : public basic_producer<core_memory> {
 public:
  producer(core_world& world, unsigned line) : basic_producer(world.view, own(world, line), line) {}
  using basic_producer::leave;

  status publish_word(std::uint64_t word) noexcept { return try_publish(bytes_of(word)); }
  // Publishes under any policy, waiting (as the model waits) while the ring is full.
  void publish_surely(std::uint64_t word) {
    while (true) {
      const status answer = publish_word(word);
      if (answer == status::ok) return;
      model::require(answer == status::full, "a publish answers ok or full");
      model::pause();
    }
  }
  // Takes the next number in the same way.
  claim take_surely() {
    while (true) {
      claim taken = try_take();
      if (taken) return taken;
      model::pause();
    }
  }

 private:
  static core_memory own(core_world& world, unsigned line) {
    core_memory memory(world);
    model::require(memory.try_own(line), "the line is free");
    return memory;
  }
};

// A consumer in line `line`, attached by the protocol's own handshake, or an observer.
class consumer : public basic_consumer<core_memory> {
 public:
  consumer(core_world& world, unsigned line, participant_kind kind = participant_kind::consumer,
           std::uint64_t position = 0)
      : consumer(world, attach(world, line, kind, position), line) {}
  struct observes {};
  consumer(core_world& world, observes, std::uint64_t position = 0)
      : basic_consumer(world.view, core_memory(world), std::nullopt, position, scratch_) {}
  using basic_consumer::leave;

 private:
  struct attached {
    core_memory memory;
    std::uint64_t position;
  };
  static attached attach(core_world& world, unsigned line, participant_kind kind,
                         std::uint64_t position) {
    core_memory memory(world);
    model::require(memory.try_own(line), "the line is free");
    model::require(protocol::enter_gate(world.view, memory, line, kind, position, false),
                   "enter_gate moves up");
    return {memory, position};
  }
  consumer(core_world& world, attached&& place, unsigned line)
      : basic_consumer(world.view, std::move(place.memory), line, place.position, scratch_) {}

  std::byte scratch_[8] = {};
};

// Reads a message's one word of content where the handler finds it: in place with a plain access,
// so that a slot rewritten too early is a data race, or in the reader's own buffer.
[[nodiscard]] inline std::uint64_t word_of(const core_world& world, const record_view& record) {
  const auto* word = reinterpret_cast<const std::uint64_t*>(record.content);
  const auto* bytes = reinterpret_cast<const std::byte*>(word);
  const bool shared = bytes >= world.bytes && bytes < world.bytes + sizeof world.bytes;
  return shared ? model::read_plain(*word) : *word;
}

// What one reader got, number by number.
struct seen {
  static constexpr std::uint64_t aborted = ~std::uint64_t{0};
  static constexpr std::uint64_t lost = ~std::uint64_t{0} - 1;
  static constexpr std::int64_t most = 32;
  std::uint64_t words[most] = {};
  std::int64_t next = 0;
  std::int64_t first = 0;

  void start(std::int64_t number) noexcept { first = next = number; }
  void put(std::int64_t number, std::uint64_t word) {
    model::require(number == next && number < most, "G2: numbers are dense");
    words[next++] = word;
  }
};

// Polls once; true if something came. Checks what each answer promises.
template <class Reader>
bool poll_once(const core_world& world, Reader& reader, seen& log, std::int64_t limit = 8) {
  const poll_result result = reader.poll(
      [&](const record_view& record) {
        model::require(record.value_length == 8, "G3, G4: the length that was published");
        log.put(record.message_number, word_of(world, record));
      },
      limit);
  model::require(result.answer != status::invalid, "G9: no sound slot is called invalid");
  if (result.answer == status::aborted || result.answer == status::lost) {
    for (std::int64_t i = 0; i < result.count; ++i) {
      log.put(result.first + i, result.answer == status::aborted ? seen::aborted : seen::lost);
    }
  }
  return result.answer != status::empty;
}

// Polls until the reader knows all numbers below `end`.
template <class Reader>
void read_until(const core_world& world, Reader& reader, seen& log, std::int64_t end) {
  while (log.next < end) {
    if (!poll_once(world, reader, log)) model::pause();
  }
}

}  // namespace shmfifo::model_tests
