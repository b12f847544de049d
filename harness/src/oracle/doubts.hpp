// SPDX-License-Identifier: MIT
#pragma once
// Messages of a queue with numbers whose senders died inside the call: each of them may have come,
// under one number that no sender got. One that names itself says which it is. A short one may be
// any that fits: which of them came under which number is decided at the end, for all together.

#include <cstdint>
#include <map>

#include "judging.hpp"

namespace shmfifo::harness {

class doubtful_messages {
 public:
  explicit doubtful_messages(const judged_run& run) : run_(run) {}

  void add(message_id id) { numbers_.emplace(pack(id), unbound); }
  [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
  [[nodiscard]] bool contains(message_id id) const { return numbers_.count(pack(id)) != 0; }
  // How many of them came.
  [[nodiscard]] std::uint64_t came() const noexcept { return named_ + short_ones_.size(); }

  // A message that names itself came under this number, or a short one.
  [[nodiscard]] maybe bind(unsigned receiver, std::size_t e, std::uint64_t number);
  [[nodiscard]] maybe bind_short(unsigned receiver, std::size_t e, std::uint64_t number);
  // The same number came with a short message before: is it this one?
  [[nodiscard]] bool is_short_one(std::uint64_t number, const event& entry) const;
  // Can all short ones that came have been different messages in doubt?
  [[nodiscard]] maybe judge_short_ones() const;

 private:
  static constexpr std::uint64_t unbound = ~std::uint64_t{0};

  struct arrival {
    unsigned receiver;
    std::size_t event;
  };
  [[nodiscard]] const event& entry_of(arrival came) const {
    return run_.logs.told(came.receiver)[came.event];
  }
  // Of this producer's message: its number, or `unbound` if nobody knows it.
  [[nodiscard]] std::uint64_t number_of(message_id id) const;
  // Does the number lie between those of the same producer's messages before and after?
  [[nodiscard]] bool in_order(message_id id, std::uint64_t number) const;
  [[nodiscard]] maybe no_sender_got(arrival came, const std::string& why) const;

  const judged_run& run_;
  std::map<std::uint64_t, std::uint64_t> numbers_;  // pack(id) to the number it came under
  std::map<std::uint64_t, arrival> short_ones_;     // by number
  std::uint64_t named_ = 0;
};

}  // namespace shmfifo::harness
