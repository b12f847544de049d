// SPDX-License-Identifier: MIT
#include "shmfifo/harness/process/runner.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string_view>

#include "child.hpp"
#include "supervisor.hpp"

namespace shmfifo::harness {
namespace {

constexpr std::string_view name_beginning = "shmfifo-run-";

// The start time of a process in clock ticks since boot; with the pid it names a process for ever.
std::string start_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t after_name = text.rfind(')');
  if (after_name == std::string::npos) return {};
  std::size_t at = after_name + 2;
  for (int field = 3; field < 22; ++field) {
    at = text.find(' ', at);
    if (at == std::string::npos) return {};
    ++at;
  }
  return text.substr(at, text.find(' ', at) - at);
}

// shmfifo-run-<pid>-<start time>-<count>-: a later run can tell whether its owner is still alive.
std::string new_name() {
  static std::atomic<unsigned> count{0};
  const std::string pid = std::to_string(::getpid());
  return std::string(name_beginning) + pid + "-" + start_time(pid) + "-" +
         std::to_string(count.fetch_add(1)) + "-";
}

void refuse(bool wrong, const char* sentence) {
  if (wrong) throw std::invalid_argument(sentence);
}

void check(const capabilities& can, const run_options& options) {
  refuse(options.producers == 0, "a run needs a producer");
  refuse(options.producers > 1 && !can.many_producers,
         "this queue promises one producer only: use --producers 1");
  refuse(options.consumers > 1 && !can.broadcast && !can.competing,
         "this queue promises one consumer only: use --consumers 1");
  refuse(options.observers > 0 && !can.observers,
         "this queue promises no observers: use --observers 0");
  refuse(options.intruder && can.many_producers,
         "an intruder is a second producer of a queue that takes only one");
  refuse(options.messages > sequence_mask, "too many messages for one run");
  refuse(options.content_size == 0, "the content size is at least one byte");
}

history_shape shape_of(queue& tested, const run_options& options, const std::string& name) {
  const capabilities can = tested.promises();
  check(can, options);
  history_shape shape;
  shape.seed = options.seed;
  shape.queue.name = "/" + name;
  shape.queue.slots = options.slots;
  shape.queue.content_size = options.content_size;
  shape.queue.producers = options.producers;
  shape.queue.consumers = options.consumers;
  shape.queue.observers = options.observers;
  shape.queue.messages = options.messages;
  shape.promises = can;
  shape.queue_name = options.queue_name;
  const bool needs_names =
      can.competing ||
      (!can.numbered && (options.producers > 1 || can.broadcast || can.lossy || can.durable));
  refuse(needs_names && options.content_size < content_source::self_naming,
         "a queue without numbers needs a content size of at least 8 here, to tell messages apart");
  shape.shortest = needs_names ? content_source::self_naming : 0;
  shape.capacity = options.capacity;
  shape.reuses_slots = options.reuses_slots;
  return shape;
}

// Destroys the queue and what is named after it on every way out.
struct cleanup {
  queue& tested;
  const std::string& name;
  ~cleanup() {
    tested.destroy();
    remove_names(name.c_str());
  }
};

}  // namespace

unsigned remove_stale_names() {
  std::set<std::string> stale;
  for (const char* folder : {"/dev/shm", "/dev/mqueue", "/tmp"}) {
    std::error_code failed;
    for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
      const std::string file = it->path().filename().string();
      const std::size_t at = file.find(name_beginning);
      if (at != 0 && !(at == 4 && file.starts_with("sem."))) continue;
      const std::size_t pid_at = at + name_beginning.size();
      const std::size_t pid_end = file.find('-', pid_at);
      if (pid_end == std::string::npos) continue;
      const std::size_t time_end = file.find('-', pid_end + 1);
      if (time_end == std::string::npos) continue;
      const std::string pid = file.substr(pid_at, pid_end - pid_at);
      const std::string time = file.substr(pid_end + 1, time_end - pid_end - 1);
      if (start_time(pid) != time) stale.insert(file.substr(at, time_end + 1 - at));
    }
  }
  unsigned removed = 0;
  for (const std::string& beginning : stale) removed += remove_names(beginning.c_str());
  return removed;
}

run_result run(queue& tested, const run_options& options) {
  const std::string name = new_name();
  const history_shape shape = shape_of(tested, options, name);
  run_result result;
  result.logs = std::make_shared<histories>(shape);
  remove_stale_names();
  {
    const guardian guard(name.c_str());
    const cleanup at_end{tested, name};
    tested.create(shape.queue);
    const actor_context context{tested, *result.logs, options};
    supervisor all(context, "/" + name);
    all.run();
    result.end = all.now();
  }
  const auto begun = std::chrono::steady_clock::now();
  result.judged = judge(*result.logs, &result.figures);
  result.judge_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

}  // namespace shmfifo::harness
