// SPDX-License-Identifier: MIT
// Goal: the example messages are the original's, byte for byte, can be parsed back, and a checker
// of them notices every kind of difference. Method: compare with the original's literals; change
// one thing at a time.
#include "message_kinds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "printable.hpp"

namespace shmfifo::apps {
namespace {

record_view record_of(const std::string& bytes, std::int64_t number = 0) {
  return {static_cast<std::int64_t>(bytes.size()), number, 0,
          reinterpret_cast<const std::byte*>(bytes.data())};
}

TEST(apps_message_kinds, text_is_the_seeds_133_bytes) {
  const std::string text = fixed_content(message_kind::text);
  EXPECT_EQ(text.size(), 133U);
  EXPECT_TRUE(text.starts_with("holahola"));
  EXPECT_TRUE(text.ends_with("holaadios"));
}

TEST(apps_message_kinds, structure_is_the_seeds_51_bytes) {
  const std::string bytes = fixed_content(message_kind::structured);
  ASSERT_EQ(bytes.size(), 51U);
  EXPECT_STREQ(bytes.data(), "254784512658411");
  EXPECT_STREQ(bytes.data() + 16, "214021245145781");
  EXPECT_STREQ(bytes.data() + 32, "123456987412547896");
}

TEST(apps_message_kinds, serialized_request_parses_back) {
  const auto parsed = parse_request(fixed_content(message_kind::serialized));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(*parsed, seed_request());
}

TEST(apps_message_kinds, parsing_refuses_what_is_no_request) {
  for (const char* text :
       {"", "x", "[]", "{}", R"({"imei":"1","imsi":"2"})", R"({"imei":1,"imsi":"2","msisdn":"3"})",
        R"({"imei":"1","imsi":"2","msisdn":"3","more":"4"})",
        R"({"imei":"1234567890123456","imsi":"2","msisdn":"3"})"}) {
    EXPECT_FALSE(parse_request(text).has_value()) << text;
  }
}

TEST(apps_message_kinds, every_single_changed_byte_is_noticed) {
  for (const auto& [word, kind] : kind_words) {
    const std::string good = fixed_content(kind);
    message_checker checker(kind, false);
    EXPECT_TRUE(checker.check(record_of(good)));
    for (std::size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      EXPECT_FALSE(checker.check(record_of(bad))) << word << " byte " << i;
    }
    EXPECT_FALSE(checker.check(record_of(good + "x")));
    EXPECT_FALSE(checker.check(record_of("")));
    EXPECT_EQ(checker.wrong(), good.size() + 2);
  }
}

TEST(apps_message_kinds, numbering_is_checked_per_sender) {
  const message_maker maker(message_kind::text, true);
  message_checker checker(message_kind::text, true);
  const auto sent = [&](std::uint64_t sender, std::uint64_t sequence) {
    std::string message;
    maker.make(message, sender, sequence);
    EXPECT_EQ(message.size(), maker.size());
    return checker.check(record_of(message, 7));
  };
  EXPECT_TRUE(sent(1, 5));
  EXPECT_TRUE(sent(2, 3));
  EXPECT_TRUE(sent(1, 7));  // a hole is no disorder
  EXPECT_FALSE(sent(1, 7));
  EXPECT_FALSE(sent(2, 2));
  EXPECT_EQ(checker.first_wrong(), "message 7: sender 1 sent 7 after 7");
  std::string message;
  maker.make(message, 3, 1);
  message[140] = 'x';
  EXPECT_FALSE(checker.check(record_of(message)));
}

TEST(apps_message_kinds, descriptions_are_printable_whatever_the_bytes) {
  const std::string content = fixed_content(message_kind::structured);
  EXPECT_EQ(describe_message(message_kind::structured, record_of(content).bytes()),
            "imei=254784512658411 imsi=214021245145781 msisdn=123456987412547896");
  const std::string serialized = fixed_content(message_kind::serialized);
  EXPECT_EQ(describe_message(message_kind::serialized, record_of(serialized).bytes()),
            describe_message(message_kind::structured, record_of(content).bytes()));
  const std::string garbage(60, '\x1b');
  for (const auto& entry : kind_words) {
    for (const char c : describe_message(entry.second, record_of(garbage).bytes())) {
      EXPECT_TRUE(c >= 32 && c < 127);
    }
  }
}

TEST(apps_printable, different_texts_stay_different_and_printable) {
  std::set<std::string> seen;
  for (int first = 0; first < 256; ++first) {
    for (const std::string_view rest : {"", "x1b", "\\", "\x1b"}) {
      const std::string text = printable(std::string(1, static_cast<char>(first)).append(rest));
      EXPECT_TRUE(seen.insert(text).second) << text;
      EXPECT_TRUE(
          std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    }
  }
}

TEST(apps_printable, hexadecimal_has_two_digits_a_byte) {
  EXPECT_EQ(hexadecimal(std::as_bytes(std::span("\x01\xff", 2))), "01ff");
}

}  // namespace
}  // namespace shmfifo::apps
