// SPDX-License-Identifier: MIT
// Any words on the command line of the operator's tool are taken or refused; nothing is done with
// them here. The words are the input's lines. The same bytes go to the other parsers of text.
#include "commands.hpp"
#include "message_kinds.hpp"
#include "target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shmfifo::apps;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  CLI::App program{"fuzzed", "shmfifo"};
  bool json = false;
  program.require_subcommand(1);
  const command_entry commands[] = {
      add_create(program, json),  add_ls(program, json),     add_stat(program, json),
      add_tail(program, json),    add_dump(program, json),   add_verify(program, json),
      add_recover(program, json), add_forget(program, json), add_rm(program, json)};
  try {
    program.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    for (const command_entry& entry : commands) static_cast<void>(entry.app->parsed());
  } catch (const CLI::Error&) {  // most inputs are usage errors
  } catch (const usage_error&) {
  }
  try {
    static_cast<void>(parse_from(text));
  } catch (const usage_error&) {
  }
  if (const auto request = parse_request(text)) {
    shmfifo::fuzz::require(parse_request(serialize(*request)) == request,
                           "what is parsed can be written");
  }
  return 0;
}
