// SPDX-License-Identifier: MIT
// The baselines of the comparison, measured by the same two processes in turn with the core.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "bare_ring.hpp"
#include "chunk_watch.hpp"
#include "flag_lines.hpp"
#include "shmfifo/protocol/content_copy.hpp"
#include "streams.hpp"

namespace shmfifo::million {
namespace {

constexpr unsigned spins_before_yield = 65536;  // matters only where there is one processor

// The original's record, with its field names; sizeof is its 1,048 bytes.
struct shm_fifo_message {
  std::int64_t value_length = 0;
  std::int64_t message_number = 0;
  std::int8_t status = 0;
  char content[1024] = {0};
};
static_assert(sizeof(shm_fifo_message) == 1048);

class descriptor {
 public:
  descriptor(actor& self, const std::string& name, int flags)
      : number_(::shm_open(name.c_str(), flags, 0600)) {
    if (number_ < 0) self.fail("shm_open of " + name + ": " + std::strerror(errno));
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { ::close(number_); }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

// Calls push or pop until it succeeds.
template <class Attempt>
void insist(Attempt&& attempt) noexcept {
  for (unsigned spins = 1; !attempt(); ++spins) {
    if (spins % spins_before_yield == 0) ::sched_yield();
    spin_hint();
  }
}

template <class Ring, class Writer, class Reader>
stream_times ring_stream(actor& self, std::byte* memory, kind what, std::string_view name) {
  const payloads source(what);
  const std::int64_t messages = self.options().messages;
  stream_times times;
  if (self.writes())
    std::memset(memory, 0, sizeof(Ring) + ring_slots * Ring::stride(source.size()));
  auto& ring = *std::launder(reinterpret_cast<Ring*>(memory));
  payload_walk walk(source);
  self.meet();
  if (self.writes()) {
    Writer out(ring, source.size());
    self.start_line();
    chunk_watch watch(messages);
    for (std::int64_t i = 0; i < messages; ++i) {
      insist([&, message = walk.next()] { return out.push(message); });
      watch.note(i + 1);
    }
    times.writer = watch.finish();
  } else {
    Reader in(ring, source.size());
    std::vector<std::byte> copy(source.size());
    self.start_line();
    chunk_watch watch(messages);
    for (std::int64_t i = 0; i < messages; ++i) {
      insist([&] { return in.pop(copy.data()); });
      if (std::memcmp(copy.data(), walk.next(), copy.size()) != 0) {
        self.fail(fmt::format("message {} of the {} has a wrong byte", i, name));
      }
      watch.note(i + 1);
    }
    times.reader = watch.finish();
  }
  self.meet();
  return times;
}

timing write_all_as_original(actor& self, int file, kind what) {
  const payloads source(what);
  payload_walk walk(source);
  self.start_line();
  chunk_watch watch(self.options().messages);
  for (std::int64_t i = 0; i < self.options().messages; ++i) {
    shm_fifo_message message;
    std::memcpy(message.content, walk.next(), source.size());
    message.value_length = static_cast<std::int64_t>(source.size());
    message.status = 0;
    message.message_number = i;
    if (::write(file, &message, sizeof message) != static_cast<ssize_t>(sizeof message)) {
      self.fail(fmt::format("write of the original's record {}: {}", i, std::strerror(errno)));
    }
    watch.note(i + 1);
  }
  return watch.finish();
}

// Like the original's reader, which takes whatever read(2) returns for a message, but here the rest
// of a short read is fetched and only whole records count; otherwise it would finish long before
// the writer.
timing read_all_as_original(actor& self, int file, kind what) {
  const payloads expected(what);
  checker check(expected);
  shm_fifo_message message;
  self.start_line();
  chunk_watch watch(self.options().messages);
  while (check.count() < self.options().messages) {
    std::size_t have = 0;
    while (have < sizeof message) {
      const ssize_t got =
          ::read(file, reinterpret_cast<char*>(&message) + have, sizeof message - have);
      if (got < 0) self.fail(std::string("read of the original's record: ") + std::strerror(errno));
      have += static_cast<std::size_t>(got);
      if (got > 0 && have < sizeof message) ++self.found().original_short_reads;
    }
    if (!check.take(message.message_number, message.value_length,
                    reinterpret_cast<const std::byte*>(message.content))) {
      self.fail(fmt::format("the original's record {} is broken", check.count()));
    }
    watch.note(check.count());
  }
  return watch.finish();
}

}  // namespace

stream_times ring_baseline(actor& self, subject who, std::byte* memory, kind what) {
  return who == subject::bare_ring
             ? ring_stream<bare_ring, bare_writer, bare_reader>(self, memory, what, "bare ring")
             : ring_stream<flag_lines, flag_writer, flag_reader>(self, memory, what, "flag lines");
}

stream_times original_stream(actor& self, mode way, kind what) {
  stream_times times;
  const std::string name = fmt::format("/{}", self.next_name());
  const bool phases = way == mode::log_phases;
  if (self.writes()) const descriptor made(self, name, O_CREAT | O_EXCL | O_RDWR);
  self.meet();
  {
    const descriptor file(self, name, O_RDWR);
    self.meet();
    if (self.writes()) {
      ::shm_unlink(name.c_str());
      times.writer = write_all_as_original(self, file.number(), what);
      self.meet();
      if (phases) self.start_line();
    } else {
      if (phases) {
        self.start_line();
        self.meet();
      }
      times.reader = read_all_as_original(self, file.number(), what);
      if (!phases) self.meet();
    }
    self.meet();
  }
  self.meet();
  return times;
}

}  // namespace shmfifo::million
