// SPDX-License-Identifier: MIT
#include "aftermath.hpp"

namespace shmfifo::harness::crash {
namespace {

std::string describe(const ledger::entry& what) {
  constexpr const char* names[] = {"?", "past", "peer", "victim", "fresh"};
  const auto who = static_cast<std::size_t>(what.who);
  return std::string(who < std::size(names) ? names[who] : "?") + "'s message " +
         std::to_string(what.sequence);
}

}  // namespace

void ledger::promise(std::int64_t number, const entry& what) {
  const auto [at, fresh] = promised_.emplace(number, what);
  if (!fresh) {
    throw violation("number " + std::to_string(number) + " was given out twice: to " +
                    describe(at->second) + " and to " + describe(what));
  }
  if (seen_.contains(number) && seen_.at(number) != what) {
    throw violation("number " + std::to_string(number) + " was promised to " + describe(what) +
                    " after readers had seen " + describe(seen_.at(number)));
  }
  if (aborted_.contains(number)) {
    throw violation("number " + std::to_string(number) + " was given out after it was aborted");
  }
}

void ledger::saw_message(std::int64_t number, byte_view bytes) {
  entry what;
  const std::string where = "number " + std::to_string(number);
  if (!read_message(bytes, what.who, what.sequence)) {
    throw violation(where + " carries bytes that nobody wrote");
  }
  if (const auto known = promised_.find(number); known != promised_.end()) {
    if (known->second != what) {
      throw violation(where + " carries " + describe(what) + " instead of " +
                      describe(known->second));
    }
  } else if (what.who != author::victim) {
    throw violation(where + " carries " + describe(what) + ", which was not promised there");
  }
  if (aborted_.contains(number)) throw violation(where + " was aborted for another reader");
  const auto [at, first] = seen_.emplace(number, what);
  if (!first && at->second != what) throw violation("readers disagree about " + where);
  if (what.who != author::victim) return;
  const auto [where_it_was, once] = victims_.emplace(what.sequence, number);
  if (!once && where_it_was->second != number) {
    throw violation("the victim's message " + std::to_string(what.sequence) + " was delivered as " +
                    std::to_string(where_it_was->second) + " and as " + std::to_string(number));
  }
  const auto later = victims_.upper_bound(what.sequence);
  if (later != victims_.end() && later->second < number) {
    throw violation("the victim's messages changed their order");
  }
}

void ledger::saw_abort(std::int64_t number) {
  const std::string where = "number " + std::to_string(number);
  if (promised_.contains(number)) throw violation(where + " was committed and is aborted");
  if (seen_.contains(number)) throw violation(where + " was a message and is aborted");
  if (!any_abort_ && !may_abort_.contains(number)) {
    throw violation(where + " is aborted although nobody had claimed it");
  }
  aborted_.insert(number);
}

std::int64_t ledger::end() const {
  std::int64_t end = 0;
  if (!promised_.empty()) end = promised_.rbegin()->first + 1;
  if (!seen_.empty()) end = std::max(end, seen_.rbegin()->first + 1);
  return end;
}

void ledger::check_victim(const control_page& control, bool lossy) const {
  for (std::uint32_t i = 0; i < control.acknowledged; ++i) {
    const auto found = victims_.find(i);
    if (found == victims_.end()) {
      if (lossy) continue;
      throw violation("the victim's message " + std::to_string(i) +
                      " was acknowledged and never delivered");
    }
    if (found->second != control.numbers[i]) {
      throw violation("the victim's message " + std::to_string(i) + " was acknowledged as number " +
                      std::to_string(control.numbers[i]) + " and delivered as " +
                      std::to_string(found->second));
    }
  }
}

}  // namespace shmfifo::harness::crash
