// SPDX-License-Identifier: MIT
// shmfifo_fault: makes every system call of every operation fail, with each errno, once and
// permanently, and checks that the error names the call, that nothing leaks, and that the next
// attempt works.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
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
#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
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
  return answer ? outcome{} : outcome{answer.error()};
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

geometry small_ring() {
  geometry shape;
  shape.slot_count = 4;
  shape.content_size = 64;
  shape.participant_count = 4;
  shape.producers = producer_role::many;
  shape.when_full = full_policy::wait;
  return shape;
}

outcome create(stage& scene, bool touched) {
  create_options options;
  options.pretouch = options.huge_pages = touched;
  return outcome_of(segment::create(scene.name, small_ring(), options));
}
outcome attach(stage& scene, access mode) {
  attach_options options;
  options.mode = mode;
  return outcome_of(segment::attach(scene.name, options));
}
outcome wait_a_little(stage& scene) {
  consumer_options latest;
  latest.start = start_at::latest();
  auto in = scene.home->attach_consumer(latest);
  if (!in) return in.error();
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(3);
  const status answer = in->wait(until);
  if (answer == status::timed_out || answer == status::peer_dead) return {};
  return error{1, "wait", std::string("wait answered ") + std::string(to_string(answer))};
}
outcome publish_to_sleeper(stage& scene) {
  auto out = scene.home->attach_producer();
  if (!out) return out.error();
  scene.home->view().control().data_bell |= 1;
  if (out->try_publish("x") == status::ok) return {};
  return error{1, "publish", "publish failed"};
}

const std::vector<operation>& operations() {
  static const std::vector<operation> list = {
      {"create", false, false, [](stage& scene) { return create(scene, false); }},
      {"create_touched", false, false, [](stage& scene) { return create(scene, true); }},
      {"attach", true, true, [](stage& scene) { return attach(scene, access::read_write); }},
      {"attach_read_only", true, true,
       [](stage& scene) { return attach(scene, access::read_only); }},
      {"producer", true, true,
       [](stage& scene) { return outcome_of(scene.home->attach_producer()); }},
      {"consumer", true, true,
       [](stage& scene) { return outcome_of(scene.home->attach_consumer()); }},
      {"named_consumer", true, true,
       [](stage& scene) {
         consumer_options options;
         options.name = "kept";
         return outcome_of(scene.home->attach_consumer(options));
       }},
      {"observer", true, true,
       [](stage& scene) { return outcome_of(scene.home->attach_observer()); }},
      {"publish_and_wake", true, true, publish_to_sleeper},
      {"wait", true, true, wait_a_little},
      {"recover", true, true, [](stage& scene) { return outcome_of(scene.home->recover()); }},
      {"forget", true, true, [](stage& scene) { return outcome_of(scene.home->forget("old")); }},
      {"stat", true, true, [](stage& scene) { return outcome_of(scene.home->stat()); }},
      {"check_name", true, true, [](stage& scene) { return outcome_of(scene.home->check_name()); }},
      {"list", true, true, [](stage&) { return outcome_of(list_segments()); }},
      {"remove", true, true, [](stage& scene) { return outcome_of(segment::remove(scene.name)); }},
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

holdings take_stock(stage& scene) {
  holdings now;
  now.descriptors = entries("/proc/self/fd", "");
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(shm_directory) != std::string::npos) ++now.mappings;
  }
  now.names = entries(shm_directory, scene.name);
  if (scene.home) {
    const segment_stat facts = must(scene.home->stat());
    for (const participant_stat& line : facts.participants) {
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

void quote(verdict& findings, const std::string& answer) {
  std::strncpy(findings.answer, answer.c_str(), sizeof findings.answer - 1);
}
void complain(verdict& findings, const std::string& sentence) {
  std::strncpy(findings.sentence, sentence.c_str(), sizeof findings.sentence - 1);
}

// Calls whose failure an operation may tolerate: it then does without (no advice, no membarrier, a
// weaker random number, no hint about limits), or the failure means nothing (a lock that cannot be
// queried counts as held).
bool may_be_tolerated(call which, const plan& fault) {
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
      return fault.code == EEXIST || (fault.code == ENOENT && !fault.forever);  // it has two ways
    case call::lstat:
      return fault.code == ENOENT;  // means that the name was removed
    case call::open:  // list skips files it cannot open; create looks for the name first
    case call::fstat:
      return true;
    default:
      return fault.code == 0 || (fault.code == EINTR && !fault.forever);
  }
}

void judge_answer(std::string_view what, const outcome& answer, const plan& fault,
                  verdict& findings) {
  // list skips files it cannot read; create says that a name is taken when another file has it.
  const bool of_one_file = fault.which == call::open || fault.which == call::fstat ||
                           fault.which == call::pread || may_be_tolerated(fault.which, fault);
  if (!answer && what == "list" && of_one_file) return;
  if (answer && what.starts_with("create") && answer->code == EEXIST && fault.which == call::open &&
      (fault.code == EACCES || fault.code == ELOOP || fault.code == ENXIO ||
       fault.code == EISDIR)) {
    findings.refused = true;
    return;
  }
  if (!answer) {
    if (!may_be_tolerated(fault.which, fault))
      complain(findings, "succeeded although the call failed");
    return;
  }
  findings.refused = true;
  const std::string call_name(to_string(fault.which));
  const bool lock_is_held =
      fault.which == call::fcntl && (fault.code == EAGAIN || fault.code == EACCES);
  const bool name_is_taken = fault.which == call::linkat && fault.code == EEXIST;
  if (lock_is_held || (name_is_taken && answer->code == EAGAIN)) return;
  if (fault.which == call::allocation) {
    const std::string_view rule = answer->rule;
    if (answer->code != ENOMEM || (rule != "memory" && rule != "buffer")) {
      complain(findings, "out of memory is called '" + std::string(rule) + "': " + answer->text);
    }
    return;
  }
  if (answer->rule == call_name) quote(findings, answer->text);
  if (answer->rule != call_name) {
    complain(findings, "the error names '" + std::string(answer->rule) + "': " + answer->text);
  } else if (answer->code != fault.code ||
             answer->text.find(std::strerror(fault.code)) == std::string::npos) {
    complain(findings, "the error does not say why: " + answer->text);
  }
}

void prepare(stage& scene) {
  scene.home.emplace(must(segment::create(scene.name, small_ring())));
  consumer_options old;
  old.name = "old";
  const consumer kept = must(scene.home->attach_consumer(old));
}

void play(const operation& what, const plan& fault, const std::string& name, verdict& findings) {
  stage scene{name, {}};
  if (what.needs_segment) prepare(scene);
  long memory[2] = {};
  const holdings before = take_stock(scene);
  // The same failure three times: a leak shows between the second and the third.
  for (unsigned round = 0; round < 3; ++round) {
    arm(fault);
    const outcome answer = what.act(scene);
    findings.made = disarm();
    findings.struck = struck();
    if (fault.which != call::count && findings.struck)
      judge_answer(what.name, answer, fault, findings);
    const bool changed_names = !answer && (!what.needs_segment || scene.name.empty() ||
                                           std::strcmp(what.name, "remove") == 0);
    if (!changed_names && std::strcmp(what.name, "forget") != 0 && findings.sentence[0] == 0) {
      holdings after = take_stock(scene);
      // A descriptor that the kernel reports as closed must not be closed again.
      if (fault.which == call::fstat && fault.code == EBADF) after.descriptors = before.descriptors;
      if (after != before) {
        complain(findings, fmt::format("left behind: descriptors {:+}, mappings {:+}, names {:+}, "
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
        scene.home.reset();
        prepare(scene);
      }
    }
    if (round > 0) memory[round - 1] = live_blocks();
  }
  if (memory[1] > memory[0] && findings.sentence[0] == 0) {
    complain(findings, fmt::format("{} blocks of memory leak each time", memory[1] - memory[0]));
  }
  if (const outcome again = what.act(scene); again && findings.sentence[0] == 0) {
    complain(findings, "the next try fails: " + again->text);
  }
}

verdict* shared_verdict() {
  static verdict* const page = static_cast<verdict*>(
      ::mmap(nullptr, sizeof(verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return page;
}

// Each case runs in its own process, so that a crash or a hang is a result, too.
verdict run_case(const operation& what, const plan& fault) {
  verdict* const page = shared_verdict();
  *page = {};
  static run_names names("fault");
  static const std::string name = names.next();
  const int status = reap(start_child([&] {
    ::alarm(120);  // a hang: the longest wait of the library ends after seconds
    try {
      play(what, fault, name, *page);
    } catch (const std::exception& problem) {
      complain(*page, std::string("threw: ") + problem.what());
    }
    return 0;
  }));
  ::unlink((std::string(shm_directory) + "/" + name).c_str());
  verdict seen = *page;
  if (!WIFEXITED(status)) {
    complain(seen,
             fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status))));
  }
  return seen;
}

std::string describe(const operation& what, const plan& fault, const char* code) {
  return fmt::format("{} {} #{} {} {}", what.name, to_string(fault.which), fault.nth, code,
                     fault.forever ? "for ever" : "once");
}

void explore(const operation& what, bool all, report& results, sentences& texts) {
  const verdict calm = run_case(what, {});
  if (calm.sentence[0] != 0) {
    fmt::print("VIOLATION: {} without any fault: {}\n", what.name, calm.sentence);
    results.add_wrong();
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
          const plan fault{which, nth, forever, code.code};
          const verdict seen = run_case(what, fault);
          ++here.cases;
          ++(seen.refused ? here.refused : here.tolerated);
          if (seen.answer[0] != 0) texts.add(which, code.name, seen.answer);
          if (seen.sentence[0] == 0) continue;
          ++here.wrong;
          fmt::print("VIOLATION: {}: {}\n", describe(what, fault, code.name), seen.sentence);
        }
      }
    }
    results.add(what.name, which, here);
  }
}

int run(const std::vector<std::string>& selection, bool all, const std::string& sentence_file,
        const std::string& json, const std::string& markdown) {
  report results("operation", "refused", "tolerated");
  sentences texts;
  for (const operation& what : operations()) {
    if (selection.empty() ||
        std::find(selection.begin(), selection.end(), what.name) != selection.end()) {
      explore(what, all, results, texts);
    }
  }
  if (sentence_file == "-") fmt::print("{}", texts.text());
  if (!sentence_file.empty() && sentence_file != "-" && texts.differences(sentence_file) != 0)
    results.add_wrong();
  return results.finish(json, markdown);
}

int run_program(int count, char** words) {
  CLI::App app("Makes every system call of every operation of shmfifo fail, with every errno.");
  std::vector<std::string> selection;
  std::string json, markdown, sentence_file;
  std::string bug = "none";
  bool all = false, full = false;
  std::vector<std::string> names;
  for (const operation& what : operations()) names.emplace_back(what.name);
  app.add_option("--operation", selection, "only these operations")->check(CLI::IsMember(names));
  app.add_flag("--all", all, "every occurrence of a call; default: the first three and the last");
  app.add_option("--sentences", sentence_file,
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
    return run(selection, all, sentence_file, json, markdown);
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
