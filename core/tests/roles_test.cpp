// SPDX-License-Identifier: MIT
// Goal: what a role stores when it begins, and what it gives back when it ends, comes in the order
// that others rely on. Method: a memory model that writes a journal of a role's stores and locks,
// under roles that end while their handle is still there.
#include "support/hooked_memory.hpp"

namespace shmfifo {
namespace {

using testing::hooked_memory;
using testing::must;
using testing::once_at;
using testing::open_memory;
using testing::small;

// The line's index is known only once it was taken.
class journaling_memory : public hooked_memory {
 public:
  journaling_memory(std_memory_model&& memory, std::string& journal)
      : hooked_memory(std::move(memory),
                      [&journal](site where) {
                        if (where == site::recover_free) journal += " vacant";
                      }),
        journal_(&journal) {}
  void disown(unsigned lock) {
    *journal_ += lock == lock_producer_role ? " role's_lock" : " lock_" + std::to_string(lock);
    hooked_memory::disown(lock);
  }

 private:
  std::string* journal_;
};

template <class Role>
struct ending : Role {
  using Role::leave;
  using Role::Role;
};
using ending_reader = ending<basic_consumer<journaling_memory>>;
using ending_writer = ending<basic_producer<journaling_memory>>;

// A line whose lock is free while it is not vacant would be cleared away by others, and its next
// owner's role ended by the last one.
TEST(roles, G7_G8_a_reader_gives_back_its_line_and_then_the_lock) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  for (const auto kind : {participant_kind::consumer, participant_kind::durable}) {
    std::string journal;
    std_memory_model own = open_memory(name);
    ASSERT_EQ(protocol::take_line(home.view(), own), 0U);
    std::uint64_t position = 0;
    ASSERT_TRUE(protocol::enter_gate(home.view(), own, 0, kind, position, true));
    ending_reader reader(home.view(), journaling_memory(std::move(own), journal), 0, position,
                         nullptr);
    EXPECT_TRUE(home.memory().alive(0));
    reader.leave();
    EXPECT_EQ(journal, kind == participant_kind::durable ? " lock_0" : " vacant lock_0");
    EXPECT_FALSE(home.memory().alive(0));
  }
}

TEST(roles, G6_G8_a_producer_gives_back_its_line_and_then_its_locks) {
  for (const auto producers : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    const auto home = must(
        segment::create(name.get(), small(segment_mode::ring, full_policy::reject, producers)));
    std::string journal;
    std_memory_model own = open_memory(name);
    if (producers == producer_role::single) {
      ASSERT_TRUE(own.try_own(lock_producer_role));
    }
    ASSERT_EQ(protocol::take_line(home.view(), own), 0U);
    ending_writer writer(home.view(), journaling_memory(std::move(own), journal), 0);
    EXPECT_TRUE(home.memory().alive(0));
    writer.leave();
    EXPECT_EQ(journal,
              producers == producer_role::single ? " vacant role's_lock lock_0" : " vacant lock_0");
    EXPECT_FALSE(home.memory().alive(0));
    EXPECT_FALSE(home.memory().alive(lock_producer_role));
  }
}

// Whoever sees the role can say whose it is.
TEST(roles, G11_a_producer_notes_its_process_before_its_role) {
  const testing::unique_name name;
  const auto home = must(segment::create(name.get(), small(segment_mode::ring)));
  const participant_line& line = home.view().participant(3);
  bool met = false;
  const hooked_memory::hook before = once_at(site::producer_role_store, [&] {
    met = true;
    EXPECT_EQ(line.pid, static_cast<std::uint32_t>(::getpid()));
    EXPECT_EQ(role_kind(line.role), participant_kind::none);
  });
  const basic_producer<hooked_memory> writer(home.view(), hooked_memory(open_memory(name), before),
                                             3);
  EXPECT_TRUE(met);
  EXPECT_EQ(role_kind(line.role), participant_kind::producer);
}

// Others' locks are no producer's, and a dead producer's role is nobody's.
TEST(roles, G11_a_reader_waits_in_vain_unless_a_producer_lives) {
  const testing::unique_name name;
  const auto home = must(segment::create(
      name.get(), small(segment_mode::ring, full_policy::overwrite, producer_role::many)));
  auto observer = must(home.attach_observer());
  const auto other = must(home.attach_consumer());  // line 0
  EXPECT_EQ(observer.wait(deadline{}), status::peer_dead);
  home.view().participant(2).role = make_role(1, participant_kind::producer);
  EXPECT_EQ(observer.wait(deadline{}), status::peer_dead);
  std_memory_model producers = home.memory();
  ASSERT_TRUE(producers.try_own(2));
  EXPECT_EQ(observer.wait(deadline{}), status::timed_out);
}

// Counts the barriers before content that is written with plain stores.
class plain_memory : public std_memory_model {
 public:
  plain_memory(std_memory_model&& memory, int& barriers)
      : std_memory_model(std::move(memory)), barriers_(&barriers) {}
  void order_plain_content() const { ++*barriers_; }

 private:
  int* barriers_;
};

TEST(roles, G4_a_claim_is_its_own_slot_and_is_ordered_before_what_is_written_there) {
  for (const auto producers : {producer_role::single, producer_role::many}) {
    const testing::unique_name name;
    const auto home = must(
        segment::create(name.get(), small(segment_mode::ring, full_policy::reject, producers)));
    int barriers = 0;
    basic_producer<plain_memory> writer(home.view(), plain_memory(open_memory(name), barriers), 0);
    for (std::uint64_t number = 0; number < 4; ++number) {
      auto taken = writer.try_take();
      EXPECT_EQ(barriers, static_cast<int>(number) + 1);
      EXPECT_EQ(taken.content().data(), layout_view::content(home.view().slot(number)));
      EXPECT_EQ(std::move(taken).commit(1), status::ok);
    }
    EXPECT_EQ(writer.try_take().answer(), status::full);
    EXPECT_EQ(writer.try_publish(byte_view()), status::full);
    EXPECT_EQ(barriers, 4);
  }
}

}  // namespace
}  // namespace shmfifo
