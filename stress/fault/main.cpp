// SPDX-License-Identifier: MIT
// shmfifo_fault: makes every system call of every operation fail, with each errno, once and
// permanently, and checks that the error names the call, that nothing leaks, and that the next
// attempt works.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "full_file_system.hpp"
#include "report.hpp"
#include "sentences.hpp"
#include "shmfifo/harness/fault/faults.hpp"
#include "standard_output.hpp"
#include "trial.hpp"

#ifdef SHMFIFO_PLANTED_BUGS
#include "planted.hpp"
#endif

namespace shmfifo::harness::fault {
namespace {

outcome create(stage& scene, bool touched) {
  create_options options;
  options.pretouch = options.huge_pages = touched;
  return outcome_of(segment::create(scene.name, small_ring(), options));
}
outcome attach(stage& scene, access mode) {
  attach_options options;
  options.mode = mode;
  return outcome_of(segment::attach(scene.name, options));
}
outcome wait_a_little(stage& scene) {
  consumer_options latest;
  latest.start = start_at::latest();
  auto in = scene.home->attach_consumer(latest);
  if (!in) return in.error();
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(3);
  const status answer = in->wait(until);
  if (answer == status::timed_out || answer == status::peer_dead) return {};
  return error{1, "wait", std::string("wait answered ") + std::string(to_string(answer))};
}
outcome publish_to_sleeper(stage& scene) {
  auto out = scene.home->attach_producer();
  if (!out) return out.error();
  scene.home->view().control().data_bell |= 1;
  if (out->try_publish("x") == status::ok) return {};
  return error{1, "publish", "publish failed"};
}

const std::vector<operation>& operations() {
  static const std::vector<operation> list = {
      {"create", false, [](stage& scene) { return create(scene, false); }},
      {"create_touched", false, [](stage& scene) { return create(scene, true); }},
      {"attach", true, [](stage& scene) { return attach(scene, access::read_write); }},
      {"attach_read_only", true, [](stage& scene) { return attach(scene, access::read_only); }},
      {"producer", true, [](stage& scene) { return outcome_of(scene.home->attach_producer()); }},
      {"consumer", true, [](stage& scene) { return outcome_of(scene.home->attach_consumer()); }},
      {"named_consumer", true,
       [](stage& scene) {
         consumer_options options;
         options.name = "kept";
         return outcome_of(scene.home->attach_consumer(options));
       }},
      {"observer", true, [](stage& scene) { return outcome_of(scene.home->attach_observer()); }},
      {"publish_and_wake", true, publish_to_sleeper},
      {"wait", true, wait_a_little},
      {"recover", true, [](stage& scene) { return outcome_of(scene.home->recover()); }},
      {"forget", true, [](stage& scene) { return outcome_of(scene.home->forget("old")); }},
      {"stat", true, [](stage& scene) { return outcome_of(scene.home->stat()); }},
      {"check_name", true, [](stage& scene) { return outcome_of(scene.home->check_name()); }},
      {"list", true, [](stage&) { return outcome_of(list_segments()); }},
      {"remove", true, [](stage& scene) { return outcome_of(segment::remove(scene.name)); }},
  };
  return list;
}

std::string describe(const operation& what, const plan& fault, const char* code) {
  return fmt::format("{} {} #{} {} {}", what.name, to_string(fault.which), fault.nth, code,
                     fault.forever ? "for ever" : "once");
}

void explore(const operation& what, bool all, report& results, sentences& texts) {
  const verdict calm = run_case(what, {});
  if (calm.sentence[0] != 0) {
    fmt::print("VIOLATION: {} without any fault: {}\n", what.name, calm.sentence);
    results.add_wrong();
  }
  std::string made;
  for (std::size_t i = 0; i < call_count; ++i) {
    const auto which = static_cast<call>(i);
    if (calm.made[i] == 0) continue;
    tally here;
    here.made = calm.made[i];
    for (const failure_code& code : codes_of(which)) {
      here.codes += std::string(here.codes.empty() ? "" : " ") + code.name;
      for (const unsigned nth : occurrences(calm.made[i], all || which == call::allocation)) {
        for (const bool forever : {false, true}) {
          const plan fault{which, nth, forever, code.code};
          const verdict seen = run_case(what, fault);
          ++here.cases;
          ++(seen.refused ? here.refused : here.tolerated);
          if (seen.answer[0] != 0) texts.add(which, code.name, seen.answer);
          if (seen.sentence[0] == 0) continue;
          ++here.wrong;
          fmt::print("VIOLATION: {}: {}\n", describe(what, fault, code.name), seen.sentence);
        }
      }
    }
    results.add(what.name, which, here);
    made += std::string(" ") + std::string(to_string(which));
  }
  texts.add_calls(what.name, made);
}

int run(const std::vector<std::string>& selection, bool all, const std::string& sentence_file,
        const std::string& json, const std::string& markdown) {
  report results("operation", "refused", "tolerated");
  sentences texts;
  for (const operation& what : operations()) {
    if (selection.empty() ||
        std::find(selection.begin(), selection.end(), what.name) != selection.end()) {
      explore(what, all, results, texts);
    }
  }
  if (sentence_file == "-") fmt::print("{}", texts.text());
  if (!sentence_file.empty() && sentence_file != "-" && texts.differences(sentence_file) != 0)
    results.add_wrong();
  return results.finish(json, markdown);
}

int run_program(int count, char** words) {
  CLI::App app("Makes every system call of every operation of shmfifo fail, with every errno.");
  std::vector<std::string> selection;
  std::string json, markdown, sentence_file;
  std::string bug = "none";
  bool all = false, full = false;
  std::vector<std::string> names;
  for (const operation& what : operations()) names.emplace_back(what.name);
  app.add_option("--operation", selection, "only these operations")->check(CLI::IsMember(names));
  app.add_flag("--all", all, "every occurrence of a call; default: the first three and the last");
  app.add_option("--sentences", sentence_file,
                 "compare the library's text for each failed call with FILE; -: print it");
  app.add_option("--json", json, "write the report to FILE");
  app.add_option("--markdown", markdown, "write the table to FILE");
#ifdef SHMFIFO_PLANTED_BUGS
  app.add_option("--bug", bug, "the planted bug that this core has");
#endif
  app.add_flag("--full-tmpfs", full, "fill a real file system instead (needs the right to mount)");
  try {
    app.parse(count, words);
#ifdef SHMFIFO_PLANTED_BUGS
    if (!planted::choose(bug)) {
      throw std::runtime_error("there is no planted bug '" + bug + "'");
    }
#endif
    if (full) return run_full_file_system();
    static_cast<void>(private_shm("size=64m"));  // where that is permitted
    return run(selection, all, sentence_file, json, markdown);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "shmfifo_fault: {}\n", problem.what());
    return 2;
  }
}

}  // namespace
}  // namespace shmfifo::harness::fault

int main(int count, char** words) {
  return shmfifo::apps::run_with_output_checked(
      "shmfifo_fault", 2, [&] { return shmfifo::harness::fault::run_program(count, words); });
}
