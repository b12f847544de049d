// SPDX-License-Identifier: MIT
#pragma once
// A producer's role in a segment; protocol/publish.hpp has its calls.

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
