// SPDX-License-Identifier: MIT
#include "scenario.hpp"

#include <chrono>
#include <cstring>
#include <stdexcept>

namespace shmfifo::harness::crash {
namespace {

struct message_head {
  std::uint32_t who;
  std::uint32_t sequence;
};

std::byte pattern(const message_head& head, std::size_t i) {
  return static_cast<std::byte>(head.who * 131 + head.sequence * 29 + i * 7);
}
std::size_t length_of(const message_head& head) {
  const std::size_t free = content_bytes - sizeof head;
  return sizeof head + (head.sequence * 37 + head.who * 11) % (free + 1);
}

}  // namespace

byte_view write_message(author who, std::uint32_t sequence, std::span<std::byte> buffer) {
  const message_head head{static_cast<std::uint32_t>(who), sequence};
  const std::size_t length = length_of(head);
  std::memcpy(buffer.data(), &head, sizeof head);
  for (std::size_t i = sizeof head; i < length; ++i) buffer[i] = pattern(head, i);
  return buffer.first(length);
}

bool read_message(byte_view bytes, author& who, std::uint32_t& sequence) {
  message_head head{};
  if (bytes.size() < sizeof head) return false;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (bytes.size() != length_of(head)) return false;
  for (std::size_t i = sizeof head; i < bytes.size(); ++i) {
    if (bytes[i] != pattern(head, i)) return false;
  }
  who = static_cast<author>(head.who);
  sequence = head.sequence;
  return true;
}

segment victim::attach() const {
  return must(segment::attach(name));
}

void victim::note(status answer) const {
  control.answer = static_cast<std::int64_t>(answer);
}

void victim::note(status answer, std::int64_t number) const {
  note(answer);
  if (answer != status::ok) return;
  const std::uint32_t count = control.acknowledged;
  if (count < std::size(control.numbers)) control.numbers[count] = number;
  control.acknowledged = count + 1;
}

deadline soon(const victim& self) {
  return std::chrono::steady_clock::now() +
         std::chrono::milliseconds(self.control.stepped != 0 ? 1500 : 30);
}

std::string scenario::mode() const {
  std::string text = shape.mode == segment_mode::log ? "log" : "ring";
  if (shape.mode == segment_mode::ring) {
    text += shape.when_full == full_policy::reject ? "-reject"
            : shape.when_full == full_policy::wait ? "-wait"
                                                   : "-overwrite";
  }
  return text + (single() ? "-single" : "-many");
}

bool scenario::gated() const {
  return shape.mode == segment_mode::ring && shape.when_full != full_policy::overwrite;
}

}  // namespace shmfifo::harness::crash
