// SPDX-License-Identifier: MIT
// usage: make_corpus FOLDER     writes first inputs for each fuzz target below FOLDER
//
// Seeds are made and not kept, so that they follow the layout: sound segments of every kind with
// messages in them, programs, and command lines. Always the same for the same core, apart from
// uids.
#include <filesystem>
#include <fstream>
#include <random>

#include "hand_made.hpp"
#include "memory_file.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "shmfifo/harness/support/value_or_stop.hpp"
#include "stateful/world.hpp"

namespace {

using namespace shmfifo;
using bytes = std::vector<std::uint8_t>;

std::filesystem::path folder;

void write(const std::string& target, int index, const bytes& content) {
  std::filesystem::create_directories(folder / target);
  std::ofstream file(folder / target / (std::to_string(index) + ".seed"), std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()),
             static_cast<std::streamsize>(content.size()));
}

bytes random_bytes(std::mt19937& random, std::size_t size) {
  bytes all(size);
  for (std::uint8_t& b : all) b = static_cast<std::uint8_t>(random());
  return all;
}

// The first byte of a geometry, as target.hpp and decode() take it apart.
std::uint8_t geometry_byte(int index) {
  return static_cast<std::uint8_t>(index * 37);
}

void segments() {
  for (int i = 0; i < 16; ++i) {
    geometry shape = property_tests::decode(bytes{geometry_byte(i), 16}, 0).shape;
    const harness::unique_name name;
    auto home = harness::must(segment::create(name.get(), shape));
    auto writer = harness::must(home.attach_producer());
    for (int n = 0; n < i; ++n) static_cast<void>(writer.try_publish("7"));
    std::ifstream file(name.path(), std::ios::binary);
    bytes content{3};
    content.insert(content.end(), std::istreambuf_iterator<char>(file), {});
    write("fuzz_attach", i, content);
    content[0] = static_cast<std::uint8_t>(i % 3);
    content.resize(content.size() / 2);
    write("fuzz_attach", 100 + i, content);
  }
}

void words_and_programs() {
  std::mt19937 random(1);
  for (int i = 0; i < 32; ++i) {
    bytes program{geometry_byte(i), static_cast<std::uint8_t>(i)};
    for (const char* target : {"fuzz_poll", "fuzz_toctou", "fuzz_ops"}) {
      bytes content = program;
      const bytes tail = random_bytes(random, static_cast<std::size_t>(i) * 10);
      content.insert(content.end(), tail.begin(), tail.end());
      write(target, i, content);
    }
    // Attach a producer and a reader, then publish and poll.
    for (const int round : {0, 1, 2, 3, 4, 5}) {
      const bytes steps{0, 0,  0, 0, 1, 1, 0, 0, 4, 0, static_cast<std::uint8_t>(round),
                        3, 10, 1, 0, 2};
      program.insert(program.end(), steps.begin(), steps.end());
    }
    write("fuzz_ops", 100 + i, program);
  }
}

void command_lines() {
  int index = 0;
  for (const std::string text :
       {"create\ndemo\n--slots\n4K\n--when-full\nwait", "ls\n--json", "stat\n--watch\n1\ndemo",
        "tail\n-n\n5\ndemo", "dump\ndemo\n--first\n100\n--count\n3\n--format\nhex",
        "verify\ndemo\n--json", "recover\ndemo", "forget\ndemo\naudit", "rm\ndemo", "--help", "",
        "cursor", "-1", "99999999999999999999",
        "create\ndemo\n--permissions\n888\n--content\n-4"}) {
    write("fuzz_args", index++, {text.begin(), text.end()});
  }
}

// Correct and incorrect histories of each kind of queue, made up by a small program.
void histories() {
  std::mt19937 random(2);
  for (int i = 0; i < 24; ++i) {
    harness::hand_made_shape shape;
    shape.producers = 1U + (i & 1);
    shape.consumers = 1U + (i >> 1 & 1);
    shape.observers = static_cast<unsigned>(i >> 2 & 1);
    shape.messages = 16;
    shape.promises = harness::numbered_promises();
    shape.promises.numbered = i % 3 == 0;
    shape.promises.competing = i % 3 == 1;
    shape.promises.lossy = i % 5 == 0;
    harness::hand_made run(shape);
    const auto sent = static_cast<std::uint64_t>(i % 8);
    for (std::uint64_t n = 0; n < sent; ++n) {
      const auto p = static_cast<unsigned>(n % shape.producers);
      shape.promises.numbered ? run.sends(p, n) : run.sends(p);
      for (unsigned r = 0; r < run.logs.receivers(); ++r) {
        run.gets(r, {p, n / shape.producers}, shape.promises.numbered ? std::int64_t(n) : -1);
        if (random() % 8 == 0) run.is_killed_and_comes_back(r);
        if (random() % 8 == 0) run.is_told(r, static_cast<harness::event_kind>(random() % 5), 1);
      }
      if (random() % 8 == 0) run.is_killed_sending(p);
    }
    const harness::memory_file file;
    run.logs.save(file.path());
    std::ifstream saved(file.path(), std::ios::binary);
    write("fuzz_history", i, bytes{std::istreambuf_iterator<char>(saved), {}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  folder = argv[1];
  segments();
  words_and_programs();
  command_lines();
  histories();
  return 0;
}
