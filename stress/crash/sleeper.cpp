// SPDX-License-Identifier: MIT
#include "sleeper.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <new>

#include "follower.hpp"
#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness::crash {
namespace {

constexpr unsigned eager_looks = 300;

// False if the condition never became true.
template <class Condition>
bool becomes(unsigned looks, Condition&& condition) {
  for (unsigned i = 0; i < looks; ++i) {
    if (condition()) return true;
    const timespec nap{0, i < eager_looks ? 100'000 : 1'000'000};
    ::nanosleep(&nap, nullptr);
  }
  return condition();
}

void expect(bool kept, const std::string& sentence) {
  if (!kept) throw std::runtime_error(sentence);
}

sleeper_page* map_page() {
  void* page = ::mmap(nullptr, sizeof(sleeper_page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  expect(page != MAP_FAILED, "no memory for the sleeper's page");
  return new (page) sleeper_page;
}

[[noreturn]] void consume_for_ever(const std::string& name, std::int64_t first,
                                   sleeper_page& page) {
  consumer_options options;
  options.start = start_at::at(first);  // a victim's open claim comes after it
  consumer in = must(must(segment::attach(name)).attach_consumer(options));
  const auto note = [&](const sleeper_page::sighting& what) {
    expect(page.count < std::size(page.sightings), "the sleeper saw more messages than were sent");
    page.sightings[page.count] = what;
    std::atomic_ref(page.count).fetch_add(1, std::memory_order_release);
  };
  for (;;) {
    const status woken = in.wait();
    expect(woken == status::ok,
           "wait without a deadline answered " + std::string(to_string(woken)));
    const poll_result seen = in.poll([&](const record_view& record) {
      sleeper_page::sighting what{record.message_number, {}, 0};
      expect(read_message(record.bytes(), what.who, what.sequence), "bytes that nobody wrote");
      note(what);
    });
    expect(seen.answer != status::lost && seen.answer != status::invalid,
           "poll answered " + std::string(to_string(seen.answer)));
    if (seen.answer != status::aborted) continue;
    for (std::int64_t n = seen.first; n < seen.first + seen.count; ++n) note({n, {}, 0});
  }
}

[[noreturn]] void publish_one(const std::string& name, sleeper_page& page) {
  producer out = must(must(segment::attach(name)).attach_producer());
  message_buffer buffer;
  const byte_view bytes = write_message(author::peer, 0, buffer);
  const status answer = out.publish(bytes);
  expect(answer == status::ok,
         "publish without a deadline answered " + std::string(to_string(answer)));
  page.published = out.last_number();
  for (;;) ::pause();
}

}  // namespace

// From here on the destructor releases page and process, also if anything below throws.
sleeper::sleeper(world& scene, sleeper_page* page, const patience& looks)
    : scene_(scene), page_(page), looks_(looks), next_(scene.what().published) {}

sleeper::sleeper(world& scene, const patience& looks) : sleeper(scene, map_page(), looks) {
  pid_ = start_child([this] {
    try {
      if (scene_.what().asleep == sleeping::consumer) {
        consume_for_ever(scene_.name(), next_, *page_);
      }
      publish_one(scene_.name(), *page_);
    } catch (const std::exception& problem) {
      std::strncpy(page_->complaint, problem.what(), sizeof page_->complaint - 1);
      return 1;
    }
  });
  for (std::int64_t n = 0; n < scene.what().published; ++n) {
    book_.promise(n, {author::past, static_cast<std::uint32_t>(n)});
  }
  fall_asleep();
  // A process that dies from now on was alive when the sleeper last looked.
  if (scene.what().corpses) {
    die_with_claim(scene.name());
    fall_asleep();
  }
}

sleeper::~sleeper() {
  if (pid_ > 0) {
    kill_process(pid_);
    reap(pid_);
  }
  ::munmap(page_, sizeof(sleeper_page));
}

// The system call in which the process is blocked, according to the kernel.
bool sleeper::asleep() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/syscall");
  long number = -1;
  return file >> number && number == SYS_futex;
}

std::string sleeper::blocked_in() const {
  const std::string path = "/proc/" + std::to_string(pid_) + "/syscall";
  std::ifstream file(path);
  std::string text;
  errno = 0;
  if (std::getline(file, text)) return path + " says " + text;
  return path + " cannot be read: " + std::strerror(errno) + ". It takes the right to use ptrace";
}

void sleeper::fall_asleep() {
  const bool sleeps =
      becomes(looks_.until_asleep, [&] { return asleep() || page_->complaint[0] != 0; });
  if (!sleeps || page_->complaint[0] != 0) {
    throw std::runtime_error("the peer did not fall asleep: " +
                             (page_->complaint[0] != 0 ? page_->complaint : blocked_in()));
  }
}

void sleeper::freeze() {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  ::waitpid(pid_, &status, WUNTRACED);
  expect(WIFSTOPPED(status), "the sleeper did not stop");
}

// Enters what the sleeper saw in the ledger, until it has reached `until` by itself.
void sleeper::hear(std::int64_t until, const char* whose) {
  const auto take = [&] {
    while (heard_ < std::atomic_ref(page_->count).load(std::memory_order_acquire)) {
      const sleeper_page::sighting& what = page_->sightings[heard_++];
      if (what.number != next_) {
        throw violation("the sleeper was given number " + std::to_string(what.number) + " where " +
                        std::to_string(next_) + " was due");
      }
      ++next_;
      message_buffer buffer;
      if (what.who == author{}) {
        book_.saw_abort(what.number);
      } else {
        book_.saw_message(what.number, write_message(what.who, what.sequence, buffer));
      }
    }
    if (page_->complaint[0] != 0) throw violation(std::string("the sleeper: ") + page_->complaint);
    return next_ >= until;
  };
  if (!becomes(looks_.until_awake, take)) {
    throw violation("stuck: the sleeping consumer was never woken for number " +
                    std::to_string(next_) + ", " + whose);
  }
}

void sleeper::judge(const control_page& control, bool survived) {
  if (scene_.what().asleep == sleeping::consumer) {
    judge_consumer(survived);
  } else {
    judge_producer();
  }
  book_.check_victim(control, false);
}

void sleeper::judge_consumer(bool survived) {
  const scenario& what = scene_.what();
  const layout_view& view = scene_.home()->view();
  std::int64_t until = next_;
  for (std::uint64_t i = 0; i < what.shape.slot_count; ++i) {
    const std::uint64_t stamp = std::atomic_ref(view.slot(i).stamp).load();
    const auto number = static_cast<std::int64_t>(stamp_number(stamp));
    const slot_state state = stamp_state(stamp);
    const bool taken = state == slot_state::claimed && !what.single() && !survived;
    if (taken || state == slot_state::aborted) book_.allow_abort(number);
    if (taken || state == slot_state::aborted || state == slot_state::published) {
      until = std::max(until, number + 1);
    }
  }
  hear(until, "which the victim had published or left claimed");
  std::optional<producer> fresh;
  if (!scene_.producer_peer) fresh.emplace(must(scene_.home()->attach_producer()));
  producer& out = fresh ? *fresh : *scene_.producer_peer;
  message_buffer buffer;
  const byte_view bytes = write_message(author::fresh, 0, buffer);
  if (const status answer = out.try_publish(bytes); answer != status::ok) {
    throw violation("a living producer was answered `" + std::string(to_string(answer)) + "`");
  }
  book_.promise(out.last_number(), {author::fresh, 0});
  hear(out.last_number() + 1, "which a living producer published");
}

void sleeper::judge_producer() {
  const scenario& what = scene_.what();
  const layout_view& view = scene_.home()->view();
  // Slots read before the victim died are free, and the producer must find them.
  std::uint64_t read = std::atomic_ref(view.control().gate_floor).load();
  for (unsigned i = 0; i < what.shape.participant_count; ++i) {
    const participant_line& line = view.participant(i);
    if (role_kind(line.role) == participant_kind::consumer)
      read = std::max(read, line.consumer_cursor);
  }
  const auto published = [&] { return page_->published >= 0 || page_->complaint[0] != 0; };
  const auto must_publish = [&](const char* why) {
    if (!becomes(looks_.until_awake, published)) {
      throw violation(std::string("stuck: the sleeping producer was never woken ") + why);
    }
    if (page_->complaint[0] != 0) throw violation(std::string("the sleeper: ") + page_->complaint);
  };
  book_.promise(what.published, {author::peer, 0});  // the only producer
  const bool by_itself = read > 0 && !what.durable;
  if (by_itself) must_publish("though the victim had made room");
  consumer_options options;
  if (what.durable) options.name = "kept";
  auto in = must(scene_.home()->attach_consumer(options));
  follower reader(in, book_, what, view);
  reader.follow(what.published);
  if (!by_itself) must_publish("though a living reader made room");
  if (page_->published != what.published) throw violation("the sleeper got a wrong number");
  reader.follow(what.published + 1);
}

}  // namespace shmfifo::harness::crash
