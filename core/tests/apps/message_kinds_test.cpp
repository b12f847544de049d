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
        R"({"imei":"1","imsi":"2","more":"3"})", "[1,2,3]",
        R"({"imei":"1234567890123456","imsi":"2","msisdn":"3"})"}) {
    EXPECT_FALSE(parse_request(text).has_value()) << text;
  }
}

TEST(apps_message_kinds, parsing_takes_fields_that_just_fit) {
  const auto text = [](std::size_t imei, std::size_t imsi, std::size_t msisdn) {
    return R"({"imei":")" + std::string(imei, '1') + R"(","imsi":")" + std::string(imsi, '2') +
           R"(","msisdn":")" + std::string(msisdn, '3') + "\"}";
  };
  const auto parsed = parse_request(text(15, 15, 18));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(serialize(*parsed), text(15, 15, 18));
  EXPECT_FALSE(parse_request(text(16, 15, 18)).has_value());
  EXPECT_FALSE(parse_request(text(15, 16, 18)).has_value());
  EXPECT_FALSE(parse_request(text(15, 15, 19)).has_value());
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
  EXPECT_TRUE(sent(1'000'000'007, 5));
  EXPECT_TRUE(sent(7, 5));  // another one
  EXPECT_TRUE(sent(4, 9'999'999'999'999'999'999U));
  EXPECT_TRUE(sent(4, 10'000'000'000'000'000'000U));
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
  const auto described = [](message_kind kind, const std::string& bytes) {
    return describe_message(kind, record_of(bytes).bytes());
  };
  const std::string told = "imei=254784512658411 imsi=214021245145781 msisdn=123456987412547896";
  EXPECT_EQ(described(message_kind::structured, content + " sender=1"), told);
  EXPECT_EQ(described(message_kind::serialized, serialized + " sender=1"), told);
  const std::string none = "no such structure: ";
  EXPECT_EQ(described(message_kind::structured, std::string(50, 'x')), none + std::string(50, 'x'));
  EXPECT_EQ(described(message_kind::structured, std::string(51, 'x')),
            "imei=xxxxxxxxxxxxxxxx imsi=xxxxxxxxxxxxxxxx msisdn=xxxxxxxxxxxxxxxxxxx");
  EXPECT_EQ(described(message_kind::structured, std::string(51, '\0')), "imei= imsi= msisdn=");
  EXPECT_EQ(described(message_kind::structured, std::string(51, '}')),
            "imei=}}}}}}}}}}}}}}}} imsi=}}}}}}}}}}}}}}}} msisdn=}}}}}}}}}}}}}}}}}}}");
  EXPECT_EQ(described(message_kind::serialized, serialized + "x"), told);
  EXPECT_EQ(described(message_kind::serialized, std::string(60, 'x')), none + std::string(60, 'x'));
  EXPECT_EQ(described(message_kind::serialized, "{"), none + "{");
  EXPECT_EQ(described(message_kind::serialized, "{}"), none + "{}");
  EXPECT_EQ(described(message_kind::serialized, "[1]}"), none + "[1]}");
  EXPECT_EQ(described(message_kind::text, "h\to"), "h\\x09o");
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

TEST(apps_printable, ascii_stands_for_itself_from_blank_to_tilde) {
  EXPECT_EQ(printable(" !}~\x1f\x7f"), " !}~\\x1f\\x7f");
}

TEST(apps_printable, hexadecimal_has_two_digits_a_byte) {
  EXPECT_EQ(hexadecimal(std::as_bytes(std::span("\x01\xff", 2))), "01ff");
}

}  // namespace
}  // namespace shmfifo::apps
