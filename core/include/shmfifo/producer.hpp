// SPDX-License-Identifier: MIT
#pragma once
// producer: the role of writing to a segment, from segment::attach_producer until it is destroyed.
// claim: a number taken and not yet published, whose content is written in its slot.
//
//   publish, try_publish   one message (bytes or text) or a batch, copied in
//   take, try_take         a claim: content(), commit(length) or abort()
//   wake                   ends a wait for room, from any thread or signal handler
//   last_number, content_size, in_owner_process
//
// Trap: one claim at a time; while it is open the calls above return claim_pending. After fork() a
// child's copy returns wrong_process: attach anew there. Threads: one at a time, wake excepted.
// protocol/publish.hpp and protocol/claim.hpp define the calls and all that they return.

#include <memory>

#include "shmfifo/protocol/publish.hpp"

namespace shmfifo {

class mapping;  // one mapping of a segment's file, shared by the handles that use it
class segment;

using claim = basic_claim<std_memory_model>;  // what take and try_take return

// A producer's role in a segment, made by segment::attach_producer.
class SHMFIFO_EXPORT producer final : public basic_producer<std_memory_model> {
 public:
  // The role moves; what is left may only be destroyed.
  producer(producer&&) noexcept = default;
  producer& operator=(producer&&) = delete;
  ~producer();  // leaves the role in good order

 private:
  friend class segment;
  producer(std::shared_ptr<mapping> home, std_memory_model&& memory, unsigned self);
  std::shared_ptr<mapping> home_;
};

}  // namespace shmfifo
