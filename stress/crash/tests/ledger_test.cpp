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

void has(const std::string& text, const char* words) {
  EXPECT_NE(text.find(words), std::string::npos)
      << "found '" << text << "', expected '" << words << "'";
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
  has(complaint([](book& all) {
        all.promise(0, {author::peer, 0});
        all.promise(0, {author::fresh, 0});
      }),
      "given out twice: to peer's message 0 and to fresh's message 0");
  has(complaint([](book& all) {
        all.saw(0, author::victim, 0);
        all.promise(0, {author::fresh, 0});
      }),
      "was promised to fresh's message 0 after readers had seen victim's message 0");
  has(complaint([](book& all) {
        all.allow_any_abort();
        all.saw_abort(0);
        all.promise(0, {author::fresh, 0});
      }),
      "given out after it was aborted");
}

TEST(ledger, a_number_carries_what_was_promised) {
  has(complaint([](book& all) { all.saw_message(0, {}); }), "bytes that nobody wrote");
  has(complaint([](book& all) {
        all.promise(0, {author::peer, 0});
        all.saw(0, author::peer, 1);
      }),
      "carries peer's message 1 instead of peer's message 0");
  has(complaint([](book& all) { all.saw(0, author::peer, 0); }), "which was not promised there");
}

TEST(ledger, readers_agree) {
  has(complaint([](book& all) {
        all.allow_abort(0);
        all.saw_abort(0);
        all.saw(0, author::victim, 0);
      }),
      "was aborted for another reader");
  has(complaint([](book& all) {
        all.saw(0, author::victim, 0);
        all.saw(0, author::victim, 1);
      }),
      "readers disagree about number 0");
  has(complaint([](book& all) {
        all.saw(0, author::victim, 0);
        all.saw_abort(0);
      }),
      "was a message and is aborted");
}

TEST(ledger, the_victims_messages_come_once_and_in_order) {
  has(complaint([](book& all) {
        all.saw(0, author::victim, 0);
        all.saw(1, author::victim, 0);
      }),
      "was delivered as 0 and as 1");
  has(complaint([](book& all) {
        all.saw(0, author::victim, 1);
        all.saw(1, author::victim, 0);
      }),
      "changed their order");
}

TEST(ledger, only_what_was_claimed_and_not_committed_is_aborted) {
  has(complaint([](book& all) {
        all.promise(0, {author::peer, 0});
        all.saw_abort(0);
      }),
      "was committed and is aborted");
  has(complaint([](book& all) { all.saw_abort(0); }), "although nobody had claimed it");
}

TEST(ledger, what_was_acknowledged_is_delivered_where_it_was) {
  control_page control;
  control.acknowledged = 1;
  control.numbers[0] = 5;
  has(complaint([&](book& all) { all.check_victim(control, false); }), "never delivered");
  EXPECT_EQ(complaint([&](book& all) { all.check_victim(control, true); }), "");
  has(complaint([&](book& all) {
        all.saw(4, author::victim, 0);
        all.check_victim(control, true);
      }),
      "was acknowledged as number 5 and delivered as 4");
}

}  // namespace
}  // namespace shmfifo::harness::crash
