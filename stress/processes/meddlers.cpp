// SPDX-License-Identifier: MIT
#include "meddlers.hpp"

#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "shmfifo/shmfifo.hpp"

namespace shmfifo::stress {
namespace {

constexpr unsigned pause_us = 200;  // disturb the actors, but do not starve them

[[noreturn]] void fail(const char* what, const error& failure) {
  throw std::runtime_error(std::string(what) + ": " + failure.rule + ": " + failure.text);
}

std::string beside(const std::string& name) {
  return name + "-beside";
}

geometry small_segment() {
  geometry shape;
  shape.producers = producer_role::many;
  shape.slot_count = 64;
  shape.content_size = 64;
  return shape;
}

}  // namespace

void recover_for_ever(const std::string& name) {
  for (;;) {
    auto home = segment::attach(name);
    if (!home) fail("attach", home.error());
    for (int i = 0; i < 100; ++i) {
      if (const auto recovered = home->recover(); !recovered) fail("recover", recovered.error());
      ::usleep(pause_us);
    }
  }
}

void create_for_ever(const std::string& name) {
  for (;;) {
    if (const auto second = segment::create(name, small_segment());
        second || second.error().code != EEXIST) {
      throw std::runtime_error("a second segment was created under the running one's name");
    }
    const auto made = segment::create(beside(name), small_segment());
    // A predecessor that was killed may have left a complete segment, which is removed now.
    if (!made && made.error().code != EEXIST) fail("create", made.error());
    ::usleep(pause_us);
    if (const auto gone = segment::remove(beside(name)); !gone && gone.error().code != ENOENT) {
      fail("remove", gone.error());
    }
  }
}

void attach_for_ever(const std::string& name) {
  for (;;) {
    auto home = segment::attach(beside(name));
    if (!home && home.error().code != ENOENT) fail("attach", home.error());
    if (home) {
      auto sender = home->attach_producer();
      if (!sender) fail("attach_producer", sender.error());
      const status told = sender->try_publish("whole");
      if (told != status::ok && told != status::full) {
        throw std::runtime_error("a new segment accepts no message");
      }
    }
    ::usleep(pause_us);
  }
}

}  // namespace shmfifo::stress
