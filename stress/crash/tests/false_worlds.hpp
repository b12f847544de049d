// SPDX-License-Identifier: MIT
#pragma once
// Worlds in which something is wrong that a right core never does: the words of the segment are
// changed by hand, or handles of this process hold what nobody should.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>

#include "operations.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "world.hpp"

namespace shmfifo::harness::crash {

// A scenario of which only the position counts: a ring of four slots, for many producers, with a
// producer and a consumer that live.
inline scenario quiet(const place& where = at_wrap,
                      const geometry& shape = ring(full_policy::reject, producer_role::many)) {
  scenario what = at("nothing", where, shape);
  what.producer_peer = true;
  return what;
}

template <class Act>
std::string complaint(Act&& act) {
  try {
    act();
  } catch (const std::exception& found) {
    return found.what();
  }
  return "";
}

inline void has(const std::string& text, const std::string& words) {
  EXPECT_NE(text.find(words), std::string::npos)
      << "found '" << text << "', expected '" << words << "'";
}

template <class Word, class Value>
void poke(Word& word, Value value) {
  std::atomic_ref(word).store(static_cast<Word>(value));
}

inline void poke_stamp(world& scene, std::uint64_t number, slot_state state, unsigned owner = 0) {
  poke(scene.home()->view().slot(number).stamp, make_stamp(number, state, owner));
}

// The line of the world's producer that lives.
inline unsigned line_of_producer(world& scene) {
  for (const participant_stat& entry : must(scene.home()->stat()).participants) {
    if (entry.kind == participant_kind::producer) return entry.index;
  }
  throw std::runtime_error("no producer");
}

// What the victim published before it died, in its place.
inline void publish_as(producer& out, author who, std::uint32_t sequence) {
  message_buffer buffer;
  if (out.try_publish(write_message(who, sequence, buffer)) != status::ok) {
    throw std::runtime_error("the victim could not publish");
  }
}

inline consumer_options named(const char* name) {
  consumer_options options;
  options.name = name;
  return options;
}

}  // namespace shmfifo::harness::crash
