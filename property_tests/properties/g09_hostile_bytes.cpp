// SPDX-License-Identifier: MIT
// The properties of G9, hostile bytes; above each stand its goal and its method.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// The rules that a header can break.
const std::set<std::string> rules{"magic",
                                  "byte_order",
                                  "word_size",
                                  "layout_version",
                                  "header_size",
                                  "mode",
                                  "full_policy",
                                  "producer_role",
                                  "participant_count",
                                  "content_size",
                                  "slot_count",
                                  "slot_stride",
                                  "participants_offset",
                                  "slots_offset",
                                  "segment_size",
                                  "reserved",
                                  "checksum",
                                  "file_size"};

// Goal: a segment with one wrong bit in its header is refused by the name of a rule; behind it
// bits are harmless. Method: flip each bit of the header of a segment of any geometry, one after
// the other, and attach.
TEST(header, G9_every_flipped_bit_is_refused_by_name) {
  expect_holds(
      [] {
        const geometry shape = *any_geometry();
        fixture f(shape);
        std::byte* base = base_of(f.home);
        for (std::size_t bit = 0; bit < control_offset * 8; ++bit) {
          const std::byte mask{static_cast<std::uint8_t>(1U << bit % 8)};
          base[bit / 8] ^= mask;
          auto found = segment::attach(f.name.get());
          base[bit / 8] ^= mask;
          if (bit >= sizeof(segment_header) * 8) {
            RC_ASSERT(bool(found));  // bytes that nothing uses
          } else {
            RC_ASSERT(!found);
            RC_ASSERT(rules.count(found.error().rule) == 1U);
            RC_ASSERT(found.error().text.find(found.error().rule) != std::string::npos);
          }
        }
        RC_ASSERT(bool(segment::attach(f.name.get())));
      },
      10);
}

// Goal: a file that is shorter or longer than its segment is refused, never mapped. Method: cut a
// segment of any geometry at any byte, or make it longer, and attach.
TEST(header, G9_G10_every_other_file_size_is_refused) {
  expect_holds([] {
    const geometry shape = *any_geometry();
    fixture f(shape);
    const auto size = static_cast<std::int64_t>(shape.segment_size());
    const auto wrong =
        *rc::gen::suchThat(rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, size),
                                          rc::gen::inRange<std::int64_t>(0, 300),
                                          rc::gen::inRange<std::int64_t>(size - 3, size + 5000)),
                           [size](std::int64_t n) { return n != size; });
    const auto bytes_before = image_of(f.home);
    // A copy, because this process has the original mapped.
    const harness::unique_name copy;
    std::ofstream file(copy.path(), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes_before.data()), std::min(wrong, size));
    file.close();
    std::filesystem::resize_file(copy.path(), static_cast<std::uintmax_t>(wrong));
    auto found = segment::attach(copy.get());
    RC_ASSERT(!found);
    RC_ASSERT(std::string(found.error().rule) == "file_size");
    std::filesystem::resize_file(copy.path(), 0);
    std::ofstream(copy.path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes_before.data()), size);
    RC_ASSERT(bool(segment::attach(copy.get())));
  });
}

// Every word that the protocol reads.
std::vector<std::uint64_t*> words_of(const layout_view& view) {
  control_block& control = view.control();
  std::vector<std::uint64_t*> words{&control.producer_cursor, &control.gate_floor};
  for (unsigned i = 0; i < view.shape().participant_count; ++i) {
    participant_line& line = view.participant(i);
    words.insert(words.end(), {&line.role, &line.consumer_cursor, &line.intent});
  }
  for (std::uint64_t n = 0; n < view.shape().slot_count; ++n) {
    slot_header& slot = view.slot(n);
    words.insert(words.end(),
                 {&slot.stamp, reinterpret_cast<std::uint64_t*>(&slot.value_length),
                  reinterpret_cast<std::uint64_t*>(&slot.message_number), &slot.status_word});
  }
  return words;
}

// Goal: whatever control words, lines and slots contain, calls return an answer and touch only the
// segment. Method: overwrite words of a sound segment with anything, then read, publish, mark,
// recover and look.
TEST(hostile, G9_G3_any_words_give_an_answer_inside_bounds) {
  expect_holds(
      [] {
        const geometry shape = *any_geometry(3);
        fixture f(shape);
        auto writer = must(f.home.attach_producer());
        auto reader = must(f.home.attach_consumer());
        auto observer = must(f.home.attach_observer());
        publish_many(writer, 0, static_cast<std::int64_t>(shape.slot_count) - 1);
        const auto any_word = rc::gen::oneOf(
            rc::gen::arbitrary<std::uint64_t>(),
            rc::gen::map(rc::gen::arbitrary<std::uint8_t>(),
                         [](std::uint8_t b) {
                           return make_stamp(b / 8, static_cast<slot_state>(b % 8), b % 5);
                         }),
            rc::gen::just(~std::uint64_t{0}));
        const std::vector<std::uint64_t*> words = words_of(f.home.view());
        std::vector<std::size_t> indices(words.size());
        std::iota(indices.begin(), indices.end(), std::size_t{0});
        const auto changes =
            *rc::gen::container<std::vector<std::pair<std::size_t, std::uint64_t>>>(
                rc::gen::pair(rc::gen::elementOf(indices), any_word));
        for (const auto& [index, word] : changes) *words[index] = word;
        for (consumer* each : {&reader, &observer}) {
          std::int64_t last = each->position();
          for (int i = 0; i < 60; ++i) {
            const poll_result told = each->poll(
                [&](const record_view& r) {
                  RC_ASSERT(r.value_length >= 0);
                  RC_ASSERT(r.value_length <= static_cast<std::int64_t>(shape.content_size));
                },
                8);
            RC_ASSERT(told.count >= 0);
            RC_ASSERT(each->position() >= last);
            // No slot can send a reader further than producers are.
            RC_ASSERT(told.answer != status::lost || static_cast<std::uint64_t>(each->position()) <=
                                                         f.home.view().control().producer_cursor);
            last = each->position();
          }
          static_cast<void>(each->wait(deadline{}));
        }
        for (int i = 0; i < 20; ++i) static_cast<void>(publish(writer, {1}));
        static_cast<void>(writer.publish("x", deadline{}));
        static_cast<void>(f.home.mark(0, 1));
        static_cast<void>(f.home.recover());
        static_cast<void>(f.home.stat());
        static_cast<void>(f.home.forget("x"));
        static_cast<void>(segment::attach(f.name.get()));
        static_cast<void>(f.home.attach_consumer({"named", {}}));
        static_cast<void>(f.home.attach_consumer());
      },
      300);
}

}  // namespace
}  // namespace shmfifo::property_tests
