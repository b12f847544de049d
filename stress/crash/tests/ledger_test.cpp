// SPDX-License-Identifier: MIT
// Goal: the ledger reports each kind of fault of a stream in its own words, and nothing else.
// Method: streams written by hand, one right, each other one with one fault.
#include <gtest/gtest.h>

#include "aftermath.hpp"

namespace shmfifo::harness::crash {
namespace {

class book : public ledger {
 public:
  void saw(std::int64_t number, author who, std::uint32_t sequence) {
    message_buffer buffer;
    saw_message(number, write_message(who, sequence, buffer));
  }
};

template <class Act>
std::string complaint(Act&& act) {
  book all;
  try {
    act(all);
  } catch (const violation& found) {
    return found.what();
  }
  return "";
}

TEST(ledger, a_sound_stream_with_a_dead_claim_is_right) {
  control_page control;
  control.acknowledged = 1;
  control.numbers[0] = 1;
  EXPECT_EQ(complaint([&](book& all) {
              EXPECT_EQ(all.end(), 0);
              all.promise(0, {author::peer, 0});
              all.allow_abort(2);
              for (int reader = 0; reader < 2; ++reader) {
                all.saw(0, author::peer, 0);
                all.saw(1, author::victim, 0);
                all.saw_abort(2);
              }
              all.promise(3, {author::fresh, 0});
              all.saw(3, author::fresh, 0);
              EXPECT_EQ(all.end(), 4);
              all.check_victim(control, false);
            }),
            "");
}

TEST(ledger, a_number_is_given_out_once) {
  EXPECT_EQ(complaint([](book& all) {
              all.promise(0, {author::peer, 0});
              all.promise(0, {author::fresh, 0});
            }),
            "number 0 was given out twice: to peer's message 0 and to fresh's message 0");
  EXPECT_EQ(complaint([](book& all) {
              all.saw(0, author::victim, 0);
              all.promise(0, {author::fresh, 0});
            }),
            "number 0 was promised to fresh's message 0 after readers had seen victim's message 0");
  EXPECT_EQ(complaint([](book& all) {
              all.allow_any_abort();
              all.saw_abort(0);
              all.promise(0, {author::fresh, 0});
            }),
            "number 0 was given out after it was aborted");
}

TEST(ledger, a_number_carries_what_was_promised) {
  EXPECT_EQ(complaint([](book& all) { all.saw_message(0, {}); }),
            "number 0 carries bytes that nobody wrote");
  EXPECT_EQ(complaint([](book& all) {
              all.promise(0, {author::peer, 0});
              all.saw(0, author::peer, 1);
            }),
            "number 0 carries peer's message 1 instead of peer's message 0");
  EXPECT_EQ(complaint([](book& all) { all.saw(0, author::peer, 0); }),
            "number 0 carries peer's message 0, which was not promised there");
}

TEST(ledger, readers_agree) {
  EXPECT_EQ(complaint([](book& all) {
              all.allow_abort(0);
              all.saw_abort(0);
              all.saw(0, author::victim, 0);
            }),
            "number 0 was aborted for another reader");
  EXPECT_EQ(complaint([](book& all) {
              all.saw(0, author::victim, 0);
              all.saw(0, author::victim, 1);
            }),
            "readers disagree about number 0");
  EXPECT_EQ(complaint([](book& all) {
              all.saw(0, author::victim, 0);
              all.saw_abort(0);
            }),
            "number 0 was a message and is aborted");
}

TEST(ledger, the_victims_messages_come_once_and_in_order) {
  EXPECT_EQ(complaint([](book& all) {
              all.saw(0, author::victim, 0);
              all.saw(1, author::victim, 0);
            }),
            "the victim's message 0 was delivered as 0 and as 1");
  EXPECT_EQ(complaint([](book& all) {
              all.saw(0, author::victim, 1);
              all.saw(1, author::victim, 0);
            }),
            "the victim's messages changed their order");
}

TEST(ledger, only_what_was_claimed_and_not_committed_is_aborted) {
  EXPECT_EQ(complaint([](book& all) {
              all.promise(0, {author::peer, 0});
              all.saw_abort(0);
            }),
            "number 0 was committed and is aborted");
  EXPECT_EQ(complaint([](book& all) { all.saw_abort(0); }),
            "number 0 is aborted although nobody had claimed it");
}

TEST(ledger, what_was_acknowledged_is_delivered_where_it_was) {
  control_page control;
  control.acknowledged = 1;
  control.numbers[0] = 5;
  EXPECT_EQ(complaint([&](book& all) { all.check_victim(control, false); }),
            "the victim's message 0 was acknowledged and never delivered");
  EXPECT_EQ(complaint([&](book& all) { all.check_victim(control, true); }), "");
  EXPECT_EQ(complaint([&](book& all) {
              all.saw(4, author::victim, 0);
              all.check_victim(control, true);
            }),
            "the victim's message 0 was acknowledged as number 5 and delivered as 4");
}

TEST(ledger, what_readers_saw_first_may_be_promised_later) {
  EXPECT_EQ(complaint([](book& all) {
              all.saw(0, author::victim, 0);
              all.promise(0, {author::victim, 0});
            }),
            "");
}

TEST(ledger, the_end_is_beyond_all_that_was_promised_or_seen) {
  book all;
  all.promise(2, {author::peer, 0});
  EXPECT_EQ(all.end(), 3);
  all.saw(0, author::victim, 0);
  EXPECT_EQ(all.end(), 3);
  all.saw(4, author::victim, 1);
  EXPECT_EQ(all.end(), 5);
}

TEST(ledger, each_acknowledged_message_is_looked_for) {
  control_page control;
  control.acknowledged = 2;
  control.numbers[0] = 4;
  control.numbers[1] = 5;
  EXPECT_EQ(complaint([&](book& all) {
              all.saw(4, author::victim, 0);
              all.check_victim(control, false);
            }),
            "the victim's message 1 was acknowledged and never delivered");
  // The first may be lost; the second was delivered elsewhere.
  EXPECT_EQ(complaint([&](book& all) {
              all.saw(6, author::victim, 1);
              all.check_victim(control, true);
            }),
            "the victim's message 1 was acknowledged as number 5 and delivered as 6");
}

TEST(messages, G4_one_changed_byte_or_another_length_is_no_message) {
  for (const std::uint32_t sequence : {0U, 1U, 2U}) {
    message_buffer buffer = {};
    const std::size_t size = write_message(author::peer, sequence, buffer).size();
    author who{};
    std::uint32_t read = 0;
    const auto whole = [&](std::size_t length) {
      return read_message({buffer, length}, who, read);
    };
    ASSERT_TRUE(whole(size));
    EXPECT_EQ(who, author::peer);
    EXPECT_EQ(read, sequence);
    for (std::size_t length = 0; length <= sizeof buffer; ++length) {
      EXPECT_EQ(whole(length), length == size) << length;
    }
    for (std::size_t i = 0; i < size; ++i) {
      buffer[i] ^= std::byte{1};
      const bool same = whole(size) && who == author::peer && read == sequence;
      EXPECT_FALSE(same) << i;
      buffer[i] ^= std::byte{1};
    }
  }
}

TEST(messages, only_an_acknowledged_publish_is_noted) {
  control_page control;
  const victim self{"", control};
  self.note(status::full, 3);
  EXPECT_EQ(control.acknowledged, 0U);
  self.note(status::ok, 3);
  self.note(status::ok, 5);
  EXPECT_EQ(control.acknowledged, 2U);
  EXPECT_EQ(control.numbers[0], 3);
  EXPECT_EQ(control.numbers[1], 5);
}

}  // namespace
}  // namespace shmfifo::harness::crash
