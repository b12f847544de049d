// SPDX-License-Identifier: MIT
#include "geometry_options.hpp"

#include <fmt/format.h>

#include "parse_number.hpp"

namespace shmfifo::apps {
namespace {

constexpr std::uint64_t default_ring_slots = 1024;

std::uint32_t parse_permissions(const std::string& word) {
  const auto bits = parse_number<std::uint32_t>(word, 8);
  if (!bits || *bits > 0777) {
    throw usage_error("--permissions: '" + word + "' is no octal mode between 0 and 777");
  }
  return *bits;
}

[[noreturn]] void refuse(const broken_rule& broken) {
  const std::string_view rule = broken.rule;
  if (rule == "full_policy") {
    throw usage_error("--when-full: a log is never reused, so its only policy is reject");
  }
  // More slots are asked for only where a ring has a number between two powers.
  if (rule == "slot_count" && broken.found < broken.expected) {
    throw usage_error(
        fmt::format("--slots: a ring needs a power of two, not {}; the next one is {}",
                    broken.found, broken.expected));
  }
  const char* option = "--slots";
  if (rule == "content_size") option = "--content-size";
  if (rule == "participant_count") option = "--participants";
  throw usage_error(fmt::format("{}: {} is not possible; the nearest possible value is {}", option,
                                broken.found, broken.expected));
}

}  // namespace

void geometry_options::add_to(CLI::App& app) {
  const std::string group = "The segment";
  add_choice(app, "--mode", shape_.mode, mode_words,
             "log: each slot is used once; ring: slots are reused")
      ->default_str("ring")
      ->group(group);
  add_choice(app, "--when-full", when_full_, policy_words,
             "reject: refuse the message; wait: wait for the slowest consumer; overwrite: drop the "
             "oldest (default: wait in a ring, reject in a log)")
      ->group(group);
  add_choice(app, "--producers-role", shape_.producers, role_words,
             "single: a second producer is refused; many: any number of them")
      ->default_str("single")
      ->group(group);
  add_size(app, "--slots", shape_.slot_count,
           fmt::format("messages that fit; a power of two in a ring (default {} in a ring)",
                       default_ring_slots))
      ->group(group);
  add_size(app, "--content-size", shape_.content_size, "bytes that a message may have")
      ->default_str(std::to_string(default_content_size))
      ->group(group);
  app.add_option("--participants", shape_.participant_count,
                 "producers and consumers that may be attached at once")
      ->default_str(std::to_string(default_participants))
      ->group(group);
  app.add_option("--permissions", permissions_, "who may attach, as in chmod")
      ->default_str("600")
      ->group(group);
  app.add_flag("--pretouch", options_.pretouch, "let the kernel map every page at creation")
      ->group(group);
  app.add_flag("--huge-pages", options_.huge_pages, "advise the kernel to use huge pages")
      ->group(group);
  add_owner(app, options_.owner)->group(group);
  add_directory(app, options_.directory)->group(group);
}

geometry geometry_options::shape(std::uint64_t log_slots) const {
  geometry shape = shape_;
  const bool ring = shape.mode == segment_mode::ring;
  shape.when_full = when_full_.value_or(ring ? full_policy::wait : full_policy::reject);
  if (shape.slot_count == 0) shape.slot_count = ring ? default_ring_slots : log_slots;
  if (const auto broken = validate_geometry(shape)) refuse(*broken);
  return shape;
}

create_options geometry_options::options() const {
  create_options options = options_;
  options.permissions = parse_permissions(permissions_);
  return options;
}

std::string describe(const geometry& shape) {
  return fmt::format(
      "{}, {} when full, {} producer{}, {} slots of {} bytes", word_for(mode_words, shape.mode),
      word_for(policy_words, shape.when_full), word_for(role_words, shape.producers),
      shape.producers == producer_role::many ? "s" : "", shape.slot_count, shape.content_size);
}

}  // namespace shmfifo::apps
