// SPDX-License-Identifier: MIT
#pragma once
// The whole public interface in one include.

#include "shmfifo/protocol/validate.hpp"  // the rules of a header, for tools
#include "shmfifo/segment.hpp"            // create, attach, roles, operation
