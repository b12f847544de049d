// SPDX-License-Identifier: MIT
// The design that this project grew from, written afresh from its description: records of 1048
// bytes, one after the other, written and read with write(2) and read(2) on the descriptor of a
// POSIX shared-memory object. It shows what the oracle finds, so its weaknesses are kept on
// purpose:
//   - nothing marks a record as complete: the reader takes whatever read(2) returns,
//   - the number of the next record lives in the producer's process, so a restart begins at 0 and
//     at the start of the object, under live readers,
//   - a full object drops the record and counts it all the same,
//   - a message longer than the record's content overruns the record.
// Three entries, so that the first weakness does not hide the others: the kindest reading (room for
// the whole run, a reader that waits while there is nothing), one as large as the ring would be,
// and one whose reader does not check the result of read(2), as in the original.

#include <fcntl.h>
#include <sys/mman.h>

#include <cstring>

#include "descriptor.hpp"

namespace shmfifo::harness::foreign {
namespace {

struct record {
  std::int64_t value_length;
  std::int64_t message_number;
  std::int8_t status;
  char content[1024];
};
static_assert(sizeof(record) == 1048);
constexpr std::uint64_t bytes_beside_records = 16;

// Out of line, so that the record stands in a stack frame of its own as it did in the original.
[[gnu::noinline]] void fill(record& out, const std::byte* content, std::size_t length) {
  std::memcpy(out.content, content, length);  // unchecked, as designed
}

class original_sender final : public sender {
 public:
  original_sender(const std::string& name, std::uint64_t bytes) : bytes_(bytes) {
    object_ = descriptor(::shm_open(name.c_str(), O_RDWR, 0600));
    if (object_.get() < 0) throw_errno("cannot open " + name, "create it first");
  }

  sent send(std::span<const std::byte> content, deadline) override {
    record next{};
    fill(next, content.data(), content.size());
    next.value_length = static_cast<std::int64_t>(content.size());
    next.message_number = written_;
    const auto end = (static_cast<std::uint64_t>(written_) + 1) * sizeof next;
    if (end <= bytes_ && ::write(object_.get(), &next, sizeof next) < 0) {
      return {send_answer::failed};
    }
    return {send_answer::sent, written_++};
  }

 private:
  descriptor object_;
  std::uint64_t bytes_;
  std::int64_t written_ = 0;
};

class original_receiver final : public receiver {
 public:
  original_receiver(const std::string& name, bool looks) : looks_(looks) {
    object_ = descriptor(::shm_open(name.c_str(), O_RDONLY, 0600));
    if (object_.get() < 0) throw_errno("cannot open " + name, "create it first");
  }

  received receive(std::span<std::byte> buffer, deadline until) override {
    record next{};
    while (::read(object_.get(), &next, sizeof next) == 0 && looks_) {
      if (std::chrono::steady_clock::now() >= until) return {receive_answer::nothing};
    }
    std::memcpy(buffer.data(), next.content, std::min(buffer.size(), sizeof next.content));
    return {.answer = receive_answer::message,
            .number = next.message_number,
            .length = next.value_length};
  }

 private:
  descriptor object_;
  bool looks_;
};

enum class reading : std::uint8_t { kind, small, blind };

class original_queue final : public queue {
 public:
  explicit original_queue(reading variant) : reading_(variant) {}

  [[nodiscard]] capabilities promises() const override {
    return {.broadcast = true, .numbered = true, .late_receivers = true};
  }

  void create(const queue_shape& shape) override {
    name_ = shape.name;
    const std::uint64_t records = reading_ == reading::small ? shape.slots : shape.messages;
    bytes_ = records * sizeof(record) + bytes_beside_records;
    const descriptor made(::shm_open(name_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (made.get() < 0) throw_errno("cannot create " + name_, "remove a stale one from /dev/shm");
  }

  void destroy() noexcept override { ::shm_unlink(name_.c_str()); }

  std::unique_ptr<sender> attach_sender(unsigned) override {
    return std::make_unique<original_sender>(name_, bytes_);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned, bool) override {
    return std::make_unique<original_receiver>(name_, reading_ != reading::blind);
  }

 private:
  reading reading_;
  std::string name_;
  std::uint64_t bytes_ = 0;
};

const queue_registration kind{{"original_design", "the original design, room for the whole run",
                               [] { return std::make_unique<original_queue>(reading::kind); }}};
const queue_registration small{{"original_design_small",
                                "the original design, room for --slots records",
                                [] { return std::make_unique<original_queue>(reading::small); }}};
const queue_registration blind{{"original_design_blind", "the original design, read(2) unchecked",
                                [] { return std::make_unique<original_queue>(reading::blind); }}};

}  // namespace
}  // namespace shmfifo::harness::foreign
