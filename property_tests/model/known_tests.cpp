// SPDX-License-Identifier: MIT
// Tests with known verdicts, in place of those of the protocol: core_model_test.py compares what
// core_model reports of them. The environment names those that are there, in this order.
#include <cstdlib>
#include <sstream>

#include "relay.hpp"

namespace shmfifo::model_tests {
namespace {

using enum std::memory_order;

std::function<void()> pass_a_message(std::memory_order publish) {
  return [publish] {
    std::uint64_t content = 0;
    std::uint64_t stamp = 0;
    const core_memory memory;
    model::thread writer([&] {
      model::write_plain(content, std::uint64_t{7});
      memory.store(stamp, 1, publish, site::publish_stamp);
    });
    model::thread reader([&] {
      if (memory.load(stamp, acquire, site::poll_stamp) != 1) return;
      model::require(model::read_plain(content) == 7, "the content");
    });
  };
}

// Store buffering: one of the two sees the other's store.
void fence_between() {
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  std::uint64_t a = 9;
  std::uint64_t b = 9;
  const core_memory memory;
  {
    model::thread one([&] {
      memory.store(x, 1, relaxed, site::publish_length);
      memory.light_fence(site::bell_light_fence);
      a = memory.load(y, relaxed, site::poll_length);
    });
    model::thread two([&] {
      memory.store(y, 1, relaxed, site::publish_length);
      memory.heavy_fence(site::bell_heavy_fence);
      b = memory.load(x, relaxed, site::poll_length);
    });
  }
  model::require(a + b > 0, "one of them sees the other");
}

// Every kind of access with orders that nothing here needs: no change of them is noticed.
void want_too_much() {
  std::uint64_t word = 0;
  std::uint64_t expected = 0;
  const core_memory memory;
  memory.store(word, 0, release, site::abort_stamp);
  memory.store(word, 0, seq_cst, site::gate_role);
  static_cast<void>(memory.load(word, acquire, site::find_stamp));
  static_cast<void>(memory.load(word, consume, site::room_stamp));
  static_cast<void>(memory.load(word, seq_cst, site::gate_floor_load));
  static_cast<void>(memory.load(word, relaxed, site::poll_number));
  static_cast<void>(memory.fetch_or(word, 0, acq_rel, site::bell_announce));
  static_cast<void>(
      memory.compare_exchange(word, expected, 0, seq_cst, relaxed, site::mark_exchange));
  memory.light_fence(site::bell_light_fence);
  memory.store(word, 0, seq_cst, site::operate);
}

void wait_for_two() {
  model::atomic<std::uint32_t> x{0U};
  model::thread reader([&] {
    model::await(
        x, [](std::uint32_t v) { return v == 2; }, acquire);
  });
  model::thread writer([&] {
    x.store(1, release);
    x.store(2, release);
  });
}

void die() {
  model::atomic<std::uint32_t> x{0U};
  model::thread victim(model::mortal, [&] {
    x.store(1, relaxed);
    x.store(2, relaxed);
  });
}

void add_and_add() {
  model::atomic<std::uint32_t> x{0U};
  const auto add = [&] {
    for (int i = 0; i < 6; ++i) x.fetch_add(1, relaxed);
  };
  model::thread a(add);
  model::thread b(add);
}

void change_every_time() {
  static std::uint32_t runs = 0;
  model::atomic<std::uint32_t> x{0U};
  model::thread writer([&] { x.store(++runs, relaxed); });
  model::thread reader([&] { static_cast<void>(x.load(relaxed)); });
}

const core_test known[] = {
    {"known.passes", "1 writer, 1 reader", pass_a_message(release)},
    {"known.slow", "the same, slow", pass_a_message(release), true},
    {"known.races", "without release", pass_a_message(relaxed)},
    {"known.fences", "2 threads", fence_between},
    {"known.unneeded", "1 thread", want_too_much},
    {"known.waits", "1 waiting reader", wait_for_two},
    {"known.dies", "1 thread that dies", die},
    {"known.many", "924 executions", add_and_add},
    {"known.changes", "not deterministic", change_every_time},
    {"known.relays_nothing", "2 sleepers, 1 ring", [] { one_ring_for_two_sleepers(false); }},
};

const bool chosen = [] {
  const char* names = std::getenv("KNOWN_TESTS");
  std::istringstream words(names == nullptr ? "" : names);
  for (std::string word; words >> word;) {
    for (const core_test& test : known) {
      if (test.name == "known." + word) all_tests().push_back(test);
    }
  }
  return true;
}();

}  // namespace
}  // namespace shmfifo::model_tests
