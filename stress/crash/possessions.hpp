// SPDX-License-Identifier: MIT
#pragma once
// The roles that living processes hold, and the numbers that they have claimed: nobody may take
// them away while one of these processes is paused. Private to these programs.

#include <cstdint>
#include <map>

#include "aftermath.hpp"

namespace shmfifo::harness::crash {

// The slot's stamp, by its index.
[[nodiscard]] std::uint64_t stamp_of(const layout_view& view, std::uint64_t index);

class possessions {
 public:
  // As they are now. Numbers that are aborted, or claimed by nobody alive, may be aborted later.
  possessions(segment home, ledger& book);

  // Throws a violation if a line or a claim has changed.
  void check_untouched() const;

 private:
  segment home_;
  std::map<unsigned, std::uint64_t> roles_;        // line -> role
  std::map<std::uint64_t, std::uint64_t> claims_;  // slot -> stamp
};

}  // namespace shmfifo::harness::crash
