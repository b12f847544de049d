// SPDX-License-Identifier: MIT
#pragma once
// One run without processes: senders and receivers take the steps of the real actors one at a time,
// in an order that the choices say, and a kill may strike between any two of them.

#include <deque>
#include <vector>

#include "model_queue.hpp"
#include "shmfifo/harness/oracle/history.hpp"

namespace shmfifo::harness::generated {

enum class sender_step : std::uint8_t {
  attach,
  begin,
  call,
  claim,
  commit,
  answer,
  log,
  leave,
  note,
  over
};
enum class receiver_step : std::uint8_t {
  log_attach,
  count_attach,
  attach,
  call,
  take,
  log,
  leave,
  release,
  log_release,
  over
};

struct model_sender {
  actor_state* state = nullptr;
  sender_step next = sender_step::begin;
  std::uint64_t sequence = 0;
  std::size_t at = nowhere;  // the place of the message that is being sent
  std::uint64_t word = 0;    // its answer
  bool was_refused = false;
  unsigned refusals = 0;
  std::deque<message_id> own;  // buffered: not in the queue yet
};

struct model_receiver {
  actor_state* state = nullptr;
  receiver_step next = receiver_step::call;
  cursor* where = nullptr;  // its own, or that of all competing ones
  bool lossy = false;
  bool observer = false;
  bool resumes = false;             // durable
  bool churns = false;              // it attaches again, and was not killed
  delivery got;                     // and not yet logged
  std::deque<delivery> ahead;       // buffered: fetched, and not yet returned
  std::size_t reached = 0;          // one more than the last place that was logged
  std::vector<std::size_t> places;  // of each event
  bool drops_next = false;          // defect
  std::size_t again = nowhere;      // defect: this place once more,
  std::size_t again_in = 0;         // after so many others
};

// Where the defect struck.
struct scar {
  unsigned receiver = 0;
  std::size_t event = 0;  // in its log: the first one afterwards
  std::size_t at = nowhere;
};

// What really happened.
struct truth {
  std::vector<place> line;
  std::vector<std::vector<std::size_t>> places;  // of each receiver's events
  std::vector<scar> scars;
  bool blocked = false;  // by a claim that nobody gives up: what comes later never arrived
};

struct simulated_run {
  scenario run;
  histories logs;
  truth real;
};

[[nodiscard]] simulated_run simulate(const scenario& run, choices& from);

}  // namespace shmfifo::harness::generated
