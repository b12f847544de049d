// SPDX-License-Identifier: MIT
#pragma once
// The subcommands of `shmfifo`, one function each: it adds its options to the program and answers
// with what to do when it was chosen. Except for create, recover, forget and rm they attach
// read-only, so that they cannot disturb what they look at.

#include <functional>
#include <memory>

#include "cli.hpp"

namespace shmfifo::apps {

using command = std::function<int()>;

struct command_entry {
  CLI::App* app;
  command body;
};

command_entry add_create(CLI::App& program, bool& json);
command_entry add_ls(CLI::App& program, bool& json);
command_entry add_stat(CLI::App& program, bool& json);
command_entry add_tail(CLI::App& program, bool& json);
command_entry add_dump(CLI::App& program, bool& json);
command_entry add_verify(CLI::App& program, bool& json);
command_entry add_recover(CLI::App& program, bool& json);
command_entry add_forget(CLI::App& program, bool& json);
command_entry add_rm(CLI::App& program, bool& json);

// A subcommand with what all of them have: --json and, usually, the segment's name. `footer` ends
// its help.
inline CLI::App* add_command(CLI::App& program, const char* name, const char* help, bool& json,
                             const char* footer = "") {
  CLI::App* app = program.add_subcommand(name, help)->footer(footer);
  app->add_flag("--json", json, "print JSON");
  return app;
}
inline CLI::Option* add_name(CLI::App& app, std::string& name) {
  return app.add_option("NAME", name, "the segment's name")->required();
}

// The name as /dev/shm has it.
[[nodiscard]] inline std::string bare_name(const std::string& name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

[[nodiscard]] inline attach_options writing(owner_rule owner, const std::string& directory) {
  attach_options options;
  options.owner = owner;
  options.directory = directory;
  return options;
}
[[nodiscard]] inline attach_options reading(owner_rule owner, const std::string& directory) {
  attach_options options = writing(owner, directory);
  options.mode = access::read_only;
  return options;
}

// The segment that a subcommand is about.
struct target {
  std::string name;
  owner_rule owner;
  std::string directory;

  // Returns the name's option.
  CLI::Option* add_to(CLI::App& app) {
    add_owner(app, owner);
    add_directory(app, directory);
    return add_name(app, name);
  }
  [[nodiscard]] segment attach_to_look() const {
    return need(segment::attach(name, reading(owner, directory)));
  }
  [[nodiscard]] segment attach_to_change() const {
    return need(segment::attach(name, writing(owner, directory)));
  }
};

}  // namespace shmfifo::apps
