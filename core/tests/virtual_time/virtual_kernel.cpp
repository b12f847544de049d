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

// The segment is shared: the private forms would wake nobody in another process.
int kernel::futex(const std::uint32_t* bell, int operation, std::uint32_t value,
                  const timespec* time) {
  if (operation == FUTEX_WAIT) {
    slept_on = bell;
    if (*bell == value && time == nullptr) std::abort();  // for ever
    if (*bell == value) return sleep("futex", *time);
    note("changed");
    errno = EAGAIN;
    return -1;
  }
  note(operation == FUTEX_WAKE ? "wake " + std::to_string(value)
                               : "futex operation " + std::to_string(operation));
  return 0;
}

int kernel::membarrier(long command, long flags) {
  note("membarrier " + std::to_string(command) + " " + std::to_string(flags));
  errno = ENOSYS;
  return membarrier_works ? 0 : -1;
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
  long answer = 0;
  if (present != nullptr && number == SYS_futex) {
    const auto* bell = va_arg(more, const std::uint32_t*);
    const int operation = va_arg(more, int);
    const auto value = va_arg(more, std::uint32_t);
    answer = present->futex(bell, operation, value, va_arg(more, const timespec*));
  } else {
    long words[6];
    for (long& word : words) word = va_arg(more, long);
    answer =
        present != nullptr && number == SYS_membarrier
            ? present->membarrier(words[0], words[1])
            : __real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
  }
  va_end(more);
  return answer;
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
