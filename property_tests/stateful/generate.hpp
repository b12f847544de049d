// SPDX-License-Identifier: MIT
#pragma once
// Random geometries and operations, weighted so that queues fill, wrap, lose, abort and resume
// often: small rings, few lines, and an operation that suits the chosen handle. What is not found
// here is found by no stateful test, so the distribution is itself tested.

#include <rapidcheck.h>

#include "stateful/reference_fifo.hpp"

namespace shmfifo::property_tests {

rc::Gen<geometry> any_geometry(std::uint32_t participants_min = 1);
// Rings of this policy and producer role.
rc::Gen<geometry> any_ring(full_policy when_full);
rc::Gen<harness::reference::operation> any_operation(const harness::reference::fifo& model);
// A length that is mostly sound and sometimes far off.
rc::Gen<std::int64_t> any_length(std::uint64_t content_size);

}  // namespace shmfifo::property_tests
