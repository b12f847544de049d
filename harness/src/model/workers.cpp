// SPDX-License-Identifier: MIT
#include "workers.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness::model::detail {
namespace {

// What a worker sends: numbers of fixed size, then two strings with their lengths among the
// numbers.
struct message {
  std::uint64_t executions, deaths, blocked, abandoned, duplicates, events;
  std::uint64_t reason_bytes, replay_bytes;
  verdict outcome;
  broken rule;
};

bool write_all(int descriptor, const void* data, std::size_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::write(descriptor, from, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    from += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

bool read_all(int descriptor, void* data, std::size_t bytes) {
  char* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::read(descriptor, to, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    to += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

int work(const test_body& body, const options& options, share mine, int descriptor) {
  const result r = explore_share(body, options, mine);
  message m{};
  m.executions = r.executions;
  m.deaths = r.deaths;
  m.blocked = r.blocked;
  m.abandoned = r.abandoned;
  m.duplicates = r.duplicates;
  m.events = r.events;
  m.reason_bytes = r.reason.size();
  m.replay_bytes = r.replay.size();
  m.outcome = r.outcome;
  m.rule = r.rule;
  const bool sent = write_all(descriptor, &m, sizeof m) &&
                    write_all(descriptor, r.reason.data(), r.reason.size()) &&
                    write_all(descriptor, r.replay.data(), r.replay.size());
  return sent ? 0 : 1;
}

bool receive(int descriptor, result& r) {
  message m{};
  if (!read_all(descriptor, &m, sizeof m)) return false;
  r.executions = m.executions;
  r.deaths = m.deaths;
  r.blocked = m.blocked;
  r.abandoned = m.abandoned;
  r.duplicates = m.duplicates;
  r.events = static_cast<std::uint32_t>(m.events);
  r.outcome = m.outcome;
  r.rule = m.rule;
  r.reason.resize(m.reason_bytes);
  r.replay.resize(m.replay_bytes);
  return read_all(descriptor, r.reason.data(), m.reason_bytes) &&
         read_all(descriptor, r.replay.data(), m.replay_bytes);
}

// A violation takes precedence, the shortest one first; then unknown; then ok.
void merge(result& all, const result& part) {
  all.executions += part.executions;
  all.deaths += part.deaths;
  all.blocked += part.blocked;
  all.abandoned += part.abandoned;
  all.duplicates += part.duplicates;
  const bool better = part.outcome == verdict::violation
                          ? all.outcome != verdict::violation || part.events < all.events
                          : part.outcome == verdict::unknown && all.outcome == verdict::ok;
  if (!better) return;
  all.outcome = part.outcome;
  all.rule = part.rule;
  all.events = part.events;
  all.reason = part.reason;
  all.replay = part.replay;
}

struct worker {
  pid_t process = -1;
  int from = -1;
};

worker start(const test_body& body, const options& options, share mine) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  pid_t process = -1;
  try {
    process = start_child([&] {
      ::close(ends[0]);
      return work(body, options, mine, ends[1]);
    });
  } catch (const std::runtime_error&) {  // the caller reports a worker that never answers
    ::close(ends[0]);
  }
  ::close(ends[1]);
  return {process, process < 0 ? -1 : ends[0]};
}

}  // namespace

result explore_in_processes(const test_body& body, const options& options) {
  std::vector<worker> workers;
  for (std::uint32_t i = 0; i < options.workers; ++i) {
    workers.push_back(start(body, options, {i, options.workers}));
  }
  result all;
  all.outcome = verdict::ok;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    result part;
    const worker& w = workers[i];
    bool heard = w.process > 0 && receive(w.from, part);
    int status = 0;
    if (w.process > 0) {
      ::close(w.from);
      status = reap(w.process);
      heard = heard && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    if (!heard) {
      part.outcome = verdict::unknown;
      part.reason = fmt::format("worker process {} did not report (wait status {:#x})", i, status);
    }
    merge(all, part);
  }
  return all;
}

}  // namespace shmfifo::harness::model::detail
