// SPDX-License-Identifier: MIT
// shmfifo_fault: makes every system call of every operation fail, with each errno, once and
// permanently, and checks that the error names the call, that nothing leaks, and that the next
// attempt works.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>

#include "full_file_system.hpp"
#include "report.hpp"
#include "sentences.hpp"
#include "shmfifo/harness/fault/faults.hpp"
#include "shmfifo/harness/support/coverage.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/shmfifo.hpp"
#include "standard_output.hpp"

#ifdef SHMFIFO_PLANTED_BUGS
#include "planted.hpp"
#endif

namespace shmfifo::harness::fault {
namespace {

constexpr const char* shm_directory = "/dev/shm";

// The result of an operation: nothing (success), or the error.
using outcome = std::optional<error>;
template <class T>
outcome outcome_of(const result<T>& answer) {
  return answer ? outcome{} : outcome{answer.failure()};
}

struct stage {
  std::string name;  // of this case's segment
  std::optional<segment> home;
};
struct operation {
  const char* name;
  bool needs_segment;
  bool leaves_segment;  // when it fails, the name must exist (or not) as before
  std::function<outcome(stage&)> act;
};

create_options small_ring() {
  create_options options;
  options.slot_count = 4;
  options.content_size = 64;
  options.participant_count = 4;
  options.producers = producer_role::many;
  options.when_full = full_policy::wait;
  return options;
}

outcome create(stage& on, bool touched) {
  create_options options = small_ring();
  options.pretouch = options.huge_pages = touched;
  return outcome_of(segment::create(on.name, options));
}
outcome attach(stage& on, access mode) {
  attach_options options;
  options.mode = mode;
  return outcome_of(segment::attach(on.name, options));
}
outcome wait_a_little(stage& on) {
  consumer_options latest;
  latest.start = start_at::latest();
  auto in = on.home->attach_consumer(latest);
  if (!in) return in.failure();
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(3);
  const status answer = in->wait(until);
  if (answer == status::timed_out || answer == status::peer_dead) return {};
  return error{1, "wait", std::string("wait answered ") + std::string(to_string(answer))};
}
outcome publish_to_sleeper(stage& on) {
  auto out = on.home->attach_producer();
  if (!out) return out.failure();
  on.home->view().control().data_bell |= 1;
  if (out->try_publish("x", 1) == status::ok) return {};
  return error{1, "publish", "publish failed"};
}

const std::vector<operation>& operations() {
  static const std::vector<operation> list = {
      {"create", false, false, [](stage& on) { return create(on, false); }},
      {"create_touched", false, false, [](stage& on) { return create(on, true); }},
      {"attach", true, true, [](stage& on) { return attach(on, access::read_write); }},
      {"attach_read_only", true, true, [](stage& on) { return attach(on, access::read_only); }},
      {"producer", true, true, [](stage& on) { return outcome_of(on.home->attach_producer()); }},
      {"consumer", true, true, [](stage& on) { return outcome_of(on.home->attach_consumer()); }},
      {"named_consumer", true, true,
       [](stage& on) {
         consumer_options options;
         options.name = "kept";
         return outcome_of(on.home->attach_consumer(options));
       }},
      {"observer", true, true, [](stage& on) { return outcome_of(on.home->attach_observer()); }},
      {"publish_and_wake", true, true, publish_to_sleeper},
      {"wait", true, true, wait_a_little},
      {"recover", true, true, [](stage& on) { return outcome_of(on.home->recover()); }},
      {"forget", true, true, [](stage& on) { return outcome_of(on.home->forget("old")); }},
      {"stat", true, true, [](stage& on) { return outcome_of(on.home->stat()); }},
      {"check_name", true, true, [](stage& on) { return outcome_of(on.home->check_name()); }},
      {"list", true, true, [](stage&) { return outcome_of(list_segments()); }},
      {"remove", true, true, [](stage& on) { return outcome_of(segment::remove(on.name)); }},
  };
  return list;
}

// ---- what must not leak

struct holdings {
  std::size_t descriptors = 0;
  std::size_t mappings = 0;
  std::size_t names = 0;
  std::size_t participants = 0;
  bool operator==(const holdings&) const = default;
};

std::size_t entries(const std::string& path, const std::string& prefix) {
  std::size_t count = 0;
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) throw std::runtime_error("cannot read " + path);
  while (const dirent* entry = ::readdir(directory)) {
    if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) == 0) ++count;
  }
  ::closedir(directory);
  return count;
}

holdings take_stock(stage& on) {
  holdings now;
  now.descriptors = entries("/proc/self/fd", "");
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(shm_directory) != std::string::npos) ++now.mappings;
  }
  now.names = entries(shm_directory, on.name);
  if (on.home) {
    auto facts = on.home->stat();
    if (!facts) throw std::runtime_error(facts.failure().text);
    for (const participant_stat& line : facts->participants) {
      if (line.alive || line.kind != participant_kind::durable) ++now.participants;
    }
  }
  return now;
}

struct verdict {
  bool struck = false;
  bool refused = false;
  std::array<unsigned, call_count> made{};
  char sentence[300] = {};  // empty: no complaint
  char answer[600] = {};    // the library's text for the failed call
};

void quote(verdict& into, const std::string& answer) {
  std::strncpy(into.answer, answer.c_str(), sizeof into.answer - 1);
}
void complain(verdict& into, const std::string& sentence) {
  std::strncpy(into.sentence, sentence.c_str(), sizeof into.sentence - 1);
}

// Calls whose failure an operation may tolerate: it then does without (no advice, no membarrier, a
// weaker random number, no hint about limits), or the failure means nothing (a lock that cannot be
// queried counts as held).
bool may_be_tolerated(call which, const plan& how) {
  switch (which) {
    case call::madvise:
    case call::syscall:
    case call::nanosleep:
    case call::getrandom:
    case call::read:
    case call::close:
    case call::munmap:
    case call::fcntl:
      return true;
    case call::linkat:  // EEXIST: another process was faster and has removed it: create tries again
      return how.code == EEXIST || (how.code == ENOENT && !how.forever);  // it has two ways
    case call::lstat:
      return how.code == ENOENT;  // means that the name was removed
    case call::open:  // list skips files it cannot open; create looks for the name first
    case call::fstat:
      return true;
    default:
      return how.code == 0 || (how.code == EINTR && !how.forever);
  }
}

void judge_answer(std::string_view what, const outcome& answer, const plan& how, verdict& into) {
  // list skips files it cannot read; create says that a name is taken when another file has it.
  const bool of_one_file = how.which == call::open || how.which == call::fstat ||
                           how.which == call::pread || may_be_tolerated(how.which, how);
  if (!answer && what == "list" && of_one_file) return;
  if (answer && what.starts_with("create") && answer->code == EEXIST && how.which == call::open &&
      (how.code == EACCES || how.code == ELOOP || how.code == ENXIO || how.code == EISDIR)) {
    into.refused = true;
    return;
  }
  if (!answer) {
    if (!may_be_tolerated(how.which, how)) complain(into, "succeeded although the call failed");
    return;
  }
  into.refused = true;
  const std::string call_name(to_string(how.which));
  const bool lock_is_held = how.which == call::fcntl && (how.code == EAGAIN || how.code == EACCES);
  const bool name_is_taken = how.which == call::linkat && how.code == EEXIST;
  if (lock_is_held || (name_is_taken && answer->code == EAGAIN)) return;
  if (how.which == call::allocation) {
    const std::string_view rule = answer->rule;
    if (answer->code != ENOMEM || (rule != "memory" && rule != "buffer")) {
      complain(into, "out of memory is called '" + std::string(rule) + "': " + answer->text);
    }
    return;
  }
  if (answer->rule == call_name) quote(into, answer->text);
  if (answer->rule != call_name) {
    complain(into, "the error names '" + std::string(answer->rule) + "': " + answer->text);
  } else if (answer->code != how.code ||
             answer->text.find(std::strerror(how.code)) == std::string::npos) {
    complain(into, "the error does not say why: " + answer->text);
  }
}

void prepare(stage& on) {
  on.home.emplace(std::move(segment::create(on.name, small_ring())).value());
  consumer_options old;
  old.name = "old";
  const auto kept = on.home->attach_consumer(old);
  if (!kept) throw std::runtime_error(kept.failure().text);
}

void play(const operation& what, const plan& how, const std::string& name, verdict& into) {
  stage on{name, {}};
  if (what.needs_segment) prepare(on);
  long memory[2] = {};
  const holdings before = take_stock(on);
  // The same failure three times: a leak shows between the second and the third.
  for (unsigned round = 0; round < 3; ++round) {
    arm(how);
    const outcome answer = what.act(on);
    into.made = disarm();
    into.struck = struck();
    if (how.which != call::count && into.struck) judge_answer(what.name, answer, how, into);
    const bool changed_names = !answer && (!what.needs_segment || on.name.empty() ||
                                           std::strcmp(what.name, "remove") == 0);
    if (!changed_names && std::strcmp(what.name, "forget") != 0 && into.sentence[0] == 0) {
      holdings after = take_stock(on);
      // A descriptor that the kernel reports as closed must not be closed again.
      if (how.which == call::fstat && how.code == EBADF) after.descriptors = before.descriptors;
      if (after != before) {
        complain(into, fmt::format("left behind: descriptors {:+}, mappings {:+}, names {:+}, "
                                   "participants {:+}",
                                   long(after.descriptors) - long(before.descriptors),
                                   long(after.mappings) - long(before.mappings),
                                   long(after.names) - long(before.names),
                                   long(after.participants) - long(before.participants)));
      }
    }
    if (!answer) {  // success: undo it
      if (!what.needs_segment) static_cast<void>(segment::remove(name));
      if (std::strcmp(what.name, "remove") == 0 || std::strcmp(what.name, "forget") == 0) {
        static_cast<void>(segment::remove(name));
        on.home.reset();
        prepare(on);
      }
    }
    if (round > 0) memory[round - 1] = live_blocks();
  }
  if (memory[1] > memory[0] && into.sentence[0] == 0) {
    complain(into, fmt::format("{} blocks of memory leak each time", memory[1] - memory[0]));
  }
  if (const outcome again = what.act(on); again && into.sentence[0] == 0) {
    complain(into, "the next try fails: " + again->text);
  }
}

verdict* shared_verdict() {
  static verdict* const page = static_cast<verdict*>(
      ::mmap(nullptr, sizeof(verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return page;
}

// Each case runs in its own process, so that a crash or a hang is a result, too.
verdict run_case(const operation& what, const plan& how) {
  verdict* const page = shared_verdict();
  *page = {};
  static run_names names("fault");
  static const std::string name = names.next();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(120);  // a hang: the longest wait of the library ends after seconds
    try {
      play(what, how, name, *page);
    } catch (const std::exception& problem) {
      complain(*page, std::string("threw: ") + problem.what());
    }
    shmfifo::testing::exit_child(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::unlink((std::string(shm_directory) + "/" + name).c_str());
  verdict seen = *page;
  if (!WIFEXITED(status)) {
    complain(seen,
             fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status))));
  }
  return seen;
}

std::string describe(const operation& what, const plan& how, const char* code) {
  return fmt::format("{} {} #{} {} {}", what.name, to_string(how.which), how.nth, code,
                     how.forever ? "for ever" : "once");
}

void explore(const operation& what, bool all, report& into, sentences& said) {
  const verdict calm = run_case(what, {});
  if (calm.sentence[0] != 0) {
    fmt::print("VIOLATION: {} without any fault: {}\n", what.name, calm.sentence);
    into.add_wrong();
  }
  for (std::size_t i = 0; i < call_count; ++i) {
    const auto which = static_cast<call>(i);
    if (calm.made[i] == 0) continue;
    tally here;
    here.made = calm.made[i];
    for (const failure_code& code : codes_of(which)) {
      here.codes += std::string(here.codes.empty() ? "" : " ") + code.name;
      for (unsigned nth = 1; nth <= calm.made[i]; ++nth) {
        const bool sampled = !all && which != call::allocation;
        if (sampled && nth > 3 && nth != calm.made[i]) continue;
        for (const bool forever : {false, true}) {
          const plan how{which, nth, forever, code.code};
          const verdict seen = run_case(what, how);
          ++here.cases;
          ++(seen.refused ? here.refused : here.tolerated);
          if (seen.answer[0] != 0) said.add(which, code.name, seen.answer);
          if (seen.sentence[0] == 0) continue;
          ++here.wrong;
          fmt::print("VIOLATION: {}: {}\n", describe(what, how, code.name), seen.sentence);
        }
      }
    }
    into.add(what.name, which, here);
  }
}

int run(const std::vector<std::string>& wanted, bool all, const std::string& kept,
        const std::string& json, const std::string& markdown) {
  report seen("operation", "refused", "tolerated");
  sentences said;
  for (const operation& what : operations()) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), what.name) != wanted.end()) {
      explore(what, all, seen, said);
    }
  }
  if (kept == "-") fmt::print("{}", said.text());
  if (!kept.empty() && kept != "-" && said.differences(kept) != 0) seen.add_wrong();
  return seen.finish(json, markdown);
}

int run_program(int count, char** words) {
  CLI::App app("Makes every system call of every operation of shmfifo fail, with every errno.");
  std::vector<std::string> wanted;
  std::string json, markdown, kept;
  std::string bug = "none";
  bool all = false, full = false;
  std::vector<std::string> names;
  for (const operation& what : operations()) names.emplace_back(what.name);
  app.add_option("--operation", wanted, "only these operations")->check(CLI::IsMember(names));
  app.add_flag("--all", all, "every occurrence of a call; default: the first three and the last");
  app.add_option("--sentences", kept,
                 "compare the library's text for each failed call with FILE; -: print it");
  app.add_option("--json", json, "write the report to FILE");
  app.add_option("--markdown", markdown, "write the table to FILE");
#ifdef SHMFIFO_PLANTED_BUGS
  app.add_option("--bug", bug, "the planted bug that this core has");
#endif
  app.add_flag("--full-tmpfs", full, "fill a real file system instead (needs the right to mount)");
  try {
    app.parse(count, words);
#ifdef SHMFIFO_PLANTED_BUGS
    if (!planted::choose(bug)) {
      throw std::runtime_error("there is no planted bug '" + bug + "'");
    }
#endif
    if (full) return run_full_file_system();
    static_cast<void>(private_shm("size=64m"));  // where that is permitted
    return run(wanted, all, kept, json, markdown);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "shmfifo_fault: {}\n", problem.what());
    return 2;
  }
}

}  // namespace
}  // namespace shmfifo::harness::fault

int main(int count, char** words) {
  return shmfifo::apps::run_with_output_checked(
      "shmfifo_fault", 2, [&] { return shmfifo::harness::fault::run_program(count, words); });
}
