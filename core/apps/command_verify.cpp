// SPDX-License-Identifier: MIT
// shmfifo verify: every rule of the layout, slot by slot, also while the segment is in use.

#include <fmt/format.h>

#include "commands.hpp"
#include "segment_check.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

constexpr const char* verify_help_end =
    "Safe while the segment is in use: judged is only what cannot be in flight.\n"
    "Exit codes: 0 every rule holds; 1 a rule is broken, or there is no such segment; 2 usage.";

int verify(const target& settings, bool json) {
  // Attaching checks the header: bytes that are no segment are a finding with the rule they break.
  const segment home = settings.attach_to_look();
  const check_report report = check_segment(home);
  fields found = fields::array();
  for (const finding& one : report.findings) {
    found.push_back({{"rule", one.rule},
                     {"where", one.where},
                     {"found", one.found},
                     {"expected", one.expected}});
    if (!json) {
      write_output(fmt::format("{} breaks the rule {}: found {}, expected {}\n", one.where,
                               one.rule, one.found, one.expected));
    }
  }
  fields summary = {{"name", home.name()},           {"slots", report.slots},
                    {"unused", report.unused},       {"claimed", report.claimed},
                    {"published", report.published}, {"aborted", report.aborted},
                    {"changing", report.changing},   {"broken", report.broken}};
  if (json) summary["findings"] = std::move(found);
  print_summary(summary, json);
  if (report.broken == 0) return exit_ok;
  complain("shmfifo", fmt::format("'{}' breaks the rules of its layout in {} places", home.name(),
                                  report.broken));
  return exit_failed;
}

}  // namespace

command_entry add_verify(CLI::App& program, bool& json) {
  auto settings = std::make_shared<target>();
  CLI::App* app =
      add_command(program, "verify", "check a whole segment, slot by slot", json, verify_help_end);
  settings->add_to(*app);
  return {app, [settings, &json] { return verify(*settings, json); }};
}

}  // namespace shmfifo::apps
