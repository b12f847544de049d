// SPDX-License-Identifier: MIT
// Goal: whatever programs do, the core returns what the reference returns and shows the same state.
// Method: RapidCheck makes up programs (several handles, some in other processes that are killed),
// each operation is run on the reference and on a real segment, and after each both are looked at.
// Programs that once failed (property_tests/regressions/*.ops) come first.
#include <rapidcheck/state.h>

#include <filesystem>
#include <fstream>

#include "corners.hpp"
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

using command = rc::state::Command<reference::fifo, world>;

struct step : command {
  explicit step(const reference::operation& wanted) : o(wanted) {}
  void checkPreconditions(const reference::fifo& model) const override { RC_PRE(model.applies(o)); }
  void apply(reference::fifo& model) const override { static_cast<void>(model.step(o)); }
  void run(const reference::fifo& model, world& real) const override {
    reference::fifo next = model;
    if (const std::string text = difference(next, real, o); !text.empty()) RC_FAIL(text);
  }
  void show(std::ostream& os) const override { os << to_text(o); }
  reference::operation o;
};

rc::Gen<std::shared_ptr<const command>> any_step(const reference::fifo& model) {
  return rc::gen::map(any_operation(model), [](const reference::operation& o) {
    return std::shared_ptr<const command>(std::make_shared<step>(o));
  });
}

void agrees() {
  const geometry shape = *any_geometry().as("a program");
  const reference::fifo start(shape);
  const auto commands = *rc::state::gen::commands(start, any_step).as("its operations");
  corners seen(start);
  for (const auto& c : commands) seen.note(static_cast<const step&>(*c).o);
  for (const auto& name : seen.names()) RC_TAG(name);
  world real(shape);
  rc::state::runAll(commands, start, real);
  if (seen.names().count("killed") == 0) return;
  reference::fifo model = start;
  for (const auto& c : commands) c->apply(model);
  if (const std::string text = difference_in_laps(model, real); !text.empty()) RC_FAIL(text);
}

TEST(stateful, G1_G2_G3_G4_G5_G6_G7_kept_counterexamples_agree) {
  int programs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(regressions_folder())) {
    if (entry.path().extension() != ".ops") continue;
    std::ifstream file(entry.path());
    EXPECT_EQ(difference(parse_program(file)), "") << entry.path();
    ++programs;
  }
  EXPECT_GT(programs, 0) << "nothing in " << regressions_folder();
}

TEST(stateful, G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference) {
  const outcome o = expect_holds(agrees, 400, 200);
  if (HasFailure()) return;
  for (const auto& [name, count] : o.tags) std::cout << name << " in " << count << " runs\n";
  EXPECT_EQ(rare_corners(o.tags, o.runs), std::vector<std::string>{});
}

TEST(stateful, rare_corners_are_told) {
  const std::map<std::string, int> tags{{"full", 50}, {"wrap", 49}, {"lost", 60}, {"aborted", 70}};
  EXPECT_EQ(rare_corners(tags, 1000), (std::vector<std::string>{"wrap", "resumed"}));
}

TEST(stateful, a_program_survives_its_text) {
  expect_holds([] {
    program p{*any_geometry(), {}};
    const reference::fifo model(p.shape);
    p.operations = *rc::gen::container<std::vector<reference::operation>>(any_operation(model));
    std::istringstream text(to_text(p));
    RC_ASSERT(to_text(parse_program(text)) == to_text(p));
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
