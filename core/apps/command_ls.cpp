// SPDX-License-Identifier: MIT
// shmfifo ls: the segments of this machine. One that breaks a rule is listed with the rule; files
// of others in /dev/shm are not looked into beyond their first bytes.

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "commands.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

// Nothing if the name was removed a moment ago.
std::optional<fields> row_of(const std::string& name, owner_rule owner,
                             const std::string& directory) {
  auto home = segment::attach(name, reading(owner, directory));
  if (!home) {
    const error& why = home.error();
    if (why.code == ENOENT) return std::nullopt;
    const bool ours = why.code == EMFILE || why.code == ENFILE || why.code == ENOMEM;
    if (ours) throw failure(why);  // says nothing of the segment
    const bool foreign = why.rule == std::string_view("owner");
    return fields{{"name", name}, {foreign ? "refused" : "broken", why.rule}, {"error", why.text}};
  }
  const segment_stat stat = need(home->stat());
  const auto alive = std::count_if(stat.participants.begin(), stat.participants.end(),
                                   [](const participant_stat& one) { return one.alive; });
  return fields{{"name", name},
                {"mode", word_for(mode_words, stat.shape.mode)},
                {"when_full", word_for(policy_words, stat.shape.when_full)},
                {"producers_role", word_for(role_words, stat.shape.producers)},
                {"slots", stat.shape.slot_count},
                {"content_size", stat.shape.content_size},
                {"segment_size", stat.segment_size},
                {"participants", stat.participants.size()},
                {"alive", alive}};
}

int list(owner_rule owner, const std::string& directory, bool json) {
  fields rows = fields::array();
  for (const std::string& name : need(list_segments(directory))) {
    if (auto row = row_of(name, owner, directory)) rows.push_back(std::move(*row));
  }
  if (json) {
    print_json(rows);
    return exit_ok;
  }
  constexpr const char* line = "{:<24} {:<5} {:<10} {:<7} {:>10} {:>8} {:>14} {:>6}\n";
  write_output(
      fmt::format(line, "NAME", "MODE", "WHEN FULL", "ROLE", "SLOTS", "CONTENT", "SIZE", "ALIVE"));
  for (const fields& row : rows) {
    const std::string name = printable(row["name"].get<std::string>());
    if (row.contains("error")) {
      write_output(fmt::format("{:<24} {}: {}\n", name,
                               row.contains("broken") ? "broken" : "refused",
                               printable(row["error"].get<std::string>())));
    } else {
      const auto text = [&](const char* key) { return row[key].get<std::string>(); };
      const auto number = [&](const char* key) { return row[key].get<std::uint64_t>(); };
      write_output(fmt::format(line, name, text("mode"), text("when_full"), text("producers_role"),
                               number("slots"), number("content_size"), number("segment_size"),
                               number("alive")));
    }
  }
  return exit_ok;
}

}  // namespace

command_entry add_ls(CLI::App& program, bool& json) {
  CLI::App* app = add_command(program, "ls", "list the segments of this machine", json);
  auto owner = std::make_shared<owner_rule>();
  add_owner(*app, *owner);
  auto directory = std::make_shared<std::string>();
  add_directory(*app, *directory);
  return {app, [owner, directory, &json] { return list(*owner, *directory, json); }};
}

}  // namespace shmfifo::apps
