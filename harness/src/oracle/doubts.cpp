// SPDX-License-Identifier: MIT
#include "doubts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "matching.hpp"

namespace shmfifo::harness {

maybe doubtful_messages::bind(unsigned receiver, std::size_t e, std::uint64_t number) {
  const message_id id = unpack(run_.logs.told(receiver)[e].identity);
  const auto doubt = numbers_.find(pack(id));
  if (doubt == numbers_.end()) return no_sender_got({receiver, e}, sender_line(run_, id));
  if (doubt->second != unbound) {
    return broken(rule::duplicate, "{}\n  this message came under number {} already",
                  excerpt(run_, receiver, e, "a message twice"), doubt->second);
  }
  if (!in_order(id, number)) {
    return broken(rule::producer_order, "{}\n  {}",
                  excerpt(run_, receiver, e, "a message not between its producer's others"),
                  sender_line(run_, id));
  }
  doubt->second = number;
  ++named_;
  return std::nullopt;
}

maybe doubtful_messages::bind_short(unsigned receiver, std::size_t e, std::uint64_t number) {
  const event& entry = run_.logs.told(receiver)[e];
  const bool possible = std::any_of(numbers_.begin(), numbers_.end(), [&](const auto& doubt) {
    const message_id id = unpack(doubt.first);
    return doubt.second == unbound && fits(run_, entry, id) && in_order(id, number);
  });
  if (!possible) return no_sender_got({receiver, e}, "and no message in doubt fits");
  short_ones_.emplace(number, arrival{receiver, e});
  return std::nullopt;
}

bool doubtful_messages::is_short_one(std::uint64_t number, const event& entry) const {
  const event& before = entry_of(short_ones_.at(number));
  return before.length == entry.length && before.identity == entry.identity;
}

maybe doubtful_messages::judge_short_ones() const {
  const std::vector<std::pair<std::uint64_t, arrival>> came(short_ones_.begin(), short_ones_.end());
  std::vector<message_id> doubts;
  for (const auto& doubt : numbers_) {
    if (doubt.second == unbound) doubts.push_back(unpack(doubt.first));
  }
  matching causes(came.size(), doubts.size(), [&](std::size_t one, std::size_t doubt) {
    return fits(run_, entry_of(came[one].second), doubts[doubt]) &&
           in_order(doubts[doubt], came[one].first);
  });
  const auto unexplained = causes.first_unexplained();
  if (!unexplained) return std::nullopt;
  return no_sender_got(came[*unexplained].second,
                       "and each message in doubt that fits came under another number");
}

std::uint64_t doubtful_messages::number_of(message_id id) const {
  const std::uint64_t answered = run_.logs.answered(id.producer)[id.sequence];
  if (answer::is_number(answered)) return answered;
  const auto doubt = numbers_.find(pack(id));
  return doubt == numbers_.end() ? unbound : doubt->second;
}

bool doubtful_messages::in_order(message_id id, std::uint64_t number) const {
  for (std::uint64_t s = id.sequence; s-- > 0;) {
    const std::uint64_t before = number_of({id.producer, s});
    if (before != unbound && before > number) return false;
    if (before != unbound) break;
  }
  const std::uint64_t end = run_.logs.answered(id.producer).size();
  for (std::uint64_t s = id.sequence + 1; s < end; ++s) {
    const std::uint64_t behind = number_of({id.producer, s});
    if (behind != unbound) return behind > number;
  }
  return true;
}

maybe doubtful_messages::no_sender_got(arrival came, const std::string& why) const {
  return broken(rule::wrong_message, "{}\n  {}",
                excerpt(run_, came.receiver, came.event, "a number that no sender got"), why);
}

}  // namespace shmfifo::harness
