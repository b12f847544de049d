// SPDX-License-Identifier: MIT
#include "virtual_kernel.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <utility>

namespace virtual_time {
namespace {

kernel* present = nullptr;

std::string in_nanoseconds(const timespec& time) {
  std::string text = std::to_string(time.tv_nsec);
  if (time.tv_sec != 0) text = std::to_string(time.tv_sec) + "s+" + text;
  return text;
}

}  // namespace

// Neither 0 nor a round number: the library may count on neither.
kernel::kernel() : now(std::chrono::nanoseconds(1'234'567'891)) {
  present = this;
}
kernel::~kernel() {
  present = nullptr;
}

void kernel::note(const std::string& words) {
  // Whoever sleeps for no time at all would go on for ever.
  constexpr std::size_t longest = 1 << 20;
  if (journal.size() > longest) std::abort();
  journal += (journal.empty() ? "" : ", ") + words;
}

int kernel::sleep(const std::string& call, const timespec& time) {
  note(call + " " + in_nanoseconds(time));
  std::chrono::nanoseconds slept =
      std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  const bool interrupted = interrupt && interrupt(slept) < slept;
  if (interrupted) slept = interrupt(slept);
  now += slept;
  at_sleep(++sleeps);
  errno = interrupted ? EINTR : ETIMEDOUT;
  return interrupted || call == "futex" ? -1 : 0;
}

std::string kernel::asked() {
  std::string text;
  std::string rest = std::exchange(journal, {}) + ", ";
  while (rest.size() > 2) {
    const std::string one = rest.substr(0, rest.find(", ") + 2);
    unsigned times = 0;
    for (; rest.starts_with(one); ++times) rest.erase(0, one.size());
    text += (times > 1 ? std::to_string(times) + " x " : "") + one;
  }
  return text.substr(0, text.empty() ? 0 : text.size() - 2);
}

}  // namespace virtual_time

using virtual_time::present;

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  std::va_list more;
  va_start(more, number);
  long words[6];
  for (long& word : words) word = va_arg(more, long);
  va_end(more);
  if (present == nullptr || (number != SYS_futex && number != SYS_membarrier)) {
    return __real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
  }
  if (number == SYS_membarrier) {
    present->note("membarrier " + std::to_string(words[0]) + " " + std::to_string(words[1]));
    errno = ENOSYS;
    return present->membarrier_works ? 0 : -1;
  }
  // The segment is shared: the private forms would wake nobody in another process.
  if (words[1] == FUTEX_WAIT) {
    present->slept_on = reinterpret_cast<const void*>(words[0]);
    const bool changed =
        *reinterpret_cast<const std::uint32_t*>(words[0]) != static_cast<std::uint32_t>(words[2]);
    if (changed) present->note("changed");
    errno = EAGAIN;
    if (changed) return -1;
    if (words[3] == 0) std::abort();  // for ever
    return present->sleep("futex", *reinterpret_cast<const timespec*>(words[3]));
  }
  present->note(words[1] == FUTEX_WAKE && static_cast<int>(words[2]) == INT32_MAX
                    ? "wake"
                    : "futex operation " + std::to_string(words[1]));
  return 0;
}
int __real_nanosleep(const timespec* time, timespec* left);
int __wrap_nanosleep(const timespec* time, timespec* left);
int __wrap_nanosleep(const timespec* time, timespec* left) {
  return present == nullptr ? __real_nanosleep(time, left) : present->sleep("nap", *time);
}
int __real_clock_gettime(clockid_t which, timespec* time);
int __wrap_clock_gettime(clockid_t which, timespec* time);
int __wrap_clock_gettime(clockid_t which, timespec* time) {
  if (present == nullptr || which != CLOCK_REALTIME) return __real_clock_gettime(which, time);
  *time = {1'700'000'000, 123'456'789};
  return 0;
}
// std::chrono::steady_clock::now, whose time point is returned as its count of nanoseconds.
std::int64_t __real__ZNSt6chrono3_V212steady_clock3nowEv();
std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv();
std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
  if (present == nullptr) return __real__ZNSt6chrono3_V212steady_clock3nowEv();
  ++present->clock_reads;
  return present->now.time_since_epoch().count();
}
}
// NOLINTEND(bugprone-reserved-identifier)
