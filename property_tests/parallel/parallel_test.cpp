// SPDX-License-Identifier: MIT
// Goal: calls that overlap in time answer as if they had happened one after the other. Method: real
// threads on one mapping run random lists of commands; each call is noted with the ticks of its
// begin and end, and a search looks for an order of steps that the reference would have answered in
// the same way.
#include "linearizability.hpp"

#include <atomic>
#include <thread>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

using reference::answer;
using reference::op;
using reference::operation;

}  // namespace

// What threads may do at once, and with which handles. Overwriting rings with many producers are
// left to the model checker: their publish may take and give up any number of numbers.
struct scene {
  geometry shape;
  std::vector<operation> roles;  // a thread each
};

static void showValue(const scene& s, std::ostream& os) {
  os << to_text(s.shape);
  for (const operation& o : s.roles) os << "\n" << to_text(o);
}

namespace {

rc::Gen<scene> any_scene() {
  return rc::gen::exec([] {
    scene s;
    const int kind = *rc::gen::inRange(0, 3);
    const std::uint64_t slots = std::uint64_t{1} << *rc::gen::element(0, 1, 2);
    const bool many = kind != 2 && *rc::gen::arbitrary<bool>();
    s.shape = {kind == 1 ? segment_mode::log : segment_mode::ring,
               kind == 2 ? full_policy::overwrite : full_policy::reject,
               many ? producer_role::many : producer_role::single,
               kind == 1 ? slots * 2 : slots,
               8,
               6};
    const auto add = [&s](op what) {
      s.roles.push_back({what, static_cast<std::uint8_t>(s.roles.size()), 0, 0, 0, 0, 0});
    };
    add(op::attach_producer);
    if (many) add(op::attach_producer);
    add(op::attach_consumer);
    if (!many) add(*rc::gen::element(op::attach_consumer, op::attach_observer));
    return s;
  });
}

rc::Gen<std::vector<operation>> any_list(const operation& role) {
  return rc::gen::resize(
      6, rc::gen::container<std::vector<operation>>(rc::gen::exec([role] {
        operation o;
        o.handle = role.handle;
        o.fill = *rc::gen::arbitrary<std::uint8_t>();
        if (*rc::gen::inRange(0, 6) == 5) {
          o.what = op::mark;
          o.number = *rc::gen::element<std::int64_t>(0, 1, 2, 3);
        } else if (role.what == op::attach_producer) {
          o.what = *rc::gen::weightedElement<op>(
              {{5, op::publish}, {2, op::claim}, {1, op::commit}, {1, op::abort}});
          o.number = *rc::gen::element<std::int64_t>(0, 1, 8);
        } else {
          o.what = op::poll;
          o.number = 1;
        }
        return o;
      })));
}

// The steps of a call with this answer. `last` is the producer's last finished number before it.
std::vector<atomic_step> steps_of(const operation& o, const answer& said, std::int64_t& last) {
  if (o.what != op::publish) {
    if (o.what == op::claim || o.what == op::commit || o.what == op::abort) last = said.first;
    return {{o, said}};
  }
  operation take = o;
  take.what = op::claim;
  operation finish = o;
  finish.what = op::commit;
  answer taken = said;
  taken.first = last;
  if (said.code != status::ok) return {{take, taken}};
  last = said.first;
  return {{take, taken}, {finish, said}};
}

history play(host& handles, const std::vector<std::vector<operation>>& lists) {
  history all(lists.size());
  std::atomic<std::uint64_t> clock{0};
  std::atomic<std::size_t> waiting{lists.size()};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    threads.emplace_back([&, i] {
      std::int64_t last = -1;
      --waiting;
      while (waiting != 0) std::this_thread::yield();
      for (const operation& o : lists[i]) {
        const std::uint64_t called = clock++;
        const answer said = handles.run(o);
        const std::uint64_t returned = clock++;
        all[i].push_back({called, returned, steps_of(o, said, last)});
      }
    });
  }
  for (std::thread& t : threads) t.join();
  return all;
}

TEST(parallel, G1_G2_G4_G5_histories_are_linearizable) {
  expect_holds(
      [] {
        const scene s = *any_scene();
        std::vector<std::vector<operation>> lists;
        for (const operation& role : s.roles) lists.push_back(*any_list(role));
        for (int again = 0; again < 5; ++again) {  // threads meet differently each time
          fixture f(s.shape);
          host handles(f.name.get());
          reference::fifo start(s.shape);
          for (const operation& role : s.roles) RC_ASSERT(handles.run(role) == start.step(role));
          const history seen = play(handles, lists);
          if (!linearizability(start, seen).found()) {
            RC_FAIL(to_text(s.shape) + ": no order of steps explains\n" + to_text(seen));
          }
        }
      },
      150);
}

call at(std::uint64_t called, std::uint64_t returned, const operation& what, status code,
        std::int64_t first, std::int64_t count = 0) {
  answer said;
  said.code = code;
  said.first = first;
  said.count = count;
  return {called, returned, {{what, said}}};
}

// The search itself: overlapping calls may be swapped, successive calls may not.
TEST(parallel, an_order_is_found_only_if_there_is_one) {
  reference::fifo start({segment_mode::ring, full_policy::reject, producer_role::many, 1, 8, 4});
  static_cast<void>(start.step({op::attach_producer, 0, 0, 0, 0, 0, 0}));
  static_cast<void>(start.step({op::attach_producer, 1, 0, 0, 0, 0, 0}));
  const operation first{op::publish, 0, 0, 1, 0, 0, 1};
  const operation second{op::publish, 1, 0, 2, 0, 0, 1};
  const call refused = at(0, 3, first, status::full, -1);
  const history overlapping{{refused}, {at(1, 2, second, status::ok, 0)}};
  EXPECT_TRUE(linearizability(start, overlapping).found());
  const history one_after_the_other{{at(0, 1, first, status::full, -1)},
                                    {at(2, 3, second, status::ok, 0)}};
  EXPECT_FALSE(linearizability(start, one_after_the_other).found());
  const history both{{at(0, 3, first, status::ok, 0)}, {at(1, 2, second, status::ok, 0)}};
  EXPECT_FALSE(linearizability(start, both).found());
}

// Its memory: what two orders lead to is tried once if the states are equal, else again.
TEST(parallel, an_order_is_not_missed_for_one_that_led_elsewhere) {
  reference::fifo start({segment_mode::ring, full_policy::reject, producer_role::many, 1, 8, 4});
  static_cast<void>(start.step({op::attach_producer, 0, 0, 0, 0, 0, 0}));
  static_cast<void>(start.step({op::attach_producer, 1, 0, 0, 0, 0, 0}));
  static_cast<void>(start.step({op::attach_observer, 2, 0, 0, 0, 0, 0}));
  const operation first{op::publish, 0, 0, 1, 0, 0, 1};
  const operation second{op::publish, 1, 0, 2, 0, 0, 1};
  static_cast<void>(start.step(first));
  const history refused_twice{
      {at(0, 9, first, status::full, 0)},
      {at(1, 2, second, status::full, -1), at(3, 4, second, status::ok, 1)}};
  EXPECT_FALSE(linearizability(start, refused_twice).found());

  const operation mark_one{op::mark, 0, 0, 1, 0, 0, 0};
  const operation mark_two{op::mark, 0, 0, 2, 0, 0, 0};
  const operation read{op::read, 2, 0, 0, 0, 0, 8};
  reference::fifo last_is_one = start;
  const answer second_mark = last_is_one.step(mark_two);
  const answer first_mark = last_is_one.step(mark_one);
  const answer seen = last_is_one.step(read);
  ASSERT_EQ(seen.messages.at(0).status, 1);
  const history marked{{{0, 3, {{mark_one, first_mark}}}},  // tried first, leads to status 2
                       {{0, 3, {{mark_two, second_mark}}}},
                       {{4, 5, {{read, seen}}}}};
  EXPECT_TRUE(linearizability(start, marked).found());
}

}  // namespace
}  // namespace shmfifo::property_tests
