// SPDX-License-Identifier: MIT
// shmfifo create: a new segment, with all its memory reserved before it has a name.

#include <fmt/format.h>

#include "commands.hpp"
#include "geometry_options.hpp"
#include "summary.hpp"

namespace shmfifo::apps {
namespace {

constexpr std::uint64_t default_log_slots = 1'000'000;

struct create_settings {
  std::string name;
  geometry_options geometry;
  bool attach = false;
};

int create(const create_settings& settings, bool json) {
  const geometry shape = settings.geometry.shape(default_log_slots);
  create_options options = settings.geometry.options();
  if (settings.attach) options.existing = if_exists::attach;
  const std::string success = summary_text({{"name", bare_name(settings.name)},
                                            {"segment", describe(shape)},
                                            {"segment_size", shape.segment_size()}},
                                           json);
  need(segment::create(settings.name, shape, options));
  print_now(success);
  return exit_ok;
}

}  // namespace

command_entry add_create(CLI::App& program, bool& json) {
  auto settings = std::make_shared<create_settings>();
  CLI::App* app = add_command(program, "create", "create a segment", json,
                              "A log has 1000000 slots unless --slots says otherwise.");
  add_name(*app, settings->name);
  settings->geometry.add_to(*app);
  app->add_flag("--attach", settings->attach,
                "an existing segment of the same geometry is no error");
  return {app, [settings, &json] { return create(*settings, json); }};
}

}  // namespace shmfifo::apps
