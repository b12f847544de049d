// SPDX-License-Identifier: MIT
// Goal: what is printed and written of the failing calls has each figure in its place, and every
// text of the library is compared. Method: made-up figures, and tables with one difference.
#include "report.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sentences.hpp"

namespace shmfifo::harness::fault {
namespace {

struct scratch {
  std::string path = ::testing::TempDir() + "fault_report." + std::to_string(::getpid());
  scratch() = default;
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { ::unlink(path.c_str()); }
  [[nodiscard]] std::string text() const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& words) const { std::ofstream(path) << words; }
};

// What is printed while it acts.
template <class Act>
std::string printed(Act&& act) {
  ::testing::internal::CaptureStdout();
  act();
  return ::testing::internal::GetCapturedStdout();
}

TEST(report, the_first_three_and_the_last_of_a_call_are_tried_or_all) {
  using list = std::vector<unsigned>;
  EXPECT_EQ(occurrences(0, false), list{});
  EXPECT_EQ(occurrences(1, false), list{1});
  EXPECT_EQ(occurrences(3, false), (list{1, 2, 3}));
  EXPECT_EQ(occurrences(9, false), (list{1, 2, 3, 9}));
  EXPECT_EQ(occurrences(9, false, 4), (list{1, 2, 3, 4, 8, 9}));
  EXPECT_EQ(occurrences(6, true), (list{1, 2, 3, 4, 5, 6}));
}

TEST(report, is_good_only_if_cases_were_tried_and_none_was_wrong) {
  const auto code = [](unsigned cases, unsigned wrong, bool more) {
    report all("operation", "refused", "tolerated");
    tally seen;
    seen.cases = cases;
    seen.wrong = wrong;
    all.add("one", call::open, seen);
    all.add("two", call::open, {});
    if (more) all.add_wrong();
    return all.finish("", "");
  };
  EXPECT_EQ(code(1, 0, false), 0);
  EXPECT_EQ(code(0, 0, false), 1);
  EXPECT_EQ(code(5, 1, false), 1);
  EXPECT_EQ(code(5, 0, true), 1);
}

const tally figures[] = {{1, 20, 3, 17, 5, "EPERM short"}, {60, 700, 80, 620, 0, "ENOMEM"}};

report made_up() {
  report all("operation", "refused", "tolerated");
  all.add("create", call::fchmod, figures[0]);
  all.add("stat", call::allocation, figures[1]);
  return all;
}

TEST(report, prints_each_figure_under_its_name_and_the_sums) {
  EXPECT_EQ(
      printed([] { static_cast<void>(made_up().finish("", "")); }),
      "create           fchmod     x1       20 cases     3 refused    17 tolerated   5 wrong   "
      "EPERM short\n"
      "stat             allocation x60     700 cases    80 refused   620 tolerated   0 wrong   "
      "ENOMEM\n"
      "total: 720 cases, 83 refused, 637 tolerated, 5 wrong\n");
}

TEST(report, the_json_and_the_table_have_each_figure_under_its_name) {
  const scratch json, table;
  const std::string other = table.path + ".md";
  printed([&] { EXPECT_EQ(made_up().finish(json.path, other), 1); });
  const auto line = [](const char* name, const char* which, const tally& seen) {
    return nlohmann::json{{"operation", name},       {"call", which},
                          {"made", seen.made},       {"cases", seen.cases},
                          {"refused", seen.refused}, {"tolerated", seen.tolerated},
                          {"wrong", seen.wrong},     {"errnos", seen.codes}};
  };
  const std::string written = json.text();
  EXPECT_EQ(nlohmann::json::parse(written),
            (nlohmann::json{line("create", "fchmod", figures[0]),
                            line("stat", "allocation", figures[1])}));
  EXPECT_TRUE(written.starts_with("[\n  {\n    \"operation\": \"create\",\n")) << written;
  EXPECT_EQ(written.back(), '\n');
  std::ifstream file(other);
  const std::string markdown(std::istreambuf_iterator<char>(file), {});
  ::unlink(other.c_str());
  EXPECT_EQ(markdown,
            "| operation | call | made | cases | refused | tolerated | wrong | each with |\n"
            "|---|---|---|---|---|---|---|---|\n"
            "| create | fchmod | 1 | 20 | 3 | 17 | 5 | EPERM short |\n"
            "| stat | allocation | 60 | 700 | 80 | 620 | 0 | ENOMEM |\n"
            "| total |  | 61 | 720 | 83 | 637 | 5 |  |\n");
}

TEST(report, a_file_that_cannot_be_written_is_named) {
  for (const bool json : {true, false}) {
    const std::string path = "/nowhere/report";
    printed([&] {
      try {
        static_cast<void>(made_up().finish(json ? path : "", json ? "" : path));
        ADD_FAILURE() << "written";
      } catch (const std::runtime_error& problem) {
        EXPECT_EQ(problem.what(), "cannot write " + path);
      }
    });
  }
}

TEST(sentences, names_and_numbers_of_a_run_are_replaced) {
  sentences all;
  all.add(call::open, "EPERM", "open of shmfifo-fault-0123456789abcdef-4z failed (12 bytes)");
  all.add(call::close, "EIO", "close of /proc/self/fd/17 and shmfifo-fault-0a-1 failed");
  all.add(call::open, "EIO", "open of 12 failed");
  all.add(call::open, "EIO", "open of 12 failed");
  all.add_calls("wait", " open read nanosleep readdir close");
  EXPECT_EQ(all.text(),
            "close EIO: close of /proc/self/fd/N and NAME failed\n"
            "open EIO: open of 12 failed\n"
            "open EPERM: open of NAME failed (N bytes)\n"
            "wait makes open readdir close\n");
}

TEST(sentences, each_that_is_missing_or_unknown_is_a_difference) {
  sentences all;
  all.add(call::open, "EIO", "one");
  all.add(call::open, "EPERM", "two");
  const scratch kept;
  const auto differences = [&](unsigned expected, const std::string& file) {
    kept.write(file);
    return printed([&] { EXPECT_EQ(all.differences(kept.path), expected) << file; });
  };
  EXPECT_EQ(differences(0, all.text()), "");
  EXPECT_EQ(differences(1, "open EIO: one\n"),
            "VIOLATION: not in " + kept.path + ": open EPERM: two\n");
  EXPECT_EQ(differences(1, all.text() + "open EROFS: three\n"),
            "VIOLATION: no error says: open EROFS: three\n");
  EXPECT_EQ(differences(3, "open EIO: other\n"),
            "VIOLATION: no error says: open EIO: other\n"
            "VIOLATION: not in " +
                kept.path +
                ": open EIO: one\n"
                "VIOLATION: not in " +
                kept.path + ": open EPERM: two\n");
}

}  // namespace
}  // namespace shmfifo::harness::fault
