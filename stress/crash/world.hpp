// SPDX-License-Identifier: MIT
#pragma once
// The segment in which a scenario runs, with all processes except the victim: the messages
// published before, the peers that stay alive, the dead participants. Built from nothing, or copied
// from the bytes that a death left (then nobody in it holds a lock any more).

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scenario.hpp"

namespace shmfifo::harness::crash {

// A segment's bytes at one instant; `named` is false if the name did not exist then.
struct picture {
  bool named = true;
  std::vector<std::byte> bytes;
  bool operator==(const picture&) const = default;
};

class world {
 public:
  world(const scenario& what, std::string name);
  world(const scenario& what, std::string name, const picture& left);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  [[nodiscard]] const scenario& what() const noexcept { return what_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool name_exists() const;
  // This process's own mapping, made when the name first exists.
  [[nodiscard]] segment* home();
  // The segment as it is now. Cheap: compares and copies only on request.
  [[nodiscard]] std::span<const std::byte> bytes();
  [[nodiscard]] picture take_picture();

  std::optional<producer> producer_peer;
  std::optional<consumer> consumer_peer;

 private:
  void publish_past();

  const scenario& what_;
  std::string name_;
  std::optional<segment> home_;
};

// The differences by field, named as in the layout; at most `lines` lines.
std::string describe_difference(const scenario& what, const picture& before, const picture& after,
                                unsigned lines = 12);

}  // namespace shmfifo::harness::crash
