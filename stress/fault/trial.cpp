// SPDX-License-Identifier: MIT
#include "trial.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"

namespace shmfifo::harness::fault {

geometry small_ring() {
  geometry shape;
  shape.slot_count = 4;
  shape.content_size = 64;
  shape.participant_count = 4;
  shape.producers = producer_role::many;
  shape.when_full = full_policy::wait;
  return shape;
}

namespace {

constexpr const char* shm_directory = "/dev/shm";

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
    now.participants = must(scene.home->stat()).participants.size();
  }
  return now;
}

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

// What a success has changed, so that the next round finds everything as before.
void undo(const operation& what, stage& scene) {
  if (!what.needs_segment) static_cast<void>(segment::remove(scene.name));
  if (std::strcmp(what.name, "named_consumer") == 0) must(scene.home->forget("kept"));
  if (std::strcmp(what.name, "remove") == 0 || std::strcmp(what.name, "forget") == 0) {
    static_cast<void>(segment::remove(scene.name));
    scene.home.reset();
    prepare(scene);
  }
}

void compare(const holdings& before, holdings after, const plan& fault, verdict& findings) {
  // A descriptor that the kernel reports as closed must not be closed again.
  if (fault.which == call::fstat && fault.code == EBADF) after.descriptors = before.descriptors;
  if (after == before) return;
  complain(findings, fmt::format("left behind: descriptors {:+}, mappings {:+}, names {:+}, "
                                 "participants {:+}",
                                 long(after.descriptors) - long(before.descriptors),
                                 long(after.mappings) - long(before.mappings),
                                 long(after.names) - long(before.names),
                                 long(after.participants) - long(before.participants)));
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
    if (findings.struck) {
      judge_answer(what.name, answer, fault, findings);
    } else if (fault.which != call::count && fault.nth == 1) {
      complain(findings, "the call was not made, and did not fail");
    }
    if (!answer) undo(what, scene);
    if (findings.sentence[0] == 0) compare(before, take_stock(scene), fault, findings);
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

}  // namespace

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
  if (WIFSIGNALED(status)) {
    complain(seen,
             fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status))));
  } else if (WEXITSTATUS(status) != 0) {
    complain(seen, fmt::format("ended its process with {}", WEXITSTATUS(status)));
  }
  return seen;
}

}  // namespace shmfifo::harness::fault
