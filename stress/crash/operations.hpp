// SPDX-License-Identifier: MIT
#pragma once
// The operations of the catalogue by role; each function adds its scenarios to the list. Private to
// these programs.

#include <vector>

#include "scenario.hpp"

namespace shmfifo::harness::crash {

using catalogue = std::vector<scenario>;

inline constexpr std::uint64_t ring_slots = 4;
inline constexpr std::uint64_t log_slots = 6;

geometry ring(full_policy policy, producer_role role);
geometry log(producer_role role);

// The position of the queue when the operation begins.
struct place {
  const char* name;
  std::int64_t published;
  std::int64_t consumed;
};
inline constexpr place at_first{"first", 0, 0};
inline constexpr place before_wrap{"last_before_wrap", 3, 3};
inline constexpr place at_wrap{"wrapped", 4, 4};
inline constexpr place when_full{"full", 4, 0};
inline constexpr place overwriting{"overwriting", 5, 0};
inline constexpr place log_middle{"log_middle", 3, 3};
inline constexpr place log_last{"log_last", 5, 5};
inline constexpr place log_full{"log_full", 6, 6};

scenario at(const char* operation, const place& where, const geometry& shape);

void add_producer_operations(catalogue& list);
void add_consumer_operations(catalogue& list);
void add_attachments(catalogue& list);
void add_upkeep(catalogue& list);
void add_beside_sleepers(catalogue& list);  // the last: repeats some of the others

}  // namespace shmfifo::harness::crash
