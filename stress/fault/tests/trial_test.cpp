// SPDX-License-Identifier: MIT
// Goal: whatever an operation leaves behind, and each wrong answer, is found and named; and every
// wrapped call can be made to fail. Method: made-up operations that do one thing wrong each.
#include "trial.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "shmfifo/harness/support/value_or_stop.hpp"

namespace shmfifo::harness::fault {
namespace {

const plan first_fchmod{call::fchmod, 1, false, EPERM};

error named(const char* rule, int code) {
  return {code, rule, std::string(rule) + " failed: " + std::strerror(code)};
}

// Makes the call that is to fail, and reports it as it should; `act` does something besides.
template <class Act>
operation failing(Act act) {
  return {"failing", true, [act](stage& scene) -> outcome {
            const bool fails = ::fchmod(0, 0) != 0;
            const int code = errno;
            act(scene, fails);
            return fails ? outcome(named("fchmod", code)) : outcome();
          }};
}

std::string found(const operation& what, const plan& fault = first_fchmod) {
  return run_case(what, fault).sentence;
}

TEST(trial, an_operation_that_does_all_right_passes) {
  const operation right = failing([](stage&, bool) {});
  EXPECT_EQ(found(right, {}), "");
  const verdict seen = run_case(right, first_fchmod);
  EXPECT_STREQ(seen.sentence, "");
  EXPECT_TRUE(seen.struck && seen.refused);
  EXPECT_STREQ(seen.answer, "fchmod failed: Operation not permitted");
  EXPECT_EQ(seen.made[static_cast<std::size_t>(call::fchmod)], 1U);
}

TEST(trial, G10_one_thing_of_each_kind_that_stays_behind_is_found) {
  const auto leak = [](auto act) {
    return found(failing([act](stage& scene, bool fails) {
      if (fails) act(scene);
    }));
  };
  EXPECT_EQ(leak([](stage&) { static_cast<void>(::dup(0)); }),
            "left behind: descriptors +1, mappings +0, names +0, participants +0");
  EXPECT_EQ(leak([](stage& scene) {
              const int file = ::open(("/dev/shm/" + scene.name).c_str(), O_RDONLY | O_CLOEXEC);
              static_cast<void>(::mmap(nullptr, 1, PROT_NONE, MAP_SHARED, file, 0));
              ::close(file);
            }),
            "left behind: descriptors +0, mappings +1, names +0, participants +0");
  EXPECT_EQ(leak([](stage& scene) {
              const std::string path = "/dev/shm/" + scene.name;
              static_cast<void>(::link(path.c_str(), (path + "b").c_str()));
            }),
            "left behind: descriptors +0, mappings +0, names +1, participants +0");
  for (const participant_kind kind :
       {participant_kind::producer, participant_kind::consumer, participant_kind::durable}) {
    EXPECT_EQ(
        leak([kind](stage& scene) { scene.home->view().participant(3).role = make_role(1, kind); }),
        "left behind: descriptors +0, mappings +0, names +0, participants +1");
  }
  EXPECT_EQ(leak([](stage& scene) { static_cast<void>(scene.home->forget("old")); }),
            "left behind: descriptors +0, mappings +0, names +0, participants -1");
  EXPECT_EQ(leak([](stage&) {
              void* const kept = ::operator new(1);
              __asm__ volatile("" : : "r"(kept));
            }),
            "1 blocks of memory leak each time");
}

TEST(trial, G10_what_a_success_leaves_behind_is_found) {
  const auto tolerate = [](const char* name, bool needs, auto act) {
    return found({name, needs,
                  [act](stage& scene) -> outcome {
                    static_cast<void>(::madvise(nullptr, 0, 0));
                    act(scene);
                    static_cast<void>(::dup(0));
                    return {};
                  }},
                 {call::madvise, 1, false, EPERM});
  };
  const std::string descriptor =
      "left behind: descriptors +1, mappings +0, names +0, participants +0";
  EXPECT_EQ(tolerate("stat", true, [](stage&) {}), descriptor);
  EXPECT_EQ(tolerate("remove", true, [](stage& s) { must(segment::remove(s.name)); }), descriptor);
  EXPECT_EQ(tolerate("forget", true, [](stage& s) { must(s.home->forget("old")); }), descriptor);
  EXPECT_EQ(
      tolerate("create", false,
               [](stage& s) { static_cast<void>(must(segment::create(s.name, small_ring()))); }),
      descriptor);
}

TEST(trial, G10_an_error_must_name_the_call_and_its_cause) {
  const auto answers = [](const error& told) {
    return found({"answering", true, [told](stage&) -> outcome {
                    if (::fchmod(0, 0) == 0) return {};
                    return told;
                  }});
  };
  EXPECT_EQ(answers(named("fchmod", EPERM)), "");
  EXPECT_EQ(answers(named("open", EPERM)),
            "the error names 'open': open failed: Operation not permitted");
  EXPECT_EQ(answers({EIO, "fchmod", std::strerror(EPERM)}),
            "the error does not say why: Operation not permitted");
  EXPECT_EQ(answers({EPERM, "fchmod", "it failed"}), "the error does not say why: it failed");
}

TEST(trial, G10_want_of_memory_has_a_name_of_its_own) {
  const auto answers = [](const char* rule, int code) {
    return found({"allocating", true,
                  [rule, code](stage&) -> outcome {
                    try {
                      ::operator delete(::operator new(sizeof(int)));
                      return {};
                    } catch (const std::bad_alloc&) {
                      return error{code, rule, "no memory"};
                    }
                  }},
                 {call::allocation, 1, false, ENOMEM});
  };
  EXPECT_EQ(answers("memory", ENOMEM), "");
  EXPECT_EQ(answers("buffer", ENOMEM), "");
  EXPECT_EQ(answers("memory", EIO), "out of memory is called 'memory': no memory");
  EXPECT_EQ(answers("open", ENOMEM), "out of memory is called 'open': no memory");
}

TEST(trial, G10_the_next_attempt_must_work) {
  EXPECT_EQ(found({"once", true,
                   [](stage&) -> outcome {
                     static bool failed = false;
                     failed |= ::fchmod(0, 0) != 0;
                     return failed ? outcome(named("fchmod", EPERM)) : outcome();
                   }}),
            "the next try fails: fchmod failed: Operation not permitted");
}

TEST(trial, an_operation_that_ends_its_process_or_throws_is_found) {
  EXPECT_EQ(found(failing([](stage&, bool fails) {
              if (fails) ::raise(SIGKILL);
            })),
            "ended by signal 9 (Killed)");
  EXPECT_EQ(found(failing([](stage&, bool fails) {
              if (fails) ::_exit(3);
            })),
            "ended its process with 3");
  EXPECT_EQ(found(failing([](stage&, bool fails) {
              if (fails) throw std::runtime_error("no");
            })),
            "threw: no");
}

TEST(trial, a_long_text_is_cut_to_its_place) {
  const std::string letters(1000, 'x');
  const verdict thrown = run_case(failing([&](stage&, bool fails) {
                                    if (fails) throw std::runtime_error(letters);
                                  }),
                                  first_fchmod);
  EXPECT_EQ(thrown.sentence, ("threw: " + letters).substr(0, 299));
  EXPECT_STREQ(thrown.answer, "");
  const operation answering{"answering", true, [&](stage&) -> outcome {
                              if (::fchmod(0, 0) == 0) return {};
                              return error{EPERM, "fchmod", letters};
                            }};
  const verdict answered = run_case(answering, first_fchmod);
  EXPECT_EQ(answered.sentence, ("the error does not say why: " + letters).substr(0, 299));
  EXPECT_EQ(answered.answer, letters.substr(0, 599));
}

TEST(trial, a_failure_that_never_came_shows_nothing) {
  EXPECT_EQ(found({"idle", true, [](stage&) { return outcome(); }}),
            "the call was not made, and did not fail");
}

// Makes each call once, in a way that does no harm; whether it failed.
bool make(call which) {
  struct stat facts {};
  char byte = 0;
  static DIR* const listing = ::opendir("/");
  static const int file = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  static const int directory = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  errno = 0;
  const timespec no_time{0, 0};
  switch (which) {
    case call::open: {
      const int got = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      return got < 0 || ::close(got) != 0;
    }
    case call::fchmod:
      return ::fchmod(-1, 0) != 0 && errno != EBADF;
    case call::ftruncate:
      return ::ftruncate(-1, 0) != 0 && errno != EBADF;
    case call::fallocate:
      return ::fallocate(-1, 0, 0, 1) != 0 && errno != EBADF;
    case call::mmap: {
      void* const got = ::mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      return got == MAP_FAILED || ::munmap(got, 1) != 0;
    }
    case call::linkat:
      return ::linkat(directory, "no/such", directory, "no/other", 0) != 0 && errno != ENOENT;
    case call::unlink:
      return ::unlink("/no/such") != 0 && errno != ENOENT;
    case call::fstat:
      return ::fstat(file, &facts) != 0;
    case call::lstat:
      return ::lstat("/", &facts) != 0;
    case call::pread:
      return ::pread(file, &byte, 1, 0) != 1;
    case call::read:
      return ::read(file, &byte, 1) != 1;
    case call::fcntl:
      return ::fcntl(file, F_GETFD) < 0;
    case call::madvise:
      return ::madvise(nullptr, 0, MADV_NORMAL) != 0;
    case call::opendir: {
      DIR* const got = ::opendir("/");
      return got == nullptr || ::closedir(got) != 0;
    }
    case call::readdir:
      ::rewinddir(listing);
      return ::readdir(listing) == nullptr;
    case call::syscall:
      return ::syscall(SYS_getpid) < 0;
    case call::nanosleep:
      return ::nanosleep(&no_time, nullptr) != 0;
    case call::getrandom:
      return ::getrandom(&byte, 1, 0) != 1;
    case call::close:
      return ::close(-1) != 0 && errno != EBADF;
    case call::munmap:
      return ::munmap(&byte, 0) != 0 && errno != EINVAL;
    case call::allocation:
      try {
        ::operator delete(::operator new(sizeof(int)));
        return false;
      } catch (const std::bad_alloc&) {
        return true;
      }
    case call::count:
      break;
  }
  return true;
}

TEST(faults, each_call_fails_when_it_is_due_and_only_then) {
  for (std::size_t i = 0; i < call_count; ++i) {
    const auto which = static_cast<call>(i);
    SCOPED_TRACE(std::string(to_string(which)));
    ASSERT_FALSE(make(which));
    ASSERT_FALSE(codes_of(which).empty());
    for (const bool forever : {false, true}) {
      arm({which, 2, forever, EOWNERDEAD});  // of no manual page: nothing else sets it
      const bool failed[] = {make(which), make(which), make(which)};
      const int code = errno;
      const bool hit = struck();
      EXPECT_EQ(disarm()[i], 3U);
      EXPECT_TRUE(hit);
      EXPECT_FALSE(failed[0]);
      // A sleep is skipped while a permanent failure is armed.
      EXPECT_TRUE(failed[1]);
      EXPECT_EQ(failed[2], forever);
      EXPECT_EQ(code == EOWNERDEAD, forever) << code;
      EXPECT_FALSE(make(which)) << "disarmed";
    }
    arm({});
    EXPECT_FALSE(make(which));
    EXPECT_FALSE(struck());
    EXPECT_EQ(disarm()[i], 1U);
  }
}

// Which failures an operation may do without; of all others a success is a fault.
TEST(trial, G10_only_some_calls_may_be_done_without) {
  ASSERT_FALSE(make(call::fstat)) << "and opens what all later trials inherit";
  for (std::size_t i = 0; i < call_count; ++i) {
    const auto which = static_cast<call>(i);
    const operation deaf{"deaf", true, [which](stage&) {
                           static_cast<void>(make(which));
                           return outcome();
                         }};
    unsigned tolerated = 0, tries = 0;
    for (const failure_code& code : codes_of(which)) {
      for (const bool forever : {false, true}) {
        const std::string seen = found(deaf, {which, 1, forever, code.code});
        ++tries;
        if (seen.empty()) {
          ++tolerated;
        } else {
          EXPECT_EQ(seen, "succeeded although the call failed") << to_string(which);
        }
      }
    }
    const auto all = [&](std::initializer_list<call> list) {
      return std::find(list.begin(), list.end(), which) != list.end();
    };
    unsigned expected = 0;
    if (all({call::madvise, call::syscall, call::nanosleep, call::getrandom, call::read,
             call::close, call::munmap, call::fcntl, call::open, call::fstat})) {
      expected = tries;
    } else if (which == call::linkat) {
      expected = 3;  // EEXIST, and ENOENT once: it has two ways
    } else if (which == call::lstat) {
      expected = 2;  // ENOENT
    } else if (which == call::pread) {
      expected = 3;  // a short result, and EINTR once
    } else if (which == call::ftruncate || which == call::fallocate) {
      expected = 1;  // EINTR once
    }
    EXPECT_EQ(tolerated, expected) << to_string(which);
  }
}

}  // namespace
}  // namespace shmfifo::harness::fault
