// SPDX-License-Identifier: MIT
#include <stdexcept>

#include "operations.hpp"

namespace shmfifo::harness::crash {
namespace {

using shared_consumer = std::shared_ptr<consumer>;

// The handler of the victim's poll checks each message itself.
struct checking_handler {
  const victim* self;
  std::int64_t next;

  void operator()(const record_view& record) {
    author who{};
    std::uint32_t sequence = 0;
    if (record.message_number != next || !read_message(record.bytes(), who, sequence)) {
      throw std::runtime_error("the victim's handler got a wrong message");
    }
    ++next;
    control_page& control = self->control;
    if (control.delivered == 0) control.first_delivered = record.message_number;
    control.delivered = control.delivered + 1;
  }
};

std::function<void()> poll_with(victim& self, shared_consumer in) {
  return [&self, in] { self.note(in->poll(checking_handler{&self, in->position()}, 3).answer); };
}

std::function<void()> poll_from(victim& self, start_at start) {
  consumer_options options;
  options.start = start;
  return poll_with(self, std::make_shared<consumer>(must(self.attach().attach_consumer(options))));
}

std::function<void()> poll_named(victim& self) {
  consumer_options options;
  options.name = "kept";
  return poll_with(self, std::make_shared<consumer>(must(self.attach().attach_consumer(options))));
}

std::function<void()> poll_observer(victim& self) {
  attach_options reading;
  reading.mode = access::read_only;
  const segment home = must(segment::attach(self.name, reading));
  return poll_with(self, std::make_shared<consumer>(must(home.attach_observer(start_at::at(0)))));
}

std::function<void()> read_one(victim& self) {
  auto in = std::make_shared<consumer>(must(self.attach().attach_consumer()));
  return [&self, in] {
    message_buffer buffer;
    self.note(in->read(buffer).answer);
  };
}

std::function<void()> wait_from(victim& self, start_at start) {
  consumer_options options;
  options.start = start;
  auto in = std::make_shared<consumer>(must(self.attach().attach_consumer(options)));
  return [&self, in] { self.note(in->wait(soon(self))); };
}

// A claim is in the way whose owner died after this reader attached: the reader itself aborts it.
std::function<void()> wait_at_dead_claim(victim& self) {
  auto wait = wait_from(self, start_at::at(4));
  die_with_claim(self.name);
  return wait;
}

std::function<void()> wait_for_data(victim& self) {
  return wait_from(self, start_at::latest());
}

scenario by_consumer(const char* operation, const place& where, const geometry& shape) {
  scenario s = at(operation, where, shape);
  s.producer_peer = true;
  return s;
}

}  // namespace

void add_consumer_operations(catalogue& list) {
  const geometry rejecting = ring(full_policy::reject, producer_role::many);
  const geometry single = ring(full_policy::reject, producer_role::single);
  const geometry lossy = ring(full_policy::overwrite, producer_role::many);
  constexpr place behind_wrap{"across_wrap", 6, 3};
  const auto add = [&](const char* operation, const place& where, const geometry& shape,
                       std::function<std::function<void()>(victim&)> arm) -> scenario& {
    list.push_back(by_consumer(operation, where, shape));
    list.back().arm = std::move(arm);
    return list.back();
  };
  for (const geometry& shape : {single, rejecting}) {
    for (const place& where : {when_full, behind_wrap}) {
      add("poll", where, shape,
          [where](victim& self) { return poll_from(self, start_at::at(where.consumed)); });
    }
    add("poll_named", behind_wrap, shape, poll_named).durable = true;
    add("wait_for_data", at_wrap, shape, wait_for_data).visits = 2;
  }
  add("poll", log_full, log(producer_role::many),
      [](victim& self) { return poll_from(self, start_at::oldest()); });
  add("poll", overwriting, lossy, [](victim& self) { return poll_from(self, start_at::oldest()); });
  add("poll_observer", when_full, rejecting, poll_observer);
  add("poll_observer", overwriting, lossy, poll_observer);
  add("read", when_full, rejecting, read_one);
  scenario& waking = add("wake_producer", when_full, rejecting,
                         [](victim& self) { return poll_from(self, start_at::oldest()); });
  waking.sleeper = true;
  add("wait_at_dead_claim", at_wrap, rejecting, wait_at_dead_claim).may_take = 1;
}

}  // namespace shmfifo::harness::crash
