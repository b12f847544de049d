// SPDX-License-Identifier: MIT
#pragma once

// Everything a model test needs.

#include "shmfifo/harness/model/access.hpp"
#include "shmfifo/harness/model/atomic.hpp"
#include "shmfifo/harness/model/check.hpp"
#include "shmfifo/harness/model/thread.hpp"
