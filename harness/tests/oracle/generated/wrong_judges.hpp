// SPDX-License-Identifier: MIT
#pragma once
// Judges that are too strict or too lax. Each is the judge, shown logs or promises that make it
// forget a rule, or apply one that nobody gave.

#include <ostream>
#include <span>
#include <string_view>

#include "examine.hpp"

namespace shmfifo::harness::generated {

struct wrong_judge {
  std::string_view name;
  mistake makes;  // what it does wrong
  any_judge judges;

  friend std::ostream& operator<<(std::ostream& out, const wrong_judge& one) {
    return out << one.name;
  }
};

[[nodiscard]] std::span<const wrong_judge> wrong_judges() noexcept;

}  // namespace shmfifo::harness::generated
