// SPDX-License-Identifier: MIT
#pragma once
// The real thing, asked the same questions as the reference: a segment of its own, handles in this
// process and, for the handles that the reference gives to other processes, in children that serve
// operations through a socket and can be killed. Children outlive a world, because forking costs
// more than a whole program.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "program.hpp"
#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "shmfifo/segment.hpp"
#include "stateful/reference_fifo.hpp"

namespace shmfifo::property_tests {

// The handles of one process.
class host {
 public:
  explicit host(const std::string& name);
  reference::answer run(const reference::operation& o);
  // Every mapping that the handles may use.
  [[nodiscard]] std::vector<layout_view> views() const;

 private:
  struct place {
    std::variant<std::monostate, producer, consumer> role;
    claim open;
  };
  reference::answer attach(place& at, const reference::operation& o);
  reference::answer write(place& at, const reference::operation& o);
  reference::answer read(consumer& reader, const reference::operation& o);

  std::string name_;
  std::vector<segment> homes_;  // the last one is attached to; handles may live in earlier ones
  std::optional<segment> read_only_;
  std::array<place, reference::handles_max> places_;
};

class world {
 public:
  explicit world(const geometry& shape);
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world();

  reference::answer run(const reference::operation& o);
  [[nodiscard]] reference::visible_state look() const;
  // Around each operation: what it may not touch is poisoned, where a sanitizer can do that.
  void guard(const reference::fifo& before, const reference::operation& o) const;

 private:
  harness::unique_name name_;
  std::optional<segment> made_;  // to look, never poisoned
  std::optional<host> own_;
};

// Runs one operation on both; the difference as text, empty if there is none.
std::string difference(reference::fifo& model, world& real, const reference::operation& o);
// What follows, after a program in which a process may have died: two laps of messages, which every
// reader that is left must get, and before each of them all look for long.
std::string difference_in_laps(reference::fifo& model, world& real);
// A whole program; operations that do not apply are left out. Looking costs more than the
// operation.
std::string difference(const program& p, std::size_t look_every = 1);

}  // namespace shmfifo::property_tests
