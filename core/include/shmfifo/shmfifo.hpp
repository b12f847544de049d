// SPDX-License-Identifier: MIT
#pragma once
// The whole public interface in one include.

#include "shmfifo/segment.hpp"   // create, attach, roles, operation
#include "shmfifo/validate.hpp"  // the rules of a header, for tools
