// SPDX-License-Identifier: MIT
// `shmfifo`, the operator's tool: makes segments, shows who uses them and who is in the way, shows
// and checks what is in them, and clears away what the dead left.

#include "commands.hpp"

namespace {

constexpr const char* help_end = R"(
Exit codes: 0 ok; 1 failed, or verify found a broken rule; 2 usage.
`shmfifo COMMAND --help` says more about a command.

Examples:
  shmfifo create demo --slots 4K --when-full wait
  shmfifo ls
  shmfifo stat --watch 1 demo
  shmfifo stat --openmetrics
  shmfifo tail -n 5 demo
  shmfifo dump demo --first 100 --count 3 --format hex
  shmfifo verify demo --json
  shmfifo forget demo audit
)";

}  // namespace

int main(int argc, char** argv) {
  using namespace shmfifo::apps;
  end_when_out_of_memory("shmfifo");
  CLI::App program{"Looks after shared-memory segments.", "shmfifo"};
  bool json = false;
  program.require_subcommand(1);
  program.footer(help_end);
  const command_entry commands[] = {
      add_create(program, json),  add_ls(program, json),     add_stat(program, json),
      add_tail(program, json),    add_dump(program, json),   add_verify(program, json),
      add_recover(program, json), add_forget(program, json), add_rm(program, json)};
  return run_program(program, argc, argv, json, [&] {
    for (const command_entry& entry : commands) {
      if (entry.app->parsed()) return entry.body();
    }
    throw usage_error("no command was given");
  });
}
