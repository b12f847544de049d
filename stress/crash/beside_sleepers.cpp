// SPDX-License-Identifier: MIT
// Operations that are interrupted while a living peer sleeps in its futex: a consumer that waits
// for data, a producer that waits for room.
#include <optional>
#include <stdexcept>
#include <utility>

#include "operations.hpp"

namespace shmfifo::harness::crash {
namespace {

void beside(sleeping who, catalogue& list, scenario what) {
  what.asleep = who;
  what.operation += who == sleeping::consumer ? "_for_sleeper" : "_makes_room";
  list.push_back(std::move(what));
}

// A scenario that is in the catalogue already, to be repeated beside a sleeper.
const scenario& known(const catalogue& list, const std::string& operation, const std::string& queue,
                      const std::string& position) {
  for (const scenario& what : list) {
    if (what.operation == operation && what.mode() == queue && what.position == position) {
      return what;
    }
  }
  throw std::runtime_error("there is no scenario " + operation + " " + queue + " " + position);
}

// A message that `read` returned is released only when the consumer detaches.
std::function<void()> detach_with_message_in_hand(victim& self) {
  auto in = std::make_shared<std::optional<consumer>>(must(self.attach().attach_consumer()));
  message_buffer buffer;
  if ((*in)->read(buffer).answer != status::ok) throw std::runtime_error("nothing to read");
  return [in] { in->reset(); };
}

}  // namespace

void add_beside_sleepers(catalogue& list) {
  const catalogue all = list;
  for (const std::string queue : {"ring-reject-single", "ring-reject-many"}) {
    for (const char* operation : {"batch", "claim_commit", "claim_abort"}) {
      beside(sleeping::consumer, list, known(all, operation, queue, "first"));
    }
    beside(sleeping::consumer, list, known(all, "publish", queue, "wrapped"));
    beside(sleeping::consumer, list, known(all, "detach_claiming", queue, "wrapped"));
  }
  for (const char* queue : {"log-single", "log-many"}) {
    beside(sleeping::consumer, list, known(all, "publish", queue, "first"));
  }
  beside(sleeping::consumer, list, known(all, "recover", "ring-reject-many", "wrapped"));
  const auto in_full_ring = [&](scenario what, bool durable) {
    what.shape.when_full = full_policy::wait;
    what.producer_peer = what.consumer_peer = false;  // nobody else makes room
    what.position = when_full.name;
    what.published = when_full.published;
    what.consumed = when_full.consumed;
    what.durable = durable;
    beside(sleeping::producer, list, std::move(what));
  };
  for (const char* queue : {"ring-reject-single", "ring-reject-many"}) {
    in_full_ring(known(all, "poll", queue, "full"), false);
    in_full_ring(known(all, "poll_named", queue, "across_wrap"), true);
  }
  in_full_ring(known(all, "read", "ring-reject-many", "full"), false);
  scenario leaving = known(all, "detach_consumer", "ring-reject-many", "full");
  leaving.arm = detach_with_message_in_hand;
  in_full_ring(leaving, false);
  in_full_ring(known(all, "forget", "ring-reject-many", "wrapped"), true);
}

}  // namespace shmfifo::harness::crash
