// SPDX-License-Identifier: MIT
#include "explorer.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <utility>

#include "follower.hpp"
#include "sleeper.hpp"

namespace shmfifo::harness::crash {
namespace {

// One state of the segment and the instructions during which it lasted.
struct state {
  picture left;
  std::uint64_t first = 0;  // the first instruction that begins in it
  control_page noted;       // what the victim had noted by then
};

struct trace {
  std::vector<std::uintptr_t> addresses;  // of instruction k: the next one after k were executed
  std::vector<std::uint32_t> run;         // which unchanged stretch instruction k lies in
  std::vector<std::pair<std::uint64_t, std::uint64_t>> stretches;  // first, last
  std::vector<state> states;                                       // distinct
  std::vector<route> routes;
};

std::function<void()> body_of(const scenario& what, const std::string& name, control_page& control,
                              bool stepped) {
  return [&what, &name, &control, stepped] {
    control.stepped = stepped ? 1 : 0;
    victim self{name, control};
    const std::function<void()> operation = what.arm(self);
    begin_mark();
    operation();
    end_mark(control);
  };
}

class explorer {
 public:
  explorer(const scenario& what, run_names& names, const exploration_options& options)
      : what_(what), names_(names), options_(options) {}

  exploration run() {
    const auto begin = std::chrono::steady_clock::now();
    record();
    for (const manner way : options_.manners) {
      failures_here_ = 0;
      // A snapshot cannot contain a sleeper: sleeping is kernel state, not bytes.
      const bool real = way == manner::kill || way == manner::stop;
      if (what_.asleep != sleeping::nobody && !real) continue;
      if (way == manner::snapshot) judge_pictures();
      if (way == manner::kill) break_off(manner::kill, options_.every);
      if (way == manner::stop) break_off(manner::stop, options_.stop_every);
      if (way == manner::depth_two) recover_again(false);
      if (way == manner::depth_two_kill) recover_again(true);
    }
    result_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(result_);
  }

 private:
  void record();
  void judge_pictures();
  void judge_copy(manner way, std::uint64_t k, std::uintptr_t address, const picture& left,
                  const control_page& seen, const aftermath_options& options);
  void break_off(manner way, std::uint64_t every);
  void kill_at(std::uint64_t k);
  void stop_at(std::uint64_t k, bool long_wait);
  void recover_again(bool really);
  std::vector<std::uint64_t> instructions_tried(std::uint64_t every) const;
  std::vector<std::uintptr_t> callers_at(std::uint64_t k);
  void fail(manner way, std::uint64_t k, std::uintptr_t address, const std::string& sentence,
            const picture& now) {
    ++failures_here_;
    const bool of_the_victim = way != manner::depth_two && way != manner::depth_two_kill;
    std::vector<std::uintptr_t> callers;
    if (of_the_victim && address == trace_.addresses[k]) callers = callers_at(k);
    result_.failures.push_back({way, k, address, std::move(callers), sentence,
                                describe_difference(what_, trace_.states.front().left, now)});
  }
  [[nodiscard]] bool enough() const { return failures_here_ >= options_.failures_most; }

  const scenario& what_;
  run_names& names_;
  exploration_options options_;
  shared_control control_;
  trace trace_;
  exploration result_;
  unsigned failures_here_ = 0;
};

control_page noted(const control_page& now) {
  control_page copy;
  std::memcpy(static_cast<void*>(&copy), static_cast<const void*>(&now), sizeof copy);
  return copy;
}

bool same(world& scene, const scenario& what, const picture& known) {
  if ((what.makes_name || what.removes_name) && scene.name_exists() != known.named) return false;
  const std::span<const std::byte> now = scene.bytes();
  return now.size() == known.bytes.size() &&
         (now.empty() || std::memcmp(now.data(), known.bytes.data(), now.size()) == 0);
}

// Steps through the operation once, noting each instruction and each new state.
template <class Change>
std::vector<std::uintptr_t> step_through(tracee& child, const scenario& what, world& scene,
                                         Change change) {
  std::vector<std::uintptr_t> addresses;
  picture known = scene.take_picture();
  change(0, known);
  for (;;) {
    addresses.push_back(child.address());
    if (!child.step()) break;
    if (!same(scene, what, known)) {
      known = scene.take_picture();
      change(addresses.size(), known);
    }
  }
  if (child.ended_by_itself() != -1) {
    throw std::runtime_error("the operation ended its own process");
  }
  return addresses;
}

std::unique_ptr<sleeper> put_to_sleep(world& scene) {
  if (scene.what().asleep == sleeping::nobody) return nullptr;
  return std::make_unique<sleeper>(scene);
}

void explorer::record() {
  world scene(what_, names_.next());
  tracee child(control_, body_of(what_, scene.name(), control_.page(), true));
  const std::unique_ptr<sleeper> peer = put_to_sleep(scene);
  if (peer) peer->freeze();
  trace_.addresses = step_through(child, what_, scene, [&](std::uint64_t k, const picture& now) {
    if (!trace_.stretches.empty()) trace_.stretches.back().second = k - 1;
    trace_.stretches.push_back({k, k});
    for (state& known : trace_.states) {
      if (known.left == now) return;
    }
    trace_.states.push_back({now, k, noted(control_.page())});
  });
  child.kill();
  trace_.stretches.back().second = trace_.addresses.size() - 1;
  for (std::uint32_t i = 0; i < trace_.stretches.size(); ++i) {
    trace_.run.resize(trace_.stretches[i].second + 1, i);
  }
  trace_.routes = plan_routes(trace_.addresses);
  result_.instructions = trace_.addresses.size();
  result_.states = trace_.states.size();
}

void explorer::judge_pictures() {
  for (const state& known : trace_.states) {
    if (options_.at && *options_.at != known.first) continue;
    for (const bool newcomers_first : {false, true}) {
      if (enough()) return;
      aftermath_options options;
      options.newcomers_first = newcomers_first;
      if (!newcomers_first) options.messages_after = options_.messages_after;
      ++result_.pictures;
      judge_copy(manner::snapshot, known.first, trace_.addresses[known.first], known.left,
                 known.noted, options);
    }
  }
}

void explorer::judge_copy(manner way, std::uint64_t k, std::uintptr_t address, const picture& left,
                          const control_page& seen, const aftermath_options& options) {
  world copy(what_, names_.next(), left);
  try {
    aftermath(copy, seen, options).judge(false);
  } catch (const std::exception& problem) {
    fail(way, k, address, problem.what(), left);
  }
}

// The instructions to interrupt. One that is repeated while nothing changes (a spin) is interrupted
// only at its first visits: a death leaves the same state each time.
std::vector<std::uint64_t> explorer::instructions_tried(std::uint64_t every) const {
  std::vector<std::uint64_t> list;
  if (options_.at) return {*options_.at};
  std::map<std::pair<std::uint32_t, std::uintptr_t>, unsigned> visits;
  for (std::uint64_t k = 0; k < trace_.addresses.size(); ++k) {
    const std::uint32_t run = trace_.run[k];
    if (++visits[{run, trace_.addresses[k]}] > what_.visits) continue;
    const auto& [first, last] = trace_.stretches[run];
    if (k % every == 0 || k == first || k == last) list.push_back(k);
  }
  return list;
}

void explorer::break_off(manner way, std::uint64_t every) {
  std::uint32_t last_run = ~std::uint32_t{0};
  for (const std::uint64_t k : instructions_tried(every)) {
    if (enough()) return;
    if (k >= trace_.addresses.size()) throw std::runtime_error("no such instruction");
    if (way == manner::kill) {
      kill_at(k);
    } else {
      stop_at(k, trace_.run[k] != last_run);
      last_run = trace_.run[k];
    }
  }
}

void explorer::kill_at(std::uint64_t k) {
  world scene(what_, names_.next());
  tracee child(control_, body_of(what_, scene.name(), control_.page(), false));
  const std::unique_ptr<sleeper> peer = put_to_sleep(scene);
  const bool arrived = child.go(trace_.routes[k]);
  const std::uintptr_t address =
      child.ended_by_itself() == -1 ? child.address() : trace_.addresses[k];
  if (!arrived || address != trace_.addresses[k]) ++result_.drifted;
  child.kill();
  ++result_.kills;
  const picture left = scene.take_picture();
  try {
    aftermath_options options;
    options.newcomers_first = k % 2 == 1;
    if (peer) {
      peer->judge(control_.page(), false);
    } else {
      aftermath(scene, control_.page(), options).judge(false);
    }
  } catch (const std::exception& problem) {
    fail(manner::kill, k, address, problem.what(), left);
  }
}

// Uses a fresh run, since the interrupted process is gone. An error here must not hide the
// violation it explains.
std::vector<std::uintptr_t> explorer::callers_at(std::uint64_t k) try {
  world scene(what_, names_.next());
  tracee child(control_, body_of(what_, scene.name(), control_.page(), false));
  const std::unique_ptr<sleeper> peer = put_to_sleep(scene);
  if (!child.go(trace_.routes[k]) || child.address() != trace_.addresses[k]) return {};
  return child.callers();
} catch (const std::exception&) {
  return {};
}

void explorer::stop_at(std::uint64_t k, bool long_wait) {
  world scene(what_, names_.next());
  tracee child(control_, body_of(what_, scene.name(), control_.page(), false));
  const std::unique_ptr<sleeper> peer = put_to_sleep(scene);
  const bool arrived = child.go(trace_.routes[k]);
  const bool ended = child.ended_by_itself() != -1;
  const std::uintptr_t address = ended ? 0 : child.address();
  if (!arrived || address != trace_.addresses[k]) ++result_.drifted;
  if (ended) return;
  child.pause();
  ++result_.pauses;
  const picture left = scene.take_picture();
  try {
    aftermath_options options;
    options.long_wait = long_wait;
    aftermath after(scene, control_.page(), options);
    if (peer) {
      wait_out_every_slice();
    } else {
      after.act_meanwhile();
    }
    if (!child.resume_to_end(10'000)) {
      const std::string complaint = control_.page().complaint;
      throw violation(complaint.empty() ? "the paused process did not end normally: status " +
                                              std::to_string(child.ended_by_itself())
                                        : complaint);
    }
    if (peer) {
      peer->judge(control_.page(), true);
    } else {
      after.judge(true);
    }
  } catch (const std::exception& problem) {
    fail(manner::stop, k, address, problem.what(), left);
  }
}

// Depth two: a recoverer starts from each state that a death left, and dies at each of its own
// instructions; the next one finishes.
void explorer::recover_again(bool really) {
  const manner way = really ? manner::depth_two_kill : manner::depth_two;
  aftermath_options after_recovery;
  after_recovery.recovered = true;
  scenario recovery = what_;
  recovery.arm = [](victim& self) -> std::function<void()> {
    auto home = std::make_shared<segment>(self.attach());
    return [home] { static_cast<void>(must(home->recover())); };
  };
  for (const state& known : trace_.states) {
    if (!known.left.named) continue;
    trace inner;
    {
      world scene(what_, names_.next(), known.left);
      static_cast<void>(scene.home());
      tracee child(control_, body_of(recovery, scene.name(), control_.page(), true));
      inner.addresses =
          step_through(child, recovery, scene, [&](std::uint64_t k, const picture& now) {
            inner.states.push_back({now, k, {}});
          });
    }
    if (!really) {
      for (const state& left : inner.states) {
        for (const bool newcomers_first : {false, true}) {
          if (enough()) return;
          after_recovery.newcomers_first = newcomers_first;
          ++result_.second_kills;
          judge_copy(way, known.first, inner.addresses[left.first], left.left, known.noted,
                     after_recovery);
        }
      }
      continue;
    }
    inner.routes = plan_routes(inner.addresses);
    for (std::uint64_t k = 0; k < inner.addresses.size(); k += options_.every) {
      if (enough()) return;
      world scene(what_, names_.next(), known.left);
      static_cast<void>(scene.home());
      tracee child(control_, body_of(recovery, scene.name(), control_.page(), false));
      if (!child.go(inner.routes[k])) ++result_.drifted;
      child.kill();
      ++result_.second_kills;
      after_recovery.newcomers_first = k % 2 == 1;
      const picture left = scene.take_picture();
      try {
        aftermath(scene, known.noted, after_recovery).judge(false);
      } catch (const std::exception& problem) {
        fail(way, known.first, inner.addresses[k], problem.what(), left);
      }
    }
  }
}

}  // namespace

const char* to_string(manner way) {
  constexpr const char* names[] = {"snapshot", "kill", "stop", "depth-two", "depth-two-kill"};
  return names[static_cast<std::size_t>(way)];
}

exploration explore(const scenario& what, run_names& names, const exploration_options& options) {
  return explorer(what, names, options).run();
}

}  // namespace shmfifo::harness::crash
