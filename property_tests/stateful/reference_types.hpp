// SPDX-License-Identifier: MIT
#pragma once
// The operations of the FIFO and their answers, as plain values: the language between a test that
// makes up operations, the reference that predicts the answers, and a driver that asks a real
// queue. An operation is small and can always be written down; the reference decides whether it
// makes sense in a state (`applies`).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shmfifo/segment.hpp"  // start_at
#include "shmfifo/status.hpp"

namespace shmfifo::harness::reference {

inline constexpr unsigned handles_max = 8;
inline constexpr unsigned names_max = 3;  // name 0 is "no name"

enum class op : std::uint8_t {
  attach_producer,  // handle
  attach_consumer,  // handle, start, number, name
  attach_observer,  // handle, start, number; odd `name`: through a read-only mapping
  detach,           // handle
  publish,          // handle, number = length, fill
  publish_waiting,  // likewise, with a deadline that has passed already
  batch,            // handle, number = length of the first, count; each next is one byte longer
  claim,            // handle
  commit,           // handle, number = length, fill
  abort,            // handle
  poll,             // handle, number = limit
  poll_until,       // handle, number = messages after which the handler answers false
  read,             // handle, number = bytes in the buffer
  wait,             // handle; with a deadline that has passed already
  mark,             // number, fill = value
  recover,
  forget,        // name
  attach_again,  // a fresh mapping of the segment by its name, for what comes
  kill,          // handle: the process that holds it, and all it holds, is killed
  poll_long,     // handle, number = limit; again and again, until something is reported or the
                 // reader has asked the kernel about what is in its way
  count
};

struct operation {
  op what = op::publish;
  std::uint8_t handle = 0;
  std::uint8_t name = 0;
  std::uint8_t fill = 0;
  std::uint8_t count = 0;
  std::uint8_t start = 0;  // start_at::place
  std::int64_t number = 0;
};

struct message {
  std::int64_t number = 0;
  std::int64_t length = 0;
  std::int8_t status = 0;
  std::vector<std::uint8_t> bytes;
  bool operator==(const message&) const = default;
};

// Everything that an operation returns to its caller.
struct answer {
  status code = status::ok;
  int errno_value = 0;     // of set-up calls; 0: it worked
  std::string rule;        // of set-up calls that failed
  std::int64_t first = 0;  // poll_result::first; or the reader's position, the producer's last
                           // number, the number of lines recovered
  std::int64_t count = 0;  // poll_result::count; messages of a batch that went in
  std::vector<message> messages;
  bool operator==(const answer&) const = default;
};

// What anybody can see without taking a role.
struct visible_line {
  unsigned index = 0;
  participant_kind kind = participant_kind::none;
  bool alive = false;
  std::int64_t cursor = 0;
  std::int64_t lag = 0;
  bool holds_back = false;
  std::string name;
  bool operator==(const visible_line&) const = default;
};
struct visible_state {
  std::int64_t producer_cursor = 0;
  std::int64_t oldest = 0;
  std::vector<visible_line> lines;
  std::vector<answer> seen;  // what an observer from number 0 gets, until `empty`
  bool operator==(const visible_state&) const = default;
};

[[nodiscard]] inline std::string name_of(unsigned index) {
  return index % names_max == 0 ? std::string() : "cursor" + std::to_string(index % names_max);
}

// Which process holds a handle: 0 is the test's own, which is never killed.
[[nodiscard]] inline unsigned process_of(unsigned handle) {
  return handle < 4 ? 0 : handle < 6 ? 1 : 2;
}

// The bytes of a message: any two fills differ in every byte.
[[nodiscard]] inline std::vector<std::uint8_t> content_for(std::uint8_t fill, std::int64_t length) {
  std::vector<std::uint8_t> bytes(length > 0 ? static_cast<std::size_t>(length) : 0);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(fill + i * 31);
  }
  return bytes;
}

}  // namespace shmfifo::harness::reference
