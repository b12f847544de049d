// SPDX-License-Identifier: MIT
// Goal: run the whole protocol under an instrument that knows addresses but not pages. Method:
// producers and consumers are threads of one process on one mapping; each reader checks numbers,
// lengths and contents. In the lossless modes a visitor attaches and leaves meanwhile, and a
// manager marks, looks and recovers. Options are parsed by hand: it is also built without
// libraries.
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "instruments.hpp"
#include "judge.hpp"
#include "roles.hpp"
#include "shmfifo/harness/support/names.hpp"

namespace shmfifo::threads {
namespace {

struct plan {
  const char* name;
  segment_mode mode;
  full_policy when_full;
  bool claims;  // in place: by plain stores, which only readers that producers wait for may meet
};
constexpr plan plans[] = {
    {"log", segment_mode::log, full_policy::reject, false},
    {"reject", segment_mode::ring, full_policy::reject, false},
    {"wait", segment_mode::ring, full_policy::wait, false},
    {"claims", segment_mode::ring, full_policy::wait, true},
    {"overwrite", segment_mode::ring, full_policy::overwrite, false},
};

struct settings {
  std::string mode;
  std::uint64_t producers = 1;
  std::uint64_t messages = 1000000;
  std::uint64_t spoiled = ~std::uint64_t{0};  // this message of each producer is published wrong
  bool alone = false;                         // one reader, nobody else

  [[nodiscard]] std::uint64_t of_each() const { return (messages + producers - 1) / producers; }
};

// A flag by a mutex: instruments that misread atomics understand it, too.
class flag {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
  }
  [[nodiscard]] bool raised() const {
    const std::lock_guard lock(mutex_);
    return raised_;
  }

 private:
  mutable std::mutex mutex_;
  bool raised_ = false;
};

constexpr std::uint64_t abort_every = 64;

// Lets the others have the processor, of which there are fewer than threads, before the next try.
class give_way {
 public:
  void operator()() {
    if (++tries_ % 16 != 0) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

 private:
  unsigned tries_ = 0;
};

template <class Producer>
auto take_claim(Producer& writer) {
  give_way wait;
  for (;;) {
    if (auto open = writer.take()) return open;
    wait();
  }
}

template <class Producer>
void publish_in_place(Producer& writer, const message& next) {
  if (next.sequence % abort_every == 0) static_cast<void>(take_claim(writer).abort());
  auto open = take_claim(writer);
  const byte_view bytes = next.bytes();
  std::memcpy(open.content().data(), bytes.data(), bytes.size());
  static_cast<void>(std::move(open).commit(bytes.size()));
}

template <class Producer>
void publish_all(Producer& writer, const plan& how, const settings& wish, std::uint64_t who) {
  const std::uint64_t count = wish.of_each();
  give_way wait;
  for (std::uint64_t i = 0; i < count; ++i) {
    message next(who, i);
    if (i == wish.spoiled) next.body[0] ^= 1;
    // Nobody holds producers back here: left alone they would be done before a reader is there.
    if (how.when_full == full_policy::overwrite && i % 16 == 0) std::this_thread::yield();
    if (how.claims) {
      publish_in_place(writer, next);
    } else if (i % 16 == 0) {
      const byte_view batch[] = {next.bytes()};
      while (writer.publish(batch).answer != status::ok) wait();
    } else {
      while (writer.publish(next.bytes()) != status::ok) wait();
    }
  }
}

template <class Consumer>
void read_all(Consumer& reader, judge& opinion, const flag& over) {
  for (bool last = false;;) {
    const poll_result result = reader.poll([&](const record_view& seen) { opinion.see(seen); });
    if (result.answer == status::ok) continue;
    if (result.answer != status::empty) {
      opinion.pass(result);
    } else if (last) {
      return;
    } else {
      last = over.raised();
      if (!last) {
        static_cast<void>(
            reader.wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
      }
    }
  }
}

// Attaches, reads some and leaves, again and again: the handshakes of birth and departure. It holds
// producers back while it is there.
void visit(const segment& home, const flag& over) {
  std::uint64_t visits = 0;
  for (; visits == 0 || !over.raised(); ++visits) {
    consumer reader = must(home.attach_consumer());
    for (int i = 0; i < 8; ++i) {
      std::int64_t next = reader.position();
      static_cast<void>(reader.poll(
          [&](const record_view& seen) {
            if (seen.message_number != next++) std::abort();
          },
          50));
    }
    // A visitor that never rests has most of the processor, and the others take the longer.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  std::printf("  visitor: %s visits\n", std::to_string(visits).c_str());
}

void manage(const segment& home, const flag& over) {
  std::uint64_t marks = 0;
  while (!over.raised()) {
    const segment_stat seen = must(home.stat());
    if (home.mark(seen.producer_cursor - 1, 1) == status::ok) ++marks;
    if (must(home.recover()) != 0) std::abort();  // nobody is dead
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::printf("  manager: %s marks\n", std::to_string(marks).c_str());
}

std::int64_t producer_cursor(const segment& home) {
  return must(home.stat()).producer_cursor;
}

template <class Roles>
bool run(const Roles& roles, const segment& home, const plan& how, const settings& wish) {
  const bool overwrites = how.when_full == full_policy::overwrite;
  const bool with_observer = !wish.alone && !how.claims;
  const allowance may_miss{.lost = how.mode == segment_mode::ring, .aborted = true};
  flag over;
  judge reading("consumer", {.lost = overwrites, .aborted = how.claims || overwrites});
  judge observing("observer", may_miss);
  std::vector<std::thread> writers;
  std::vector<std::thread> others;
  auto reader = roles.make_consumer();
  others.emplace_back([&] { read_all(reader, reading, over); });
  if constexpr (std::is_same_v<Roles, sound_roles>) {
    if (with_observer) {
      others.emplace_back([&] {
        auto observer = roles.make_observer();
        observing.begin_at(observer.position());
        read_all(observer, observing, over);
      });
    }
    if (!wish.alone) others.emplace_back([&] { manage(home, over); });
    if (!wish.alone && home.shape().gated()) others.emplace_back([&] { visit(home, over); });
  }
  for (std::uint64_t who = 0; who < wish.producers; ++who) {
    writers.emplace_back([&, who] {
      auto writer = roles.make_producer();
      publish_all(writer, how, wish, who);
    });
  }
  for (std::thread& writer : writers) writer.join();
  over.raise();
  for (std::thread& other : others) other.join();
  const std::int64_t end = producer_cursor(home);
  const std::uint64_t aborted =
      how.claims ? (wish.of_each() + abort_every - 1) / abort_every * wish.producers : 0;
  reading.conclude(end, static_cast<std::int64_t>(aborted));
  if (with_observer) observing.conclude(end, 0);
  return reading.sound() && observing.sound();
}

bool run_mode(const plan& how, const settings& wish, bool with_weakened_roles) {
  geometry shape;
  shape.mode = how.mode;
  shape.when_full = how.when_full;
  shape.producers = wish.producers == 1 ? producer_role::single : producer_role::many;
  shape.slot_count = how.mode == segment_mode::log ? wish.of_each() * wish.producers : 64;
  shape.content_size = sizeof(message);
  shape.participant_count = 16;
  harness::run_names names("test");
  const std::string name = names.next();
  const segment home = must(segment::create(name, shape));
  const weakened_roles weak(home);
  must(segment::remove(name));  // nothing is left, however this ends
  instruments::leave_to_others(reinterpret_cast<std::byte*>(&home.view().control()),
                               home.shape().segment_size() - control_offset);
  std::printf("%s, %llu producers, %llu messages\n", how.name,
              static_cast<unsigned long long>(wish.producers),
              static_cast<unsigned long long>(wish.messages));
  const bool sound =
      with_weakened_roles ? run(weak, home, how, wish) : run(sound_roles(home), home, how, wish);
  std::printf("  %s\n", sound ? "sound" : "FAULTY");
  if (with_weakened_roles) std::puts("the canary came to its end");
  return sound;
}

int usage() {
  std::fprintf(stderr,
               "usage: threads_on_one_mapping log|reject|wait|claims|overwrite [--producers N]\n"
               "         [--messages N] [--alone] [--spoil N] [--weaken SITE]...\n"
               "Exit 0: sound; 1: a reader saw a fault; 2: not started.\n"
               "--spoil publishes one message wrong, --weaken takes a site its memory order.\n");
  return 2;
}

int main_with(const std::vector<std::string>& words) {
  settings wish;
  bool weak = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--alone") {
      wish.alone = true;
    } else if (!word.starts_with("--")) {
      wish.mode = word;
    } else if (++i == words.size()) {
      return usage();
    } else if (word == "--weaken") {
      if (!weaken(words[i])) return usage();
      weak = wish.alone = true;
    } else {
      const std::uint64_t number = std::strtoull(words[i].c_str(), nullptr, 10);
      if (word == "--producers" && number >= 1 && number <= producers_max) {
        wish.producers = number;
      } else if (word == "--messages" && number >= wish.producers) {
        wish.messages = number;
      } else if (word == "--spoil") {
        wish.spoiled = number;
      } else {
        return usage();
      }
    }
  }
  for (const plan& how : plans) {
    if (wish.mode != how.name) continue;
    try {
      return run_mode(how, wish, weak) ? 0 : 1;
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "%s\n", problem.what());
      return 2;
    }
  }
  return usage();
}

}  // namespace
}  // namespace shmfifo::threads

int main(int count, char** words) {
  return shmfifo::threads::main_with({words + 1, words + count});
}
