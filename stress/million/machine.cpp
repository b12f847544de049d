// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

namespace shmfifo::million {
namespace {

double load_average() noexcept {
  double minute = 0;
  return ::getloadavg(&minute, 1) == 1 ? minute : 0;
}

processor_ticks ticks_now() {
  std::ifstream file("/proc/stat");
  return read_ticks(file);
}

double seconds_of(int who) noexcept {
  rusage used{};
  static_cast<void>(::getrusage(who, &used));
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

processor_ticks read_ticks(std::istream& proc_stat) {
  std::string word;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, disk = 0, irq = 0, soft = 0, steal = 0;
  proc_stat >> word >> user >> nice >> system >> idle >> disk >> irq >> soft >> steal;
  if (!proc_stat || word != "cpu") return {};
  return {user + nice + system + idle + disk + irq + soft + steal, idle + disk, steal};
}

void add_ticks(machine_state& state, const processor_ticks& before, const processor_ticks& after,
               double own_ticks) noexcept {
  const auto all = static_cast<double>(after.all - before.all);
  if (all <= 0) return;
  const auto idle = static_cast<double>(after.idle - before.idle);
  const auto steal = static_cast<double>(after.steal - before.steal);
  state.steal_percent = 100 * steal / all;
  state.others_percent = std::max(0.0, 100 * (all - idle - steal - own_ticks) / all);
}

double read_waited_ms(std::istream& proc_schedstat) {
  std::uint64_t ran_ns = 0, waited_ns = 0, slices = 0;
  proc_schedstat >> ran_ns >> waited_ns >> slices;
  return proc_schedstat ? static_cast<double>(waited_ns) / 1e6 : 0;
}

double percent_used(double used_ms, double elapsed_ms, double waited_ms) noexcept {
  // The two come from different clocks of the kernel.
  const double most = std::max(elapsed_ms - waited_ms, used_ms);
  return most > 0 ? 100 * used_ms / most : 0;
}

machine_watch::machine_watch() : before_(ticks_now()) {
  state_.processors = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
  state_.load_average_before = load_average();
}

machine_state machine_watch::finish() {
  const double own = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
  add_ticks(state_, before_, ticks_now(), own * static_cast<double>(::sysconf(_SC_CLK_TCK)));
  state_.load_average_after = load_average();
  return state_;
}

}  // namespace shmfifo::million
