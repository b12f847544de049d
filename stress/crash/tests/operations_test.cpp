// SPDX-License-Identifier: MIT
// Goal: the catalogue holds the operations and positions that it should, and each operation does
// what its name says and notes it for the judge. Method: every operation once without being
// interrupted; the scenario, what was noted and what has changed in the segment, compared with
// operations.txt.
#include <chrono>
#include <fstream>
#include <regex>
#include <sstream>
#include <utility>

#include "false_worlds.hpp"

namespace shmfifo::harness::crash {
namespace {

std::string flags_of(const scenario& what) {
  const std::pair<bool, const char*> flags[] = {{what.producer_peer, " producer_peer"},
                                                {what.consumer_peer, " consumer_peer"},
                                                {what.durable, " durable"},
                                                {what.corpses, " corpses"},
                                                {what.sleeper, " sleeper"},
                                                {what.makes_name, " makes_name"},
                                                {what.removes_name, " removes_name"},
                                                {what.expects_room, " expects_room"}};
  std::string text;
  for (const auto& [set, name] : flags) text += set ? name : "";
  return text;
}

std::string describe(const scenario& what) {
  std::ostringstream text;
  text << what.operation << " " << what.mode() << " " << what.position << ": "
       << what.shape.slot_count << " slots, published " << what.published << ", consumed "
       << what.consumed << ", may take " << what.may_take << ", visits " << what.visits
       << ", asleep " << static_cast<int>(what.asleep) << ";" << flags_of(what) << "\n";
  return text.str();
}

std::string describe(const control_page& noted) {
  std::ostringstream text;
  text << "  answer " << noted.answer << ", acknowledged " << noted.acknowledged;
  for (std::uint32_t i = 0; i < noted.acknowledged; ++i) text << " #" << noted.numbers[i];
  text << ", delivered " << noted.delivered << " from " << noted.first_delivered << ";";
  return text.str();
}

// Without what differs from run to run, and what follows from the rest; on one line.
std::string steady(std::string changes) {
  static const std::regex value(R"((\.(?:role|pid|intent|name)):[^\n]*)");
  static const std::regex implied(
      R"( *slot\[\d+\]\.(?:message_number|status_word|content)[^\n]*\n)");
  static const std::regex asleep(R"( *\w+_bell: 0 -> 1\n)");  // if there was time to fall asleep
  static const std::regex line_end(R"(\n *)");
  changes = std::regex_replace(changes, value, "$1");
  changes = std::regex_replace(changes, implied, "");
  changes = std::regex_replace(changes, asleep, "");
  changes = std::regex_replace(changes, line_end, "; ");
  return changes.substr(0, changes.find_last_not_of(' ') + 1);
}

// What the operation notes and changes if nothing happens to it.
std::string play(const scenario& what) {
  const unique_name name;
  world scene(what, name.get());
  control_page control;
  victim self{scene.name(), control};
  const std::function<void()> operation = what.arm(self);
  const picture before = scene.take_picture();
  operation();
  return describe(control) + steady(describe_difference(what, before, scene.take_picture(), 100));
}

std::string refused(const std::string& operation, const std::string& queue, const place& where) {
  for (scenario what : all_scenarios()) {
    if (what.operation != operation || what.mode() != queue) continue;
    what.published = where.published;
    what.consumed = where.consumed;
    return complaint([&] { play(what); });
  }
  return "there is no such scenario";
}

TEST(operations, one_whose_position_does_not_suit_it_is_refused) {
  EXPECT_EQ(refused("detach_claiming", "ring-reject-many", when_full), "no room for the claim");
  EXPECT_EQ(refused("detach_consumer_makes_room", "ring-wait-many", at_first), "nothing to read");
  catalogue nothing;
  EXPECT_EQ(complaint([&] { add_beside_sleepers(nothing); }),
            "there is no scenario batch ring-reject-single first");
}

TEST(operations, G4_the_victim_itself_notices_a_wrong_message) {
  scenario what = quiet(when_full);
  for (const scenario& known : all_scenarios()) {
    if (known.operation == "poll" && known.mode() == what.mode()) what.arm = known.arm;
  }
  const auto polled = [&](const std::function<void(world&)>& change) {
    const unique_name name;
    world scene(what, name.get());
    control_page control;
    victim self{scene.name(), control};
    const auto poll = what.arm(self);
    change(scene);
    return complaint(poll);
  };
  EXPECT_EQ(polled([](world&) {}), "");
  EXPECT_EQ(polled([](world& scene) {
              for (std::uint64_t n = 0; n < 4; ++n) {
                const layout_view view = scene.home()->view();
                poke(*reinterpret_cast<std::uint64_t*>(layout_view::content(view.slot(n))), 0);
              }
            }),
            "the victim's handler got a wrong message");
}

// The flags and the resident kilobytes of the segment that was mapped without a name, as the kernel
// says.
std::string mapped_as() {
  std::ifstream maps("/proc/self/smaps");
  std::string found;
  bool ours = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(':')) ours = line.find("/dev/shm/#") != std::string::npos;
    if (ours && (line.starts_with("Rss:") || line.starts_with("VmFlags:"))) found += line + "\n";
  }
  return found;
}

TEST(operations, the_touched_segment_is_touched_and_asks_for_huge_pages) {
  for (const scenario& what : all_scenarios()) {
    if (what.operation != "create" && what.operation != "create_touched") continue;
    const unique_name name;
    control_page control;
    victim self{name.get(), control};
    const auto operation = what.arm(self);
    operation();
    const std::string found = mapped_as();
    const bool touched = what.operation == "create_touched";
    EXPECT_EQ(found.find(" hg") != std::string::npos, touched) << found;
    const std::string whole = std::to_string(what.shape.segment_size() / 1024) + " kB";
    EXPECT_EQ(found.find(" " + whole) != std::string::npos, touched) << found;
  }
}

TEST(operations, a_wait_ends_soon_after_the_sleep_is_reached) {
  control_page control;
  const victim self{"", control};
  for (const auto& [stepped, wait] :
       {std::pair{0U, 30}, std::pair{1U, 1500}, std::pair{2U, 1500}}) {
    control.stepped = stepped;
    const auto before = std::chrono::steady_clock::now();
    const deadline until = soon(self);
    const auto after = std::chrono::steady_clock::now();
    EXPECT_GE(until, before + std::chrono::milliseconds(wait));
    EXPECT_LE(until, after + std::chrono::milliseconds(wait));
  }
}

TEST(operations, each_does_what_it_did_when_the_table_was_reviewed) {
  std::string now;
  for (const scenario& what : all_scenarios()) now += describe(what) + play(what) + "\n";
  std::ifstream file(SHMFIFO_CRASH_OPERATIONS);
  const std::string kept(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(now, kept) << "\nthe whole table:\n" << now;
}

}  // namespace
}  // namespace shmfifo::harness::crash
