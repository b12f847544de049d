// SPDX-License-Identifier: MIT
#pragma once
// One operation of the core at one position of the queue: the content of the segment before it, the
// other processes attached, and the instructions between the two marks. The explorer decides how it
// is interrupted, and the aftermath judges.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/harness/trace/tracer.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::harness::crash {

// Every message names its author and its number among the author's messages; the other bytes follow
// from these.
enum class author : std::uint32_t { past = 1, peer = 2, victim = 3, fresh = 4 };
inline constexpr std::size_t content_bytes = 96;
using message_buffer = std::byte[content_bytes];
// Writes the message into the buffer and returns its bytes.
byte_view write_message(author who, std::uint32_t sequence, std::span<std::byte> buffer);
// False if the bytes are not exactly one author's message.
bool read_message(byte_view bytes, author& who, std::uint32_t& sequence);

// The process that will be killed or paused: what it needs, and what it notes for the judge.
struct victim {
  std::string name;  // of the segment
  control_page& control;

  [[nodiscard]] segment attach() const;
  void note(status answer, std::int64_t number) const;  // a publish's answer
  void note(status answer) const;
  void note(int error_code) const { control.answer = error_code; }
};

// When an operation of the victim that waits gives up. Under single steps the clock runs about a
// thousand times faster than the instructions: the deadline must come after the spinning, or the
// sleep is never reached, and soon after it, or a real kill waits long.
deadline soon(const victim& self);

// The process that sleeps in the kernel while the operation is interrupted.
enum class sleeping : std::uint8_t { nobody, consumer, producer };

struct scenario {
  std::string operation;
  std::string position;
  geometry shape;
  std::int64_t published = 0;          // before the operation, by author::past
  std::int64_t consumed = 0;           // of these, by every consumer that counts
  bool producer_peer = false;          // a producer that stays alive throughout
  bool consumer_peer = true;           // a consumer likewise
  unsigned may_take = 0;               // numbers that the operation may claim
  bool durable = false;                // the cursor "kept" exists, nobody uses it
  bool corpses = false;                // a producer with an open claim and a consumer died before
  bool sleeper = false;                // the sleeper bits are set: the operation has a peer to wake
  sleeping asleep = sleeping::nobody;  // then no snapshots, and the sleeper is the judge
  bool makes_name = false;             // the segment does not exist before
  bool removes_name = false;
  bool expects_room = false;  // nobody reads any more: slots that the victim had read are free
  // How often one instruction is interrupted while nothing changes. Two where the operation waits:
  // under single steps it repeats its loop more often than in a real run.
  unsigned visits = 16;
  // Attaches what the operation needs and returns the operation. The closure owns the handles.
  std::function<std::function<void()>(victim&)> arm;

  [[nodiscard]] std::string mode() const;  // "ring-reject-many"
  [[nodiscard]] bool gated() const;
  [[nodiscard]] bool single() const { return shape.producers == producer_role::single; }
  [[nodiscard]] bool lossy() const { return shape.when_full == full_policy::overwrite; }
};

// Every scenario, in the order of the report.
const std::vector<scenario>& all_scenarios();

// A process of its own attaches a producer and a consumer, claims a number, and is killed.
void die_with_claim(const std::string& name);

}  // namespace shmfifo::harness::crash
