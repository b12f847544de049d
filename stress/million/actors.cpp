// SPDX-License-Identifier: MIT
#include "actors.hpp"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <system_error>

#include "machine.hpp"
#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/protocol/content_copy.hpp"

namespace shmfifo::million {
namespace {

constexpr int exit_of_failure = 3;

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept {
  const timespec at_most{0, 100'000'000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT, value, &at_most, nullptr, 0);
}
void futex_wake(const std::atomic<std::uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::vector<unsigned> allowed_processors() {
  std::vector<unsigned> processors;
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return processors;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) processors.push_back(cpu);
  }
  return processors;
}

pid_t start_actor(shared_block& block, side who, const run_options& options,
                  const std::string& prefix, const std::function<void(actor&)>& script) {
  return harness::start_child([&] {
    actor self(block, who, options, prefix);
    try {
      self.take_processor(static_cast<unsigned>(who));
      script(self);
    } catch (const std::exception& broken) {
      self.fail(broken.what());
    }
    return 0;
  });
}

// Waits for both actors, updates the display, and ends both when one fails or a signal asks for it.
class supervisor {
 public:
  supervisor(shared_block& block, const sigset_t& signals, std::uint32_t steps_in_all)
      : block_(block),
        signals_(signals),
        steps_in_all_(steps_in_all),
        on_terminal_(::isatty(STDERR_FILENO) == 1) {}

  void watch(pid_t (&actors)[2], run_outcome& outcome) {
    bool good = true;
    while (actors[0] > 0 || actors[1] > 0) {
      const timespec slice{0, 200'000'000};
      const int signal = ::sigtimedwait(&signals_, nullptr, &slice);
      if (signal == SIGINT || signal == SIGTERM) outcome.signal = signal;
      good = reap(actors, outcome) && good;
      if (!good || outcome.signal != 0) end(actors);
      show();
    }
    if (on_terminal_) std::fputs("\r\033[K", stderr);
    outcome.ok = good && outcome.signal == 0;
  }

 private:
  static bool reap(pid_t (&actors)[2], run_outcome& outcome) {
    bool good = true;
    for (pid_t& actor : actors) {
      if (actor <= 0) continue;
      const std::optional<int> status = harness::try_reap(actor);
      if (!status) continue;
      actor = 0;
      if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) continue;
      good = false;
      if (WIFSIGNALED(*status)) {
        outcome.failure = fmt::format("a measuring process was ended by signal {} ({})",
                                      WTERMSIG(*status), ::strsignal(WTERMSIG(*status)));
      }
    }
    return good;
  }
  static void end(pid_t (&actors)[2]) {
    for (pid_t& actor : actors) {
      if (actor <= 0) continue;
      harness::kill_process(actor);
      harness::reap(actor);
      actor = 0;
    }
  }
  // On a terminal one line that is rewritten; elsewhere occasional lines in a long run.
  void show() {
    if (!on_terminal_ && clock::now() < next_line_) return;
    next_line_ = clock::now() + between_lines;
    const std::uint32_t done = block_.steps_done.load(std::memory_order_acquire);
    const std::string text =
        fmt::format("[{:3}%] {}", done * 100 / steps_in_all_, block_.step_name);
    std::fputs(on_terminal_ ? fmt::format("\r\033[K{}", text).c_str()
                            : fmt::format("million_messages: {}\n", text).c_str(),
               stderr);
  }

  static constexpr std::chrono::seconds silent{2};
  static constexpr std::chrono::seconds between_lines{10};

  shared_block& block_;
  const sigset_t& signals_;
  std::uint32_t steps_in_all_;
  bool on_terminal_;
  clock::time_point next_line_ = clock::now() + silent;
};

void collect(const shared_block& block, const run_options& options, results& found) {
  found.messages = options.messages;
  found.executions = options.executions;
  for (const findings& half : block.found) {
    found.samples.insert(found.samples.end(), half.samples, half.samples + half.sample_count);
    found.latencies.insert(found.latencies.end(), half.latencies,
                           half.latencies + half.latency_count);
    found.original_short_reads += half.original_short_reads;
    if (half.idle_cpu_percent >= 0) found.idle_cpu_percent = half.idle_cpu_percent;
    if (half.idle_cpu_percent_200 >= 0) found.idle_cpu_percent_200 = half.idle_cpu_percent_200;
  }
}

}  // namespace

void* map_shared_memory(std::size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return memory;
}

actor::actor(shared_block& block, side who, const run_options& options, std::string prefix)
    : block_(block),
      side_(who),
      options_(options),
      prefix_(std::move(prefix)),
      processors_(allowed_processors()) {}

// Otherwise the scheduler may put both actors on one processor after a wake-up, and its decisions
// would be measured.
void actor::take_processor(unsigned index) noexcept {
  if (options_.pin == pinning::no) return;
  if (processors_.size() < 2) {
    if (options_.pin == pinning::automatic) return;
    fail("--pin yes needs two processors, and this process may use only one");
  }
  if (index >= processors_.size()) return;
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(processors_[index], &own);
  if (::sched_setaffinity(0, sizeof own, &own) != 0 && options_.pin == pinning::yes) {
    fail(std::string("--pin yes: sched_setaffinity: ") + std::strerror(errno));
  }
}

void actor::meet() noexcept {
  const auto own = static_cast<unsigned>(side_);
  std::atomic<std::uint32_t>& mine = block_.arrived[own][0];
  std::atomic<std::uint32_t>& other = block_.arrived[1 - own][0];
  mine.store(++meetings_, std::memory_order_seq_cst);
  futex_wake(mine);
  for (unsigned i = 0;; ++i) {
    const std::uint32_t seen = other.load(std::memory_order_acquire);
    if (seen >= meetings_) return;
    if (i < 1000) {
      spin_hint();
    } else {
      futex_wait(other, seen);
    }
  }
}

void actor::start_line() noexcept {
  const auto own = static_cast<unsigned>(side_);
  block_.started[own][0].store(++starts_, std::memory_order_release);
  for (unsigned i = 1; block_.started[1 - own][0].load(std::memory_order_acquire) < starts_; ++i) {
    if (i % 65536 == 0) ::sched_yield();  // there may be only one processor
    spin_hint();
  }
}

void actor::step(std::string_view name) noexcept {
  if (!writes()) return;
  const std::size_t size = std::min(name.size(), sizeof block_.step_name - 1);
  std::memcpy(block_.step_name, name.data(), size);
  block_.step_name[size] = '\0';
  block_.steps_done.fetch_add(1, std::memory_order_release);
}

void actor::record(const row_key& key, std::uint32_t execution, const timing& times) {
  findings& mine = found();
  if (mine.sample_count == samples_max) fail("too many rows: raise samples_max");
  mine.samples[mine.sample_count++] = {key, execution, times.ms, times.chunk_ms};
}

void actor::record(const latency& measured) {
  findings& mine = found();
  if (mine.latency_count == latencies_max) fail("too many latencies: raise latencies_max");
  mine.latencies[mine.latency_count++] = measured;
}

void actor::fail(const std::string& sentence) noexcept {
  // Only the first failure is kept: the other actor's failure is its consequence.
  if (!block_.failed.exchange(true, std::memory_order_acq_rel)) {
    std::strncpy(block_.failure, sentence.c_str(), sizeof block_.failure - 1);
  }
  ::_exit(exit_of_failure);
}

run_outcome run_in_two_processes(const run_options& options, std::uint32_t steps_in_all,
                                 const std::function<void(actor&)>& script) {
  auto& block = *new (map_shared_memory(sizeof(shared_block))) shared_block();
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&signals, signal);
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &signals, &before);

  run_outcome outcome;
  machine_watch machine;
  {
    const harness::run_names names("million");
    const std::string& prefix = names.beginning();
    pid_t actors[2] = {start_actor(block, side::writer, options, prefix, script),
                       start_actor(block, side::reader, options, prefix, script)};
    supervisor(block, signals, steps_in_all).watch(actors, outcome);
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (block.failed.load(std::memory_order_acquire)) outcome.failure = block.failure;
  if (outcome.ok) {
    collect(block, options, outcome.found);
  } else if (block.step_name[0] != '\0') {
    outcome.failure += fmt::format(" (in {})", block.step_name);
  }
  outcome.found.machine = machine.finish();
  ::munmap(&block, sizeof block);
  return outcome;
}

}  // namespace shmfifo::million
