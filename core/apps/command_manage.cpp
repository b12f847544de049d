// SPDX-License-Identifier: MIT
// shmfifo recover, forget and rm: the commands that change something.

#include <algorithm>
#include <cerrno>

#include "commands.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

int recover(const target& settings, bool json) {
  const unsigned freed = need(settings.attach_to_change().recover());
  print_summary({{"name", settings.name}, {"recovered", freed}}, json);
  return exit_ok;
}

int forget(const target& settings, const std::string& cursor, bool json) {
  const std::string success = summary_text({{"name", settings.name}, {"forgotten", cursor}}, json);
  need(settings.attach_to_change().forget(cursor));
  print_now(success);
  return exit_ok;
}

// Segments share their directory with files of other programs: a slip must not remove those.
void refuse_foreign(const std::string& name, const std::string& directory) {
  // Names nobody has, or may have, are left to remove() and its words.
  auto looked = segment::attach(name, reading(owner_rule::caller_or_root(), directory));
  if (looked || looked.error().code == ENOENT || looked.error().rule == std::string("name")) {
    return;
  }
  const auto names = need(list_segments(directory));
  if (std::find(names.begin(), names.end(), bare_name(name)) != names.end()) return;
  throw failure({EINVAL, "magic",
                 "'" + bare_name(name) + "' does not look like a segment (" + looked.error().text +
                     "), so it is left alone; --force removes it all the same"});
}

int remove(const std::string& name, const std::string& directory, bool force, bool json) {
  if (!force) refuse_foreign(name, directory);
  const std::string success = summary_text({{"removed", name}}, json);
  need(segment::remove(name, directory));
  print_now(success);
  return exit_ok;
}

}  // namespace

command_entry add_recover(CLI::App& program, bool& json) {
  auto settings = std::make_shared<target>();
  CLI::App* app = add_command(program, "recover", "clear away what dead participants left", json,
                              "Safe at any time, as often as you like; durable cursors stay (see "
                              "forget).");
  settings->add_to(*app);
  return {app, [settings, &json] { return recover(*settings, json); }};
}

command_entry add_forget(CLI::App& program, bool& json) {
  auto settings = std::make_shared<target>();
  auto cursor = std::make_shared<std::string>();
  CLI::App* app = add_command(program, "forget", "remove a durable cursor that nobody uses", json);
  settings->add_to(*app);
  app->add_option("CURSOR", *cursor, "the cursor's name, as stat --json shows it")->required();
  return {app, [settings, cursor, &json] { return forget(*settings, *cursor, json); }};
}

command_entry add_rm(CLI::App& program, bool& json) {
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  CLI::App* app = add_command(program, "rm", "remove a segment's name", json,
                              "Nothing is asked. Whoever has the segment attached goes on using "
                              "it, unnamed.");
  auto directory = std::make_shared<std::string>();
  add_name(*app, *name);
  add_directory(*app, *directory);
  app->add_flag("--force", *force, "also if it is no segment at all");
  return {app, [name, directory, force, &json] { return remove(*name, *directory, *force, json); }};
}

}  // namespace shmfifo::apps
