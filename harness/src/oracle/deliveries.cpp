// SPDX-License-Identifier: MIT
#include "deliveries.hpp"

namespace shmfifo::harness {

maybe unique_deliveries::judge(const judged_run& run, unsigned receiver, std::size_t e,
                               message_id id, bool skips) const {
  const std::uint64_t at = place(id);
  if (at < low_) {
    return broken(resumes_ ? rule::redelivered_released : rule::duplicate,
                  "{}\n  it came at event {}", excerpt(run, receiver, e, "a message again"),
                  order_[at].event);
  }
  if (at <= high_ || skips) return std::nullopt;
  const std::size_t due = order_[high_].event;
  return broken(rule::skipped_after_restart, "{}\n  event {} had to be repeated: {}",
                excerpt(run, receiver, e, "a repetition with a gap"), due,
                describe(run, run.logs.told(receiver)[due]));
}

}  // namespace shmfifo::harness
