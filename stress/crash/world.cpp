// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "shmfifo/harness/support/child.hpp"

namespace shmfifo::harness::crash {
namespace {

constexpr const char* shm_directory = "/dev/shm/";

void write_file(const std::string& path, std::span<const std::byte> bytes) {
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  const bool written =
      file >= 0 && ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  if (file >= 0) ::close(file);
  if (!written) throw std::runtime_error("cannot write " + path + ": " + std::strerror(errno));
}

}  // namespace

void die_with_claim(const std::string& name) {
  const pid_t child = start_child([&] {
    try {
      const segment home = must(segment::attach(name));
      producer out = must(home.attach_producer());
      const claim open = out.try_take();
      if (!open) return 3;
      const consumer in = must(home.attach_consumer());
      kill_self();
    } catch (const std::exception&) {
      return 3;
    }
  });
  if (!WIFSIGNALED(reap(child))) throw std::runtime_error("the corpses did not die as they should");
}

world::world(const scenario& what, std::string name) : what_(what), name_(std::move(name)) {
  if (what_.makes_name) return;
  home_.emplace(must(segment::create(name_, what_.shape)));
  if (what_.consumer_peer) consumer_peer.emplace(must(home_->attach_consumer()));
  publish_past();
  if (what_.corpses && what_.asleep == sleeping::nobody) die_with_claim(name_);
  if (what_.sleeper) {
    control_block& control = home_->view().control();
    std::atomic_ref(control.data_bell).fetch_or(1);
    std::atomic_ref(control.space_bell).fetch_or(1);
  }
}

world::world(const scenario& what, std::string name, const picture& left)
    : what_(what), name_(std::move(name)) {
  if (left.named) write_file(shm_directory + name_, left.bytes);
}

world::~world() {
  producer_peer.reset();
  consumer_peer.reset();
  home_.reset();
  ::unlink((shm_directory + name_).c_str());
}

void world::publish_past() {
  std::optional<consumer> kept;
  if (what_.durable) {
    consumer_options options;
    options.name = "kept";
    kept.emplace(must(home_->attach_consumer(options)));
  }
  // In a gated ring without readers the floor stays; a reader that leaves moves it.
  producer_peer.emplace(must(home_->attach_producer()));
  const auto consume = [&](std::int64_t until) {
    for (auto* reader : {&consumer_peer, &kept}) {
      while (*reader && (*reader)->position() < until) {
        if ((*reader)->poll([](const record_view&) {}, until - (*reader)->position()).count == 0) {
          throw std::runtime_error("the messages before the scenario cannot be read");
        }
      }
    }
  };
  message_buffer buffer;
  for (std::int64_t n = 0; n < what_.published; ++n) {
    const byte_view bytes = write_message(author::past, static_cast<std::uint32_t>(n), buffer);
    if (producer_peer->try_publish(bytes) != status::ok) {
      throw std::runtime_error("the messages before the scenario do not fit");
    }
    consume(std::min(n + 1, what_.consumed));
  }
  if (!what_.producer_peer) producer_peer.reset();
}

bool world::name_exists() const {
  return ::access((shm_directory + name_).c_str(), F_OK) == 0;
}

segment* world::home() {
  if (!home_ && name_exists()) {
    // A segment that is not complete counts as none; the judge asks for the reason.
    if (auto found = segment::attach(name_)) home_.emplace(std::move(*found));
  }
  return home_ ? &*home_ : nullptr;
}

std::span<const std::byte> world::bytes() {
  segment* mapped = home();
  if (mapped == nullptr) return {};
  const auto* control = reinterpret_cast<const std::byte*>(&mapped->view().control());
  return {control - control_offset, what_.shape.segment_size()};
}

picture world::take_picture() {
  const std::span<const std::byte> now = bytes();
  return {name_exists(), {now.begin(), now.end()}};
}

namespace {

// Precondition: the offset is not in the header, which no operation changes.
std::string field_at(const geometry& shape, std::uint64_t offset) {
  const auto within = [](std::uint64_t at,
                         std::initializer_list<std::pair<std::uint64_t, const char*>> fields) {
    const char* name = "?";
    for (const auto& [begin, field] : fields) {
      if (at >= begin) name = field;
    }
    return std::string(name);
  };
  if (offset < participants_offset) {
    return within(offset - control_offset, {{0, "producer_cursor"},
                                            {destructive_distance, "gate_floor"},
                                            {2 * destructive_distance, "data_bell"},
                                            {3 * destructive_distance, "space_bell"}});
  }
  if (offset < shape.slots_offset()) {
    const std::uint64_t at = offset - participants_offset;
    return "participant[" + std::to_string(at / sizeof(participant_line)) + "]." +
           within(at % sizeof(participant_line),
                  {{0, "role"}, {8, "consumer_cursor"}, {16, "intent"}, {24, "pid"}, {28, "name"}});
  }
  const std::uint64_t at = offset - shape.slots_offset();
  return "slot[" + std::to_string(at / shape.slot_stride()) + "]." +
         within(at % shape.slot_stride(), {{0, "stamp"},
                                           {8, "value_length"},
                                           {16, "message_number"},
                                           {24, "status_word"},
                                           {content_offset, "content"}});
}

std::string value_at(const geometry& shape, const std::vector<std::byte>& bytes,
                     std::uint64_t offset) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + offset, sizeof word);
  const bool stamp =
      offset >= shape.slots_offset() && (offset - shape.slots_offset()) % shape.slot_stride() == 0;
  if (!stamp) return std::to_string(word);
  constexpr const char* states[] = {"free", "claimed", "published", "aborted", "held"};
  const auto state = static_cast<std::size_t>(stamp_state(word));
  return std::to_string(stamp_number(word)) + "/" + (state < 5 ? states[state] : "?") + "/owner " +
         std::to_string(stamp_owner(word));
}

}  // namespace

std::string describe_difference(const scenario& what, const picture& before, const picture& after,
                                unsigned lines) {
  if (before.named != after.named)
    return after.named ? "  the name appeared\n" : "  the name is gone\n";
  const geometry& shape = what.shape;
  std::string text;
  std::string last;
  const std::size_t size = std::min(before.bytes.size(), after.bytes.size());
  // Without the header: two runs of a scenario differ there, and nothing writes it again.
  for (std::size_t i = control_offset; i + 8 <= size && lines > 0; i += 8) {
    if (std::memcmp(&before.bytes[i], &after.bytes[i], 8) == 0) continue;
    const std::string field = field_at(shape, i);
    if (field == last) continue;  // one line for a content
    text += "  " + field + ": " + value_at(shape, before.bytes, i) + " -> " +
            value_at(shape, after.bytes, i) + "\n";
    last = field;
    --lines;
  }
  return text.empty() ? "  nothing\n" : text;
}

}  // namespace shmfifo::harness::crash
