// SPDX-License-Identifier: MIT
// A log that is written once and read by anyone, at any time: here by an observer, which maps
// it read-only and can hold up nobody. Aborted numbers are told, so that nothing goes missing
// in silence.
#include <shmfifo/shmfifo.hpp>

#include <cstdio>
#include <string>

namespace {

int fail(const shmfifo::error& why) {
  std::fprintf(stderr, "%s\n", why.text.c_str());
  return 1;
}

bool write_three(shmfifo::producer& writer) {
  for (const std::string text : {"first", "second", "third"}) {
    if (writer.try_publish(text) != shmfifo::status::ok) return false;
    if (text == "first") {
      const auto withdrawn = writer.try_take();  // aborts when it ends
      if (!withdrawn) return false;
    }
  }
  return true;
}

}  // namespace

int main() {
  constexpr auto name = "/visitors";
  auto log = shmfifo::segment::create(
      name, {.mode = shmfifo::segment_mode::log, .slot_count = 100, .content_size = 64});
  if (!log) return fail(log.error());
  auto writer = log->attach_producer();
  if (!writer) return fail(writer.error());
  const bool written = write_three(*writer);

  auto seen = shmfifo::segment::attach(name, {.mode = shmfifo::access::read_only});
  if (auto removed = shmfifo::segment::remove(name); !removed) return fail(removed.error());
  if (!seen) return fail(seen.error());
  auto observer = seen->attach_observer(shmfifo::start_at::oldest());
  if (!observer) return fail(observer.error());
  for (;;) {
    const shmfifo::poll_result result = observer->poll([](const shmfifo::record_view& message) {
      std::printf("%lld: %.*s\n", static_cast<long long>(message.message_number),
                  static_cast<int>(message.value_length),
                  reinterpret_cast<const char*>(message.content));
    });
    if (result.answer == shmfifo::status::empty) break;
    if (result.answer == shmfifo::status::aborted) {
      std::printf("%lld: given up\n", static_cast<long long>(result.first));
    } else if (result.answer != shmfifo::status::ok) {
      return 1;
    }
  }
  return written ? 0 : 1;
}
