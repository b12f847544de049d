// SPDX-License-Identifier: MIT
// Goal: each way out of a program has its exit code and sentences, and each option takes what it
// says, to the last value. Method: run_program with bodies that end in every way; options parsed.
#include "cli.hpp"

#include <gtest/gtest.h>
#include <pwd.h>

#include <cerrno>
#include <functional>
#include <stdexcept>

#include "geometry_options.hpp"
#include "parse_number.hpp"
#include "standard_output.hpp"

namespace shmfifo::apps {
namespace {

constexpr const char* help_line = "Run with --help for more information.\n";

struct outcome {
  int code;
  std::string out;
  std::string err;
  friend bool operator==(const outcome&, const outcome&) = default;
};
std::ostream& operator<<(std::ostream& out, const outcome& one) {
  return out << one.code << "\n" << one.out << "\n" << one.err;
}

// A program with this option is run with these words.
outcome run_words(
    const std::function<void(CLI::App&)>& add, std::vector<std::string> words,
    const std::function<int()>& body = [] { return exit_ok; }, bool json = false) {
  CLI::App app{"What it does.", "prog"};
  add(app);
  words.insert(words.begin(), "prog");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code =
      run_program(app, static_cast<int>(arguments.size()), arguments.data(), json, body);
  const std::string out = ::testing::internal::GetCapturedStdout();
  return {code, out, ::testing::internal::GetCapturedStderr()};
}

outcome run_body(const std::function<int()>& body, bool json = false) {
  return run_words([](CLI::App&) {}, {}, body, json);
}

TEST(apps_cli, a_body_that_returns_says_the_exit_code_itself) {
  for (const int code : {0, 1, 2, 7}) {
    EXPECT_EQ(run_body([=] { return code; }), (outcome{code, "", ""}));
  }
}

TEST(apps_cli, what_is_thrown_becomes_an_exit_code_and_a_sentence) {
  const auto error_json = [](int code, const std::string& rule, const std::string& text) {
    return R"({"error":{"code":)" + std::to_string(code) + R"(,"rule":")" + rule + R"(","text":")" +
           text + "\"}}\n";
  };
  for (const bool json : {false, true}) {
    const auto thrown = [&](const auto& what) {
      return run_body([&]() -> int { throw what; }, json);
    };
    EXPECT_EQ(thrown(usage_error("so\tnot")),
              (outcome{2, "", std::string("prog: so\\x09not\n") + help_line}));
    EXPECT_EQ(
        thrown(std::runtime_error("of its own")),
        (outcome{1, json ? error_json(0, "exception", "of its own") : "", "prog: of its own\n"}));
    EXPECT_EQ(thrown(output_error("gone")), (outcome{1, "", "prog: standard output: gone\n"}));
    for (const auto& [code, rule, exit_code] :
         std::vector<std::tuple<int, const char*, int>>{{EINVAL, "name", 2},
                                                        {ENAMETOOLONG, "name", 2},
                                                        {EEXIST, "name", 1},
                                                        {EINVAL, "directory", 2},
                                                        {ENAMETOOLONG, "directory", 2},
                                                        {ENOENT, "directory", 1},
                                                        {EINVAL, "slot_count", 1},
                                                        {ENAMETOOLONG, "open", 1}}) {
      EXPECT_EQ(thrown(failure({code, rule, "it failed"})),
                (outcome{exit_code, json ? error_json(code, rule, "it failed") : "",
                         "prog: it failed\n"}));
    }
  }
}

TEST(apps_cli, a_word_too_many_is_a_usage_error_and_help_is_none) {
  const auto nothing = [](CLI::App&) {};
  const auto never = [] { return 77; };
  EXPECT_EQ(
      run_words(nothing, {"more"}, never),
      (outcome{2, "",
               std::string("prog: The following argument was not expected: more\n") + help_line}));
  const outcome help = run_words(nothing, {"--help"}, never);
  EXPECT_EQ((outcome{help.code, "", help.err}), (outcome{0, "", ""}));
  EXPECT_TRUE(help.out.starts_with("What it does.\n")) << help.out;
}

TEST(apps_cli, need_gives_the_value_or_throws_the_error) {
  EXPECT_EQ(need(result<int>(7)), 7);
  try {
    static_cast<void>(need(result<int>(error{ENOENT, "open", "none"})));
    FAIL() << "nothing was thrown";
  } catch (const failure& problem) {
    EXPECT_STREQ(problem.what(), "none");
    EXPECT_EQ(problem.cause().code, ENOENT);
    EXPECT_STREQ(problem.cause().rule, "open");
    EXPECT_EQ(problem.cause().text, "none");
  }
}

TEST(apps_cli, a_replaced_name_is_a_stale_one) {
  const error why = replaced("feed");
  EXPECT_EQ(why.code, ESTALE);
  EXPECT_STREQ(why.rule, "name_state");
  EXPECT_EQ(why.text,
            "'feed' was removed and made again: the name means another segment now, and nobody "
            "publishes in the old one. Start again (message_consumer: or use --follow-name)");
}

// ---- options

// "" if the option took the word, or else the sentence.
std::string refused(const std::function<void(CLI::App&)>& add, const std::string& word,
                    const std::string& option = "--it") {
  const outcome seen = run_words(add, {option + "=" + word});
  if (seen == outcome{0, "", ""}) return "";
  EXPECT_EQ((outcome{seen.code, seen.out, ""}), (outcome{2, "", ""}));
  EXPECT_TRUE(seen.err.starts_with("prog: ") && seen.err.ends_with(help_line)) << seen.err;
  return seen.err.substr(6, seen.err.find('\n') - 6);
}

TEST(apps_cli, a_size_is_digits_and_perhaps_a_power_of_1024) {
  std::uint64_t size = 0;
  const auto add = [&](CLI::App& app) { add_size(app, "--it", size, "a size"); };
  for (const auto& [word, value] : std::vector<std::pair<const char*, std::uint64_t>>{
           {"0", 0},
           {"9", 9},
           {"10", 10},
           {"1K", 1 << 10},
           {"2M", 2 << 20},
           {"3G", std::uint64_t{3} << 30},
           {"18446744073709551615", ~std::uint64_t{0}}}) {
    EXPECT_EQ(refused(add, word), "") << word;
    EXPECT_EQ(size, value) << word;
  }
  for (const std::string word : {"-4", "x", "K", "/", ":", " 1", "+1", "18446744073709551616"}) {
    EXPECT_EQ(refused(add, word), "--it: '" + word + "' is no count: digits, and perhaps K, M or G")
        << word;
  }
  for (const char* word : {"4x", "1.5", "99999999999G"}) {
    EXPECT_NE(refused(add, word), "") << word;
  }
}

TEST(apps_cli, an_amount_lies_between_0_and_its_maximum) {
  double amount = -1;
  const auto add = [&](CLI::App& app) { add_amount(app, "--it", amount, 50, "an amount"); };
  for (const auto& [word, value] :
       std::vector<std::pair<const char*, double>>{{"0", 0}, {"0.25", 0.25}, {"50", 50}}) {
    EXPECT_EQ(refused(add, word), "") << word;
    EXPECT_EQ(amount, value) << word;
  }
  for (const std::string word : {"nan", "-nan", "NAN"}) {
    EXPECT_EQ(refused(add, word), "--it: '" + word + "' is no number");
  }
  for (const char* word : {"-0.001", "50.001", "inf", "-inf", "x", ""}) {
    EXPECT_NE(refused(add, word), "") << word;
  }
}

TEST(apps_cli, an_owner_is_a_uid_a_name_or_any) {
  owner_rule owner;
  const auto add = [&](CLI::App& app) { add_owner(app, owner); };
  const auto taken = [&](const std::string& word) {
    owner = {};
    EXPECT_EQ(refused(add, word, "--owner"), "") << word;
    return std::pair(owner.accepted, owner.uid);
  };
  using enum owner_rule::kind;
  EXPECT_EQ(taken("any"), std::pair(any, 0U));
  EXPECT_EQ(taken("0"), std::pair(user, 0U));
  EXPECT_EQ(taken("1234"), std::pair(user, 1234U));
  EXPECT_EQ(taken("4294967295"), std::pair(user, 4294967295U));
  EXPECT_EQ(taken("root"), std::pair(user, 0U));
  const passwd* nobody = ::getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  EXPECT_EQ(taken("nobody"), std::pair(user, nobody->pw_uid));
  for (const std::string word : {"4294967296", "1x", "x1", "-1", "Any", "no such user"}) {
    EXPECT_EQ(refused(add, word, "--owner"),
              "--owner: '" + word + "' is neither a uid, a user's name, nor any");
  }
}

TEST(apps_cli, a_beginning_is_a_word_or_a_number) {
  using enum start_at::place;
  const auto taken = [](const std::string& word) {
    const from_option from = parse_from(word);
    return std::tuple(from.start.where, from.start.number, from.resume);
  };
  EXPECT_EQ(taken("oldest"), std::tuple(oldest, 0, false));
  EXPECT_EQ(taken("latest"), std::tuple(latest, 0, false));
  EXPECT_EQ(taken("cursor"), std::tuple(oldest, 0, true));
  EXPECT_EQ(taken("0"), std::tuple(number, 0, false));
  EXPECT_EQ(taken("1"), std::tuple(number, 1, false));
  EXPECT_EQ(taken("9223372036854775807"), std::tuple(number, INT64_MAX, false));
  for (const std::string word : {"", "-1", "1x", "x", "Oldest", "9223372036854775808"}) {
    try {
      static_cast<void>(parse_from(word));
      ADD_FAILURE() << word;
    } catch (const usage_error& problem) {
      EXPECT_EQ(problem.what(),
                "--from: '" + word + "' is neither oldest, latest, cursor nor a number");
    }
  }
}

TEST(apps_cli, a_choice_is_one_of_its_words) {
  full_policy policy = full_policy::reject;
  const auto add = [&](CLI::App& app) { add_choice(app, "--it", policy, policy_words, "one"); };
  for (const auto& [word, value] : policy_words) {
    EXPECT_EQ(refused(add, word), "");
    EXPECT_EQ(policy, value);
    EXPECT_EQ(word_for(policy_words, value), word);
  }
  EXPECT_EQ(refused(add, "heap"), "--it: heap not in {reject,wait,overwrite}");
  EXPECT_EQ(word_for(policy_words, static_cast<full_policy>(4)), "unknown");
}

TEST(apps_cli, a_parsed_number_leaves_nothing_over) {
  EXPECT_EQ(parse_number<std::uint32_t>("777", 8), 0777U);
  EXPECT_EQ(parse_number<std::uint32_t>("0", 8), 0U);
  EXPECT_EQ(parse_number<double>("0.5"), 0.5);
  for (const char* text : {"", "8", "7 ", " 7", "7x", "40000000000"}) {
    EXPECT_EQ(parse_number<std::uint32_t>(text, 8), std::nullopt) << text;
  }
}

// ---- the shape of a new segment

// "" and the geometry, or the sentence.
std::pair<std::string, geometry> shaped(const std::vector<std::string>& words) {
  CLI::App app;
  geometry_options options;
  options.add_to(app);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  app.parse(reversed);
  try {
    static_cast<void>(options.options());
    return {"", options.shape(77)};
  } catch (const usage_error& problem) {
    return {problem.what(), {}};
  }
}

TEST(apps_cli, a_geometry_is_taken_to_its_limits_and_no_further) {
  const std::string nearest = " is not possible; the nearest possible value is ";
  for (const auto& [words, sentence] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--participants", "1"}, ""},
           {{"--participants", "256"}, ""},
           {{"--participants", "0"}, "--participants: 0" + nearest + "1"},
           {{"--participants", "257"}, "--participants: 257" + nearest + "256"},
           {{"--content-size", "1"}, ""},
           {{"--content-size", "1G"}, ""},
           {{"--content-size", "0"}, "--content-size: 0" + nearest + "1"},
           {{"--content-size", "1073741825"},
            "--content-size: 1073741825" + nearest + "1073741824"},
           {{"--slots", "1"}, ""},
           {{"--slots", "2"}, ""},
           {{"--slots", "3"}, "--slots: a ring needs a power of two, not 3; the next one is 4"},
           {{"--slots", "34359738368"}, ""},
           {{"--slots", "34359738369"}, "--slots: 34359738369" + nearest + "34359738368"},
           {{"--slots", "64G"}, "--slots: 68719476736" + nearest + "34359738368"},
           {{"--slots", "64677154575", "--mode", "log"}, ""},
           {{"--slots", "64677154576", "--mode", "log"},
            "--slots: 64677154576" + nearest + "64677154575"},
           {{"--slots", "1", "--mode", "log"}, ""},
           {{"--slots", "3", "--mode", "log"}, ""},
           {{"--mode", "log", "--when-full", "reject"}, ""},
           {{"--mode", "log", "--when-full", "wait"},
            "--when-full: a log is never reused, so its only policy is reject"},
           {{"--mode", "log", "--when-full", "overwrite"},
            "--when-full: a log is never reused, so its only policy is reject"},
           {{"--permissions", "777"}, ""},
           {{"--permissions", "0"}, ""},
           {{"--permissions", "1000"}, "--permissions: '1000' is no octal mode between 0 and 777"},
           {{"--permissions", "8"}, "--permissions: '8' is no octal mode between 0 and 777"},
           {{"--permissions", "-1"}, "--permissions: '-1' is no octal mode between 0 and 777"}}) {
    EXPECT_EQ(shaped(words).first, sentence) << words[0] << " " << words[1];
  }
}

TEST(apps_cli, a_geometry_has_defaults_of_its_mode) {
  EXPECT_EQ(describe(shaped({}).second),
            "ring, wait when full, single producer, 1024 slots of 1024 bytes");
  EXPECT_EQ(shaped({}).second.participant_count, 64U);
  EXPECT_EQ(describe(shaped({"--mode", "log", "--producers-role", "many"}).second),
            "log, reject when full, many producers, 77 slots of 1024 bytes");
  EXPECT_EQ(describe(shaped({"--when-full", "overwrite", "--slots", "2", "--content-size", "3",
                             "--participants", "5"})
                         .second),
            "ring, overwrite when full, single producer, 2 slots of 3 bytes");
}

}  // namespace
}  // namespace shmfifo::apps
