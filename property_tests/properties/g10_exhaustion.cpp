// SPDX-License-Identifier: MIT
// The properties of G10, exhaustion; above each stand its goal and its method.
#include <cerrno>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: one role more than there are lines is refused with EUSERS, changes nothing, and works
// once one leaves. Method: take every line in any mixture of roles.
TEST(exhaustion, G10_no_free_line_is_an_error_and_leaves_nothing) {
  expect_holds([] {
    geometry shape = *any_geometry();
    shape.producers = producer_role::many;
    const auto kinds =
        *rc::gen::container<std::vector<int>>(shape.participant_count, rc::gen::inRange(0, 2));
    fixture f(shape);
    std::vector<producer> writers;
    std::vector<consumer> readers;
    for (const int kind : kinds) {
      if (kind == 0) writers.push_back(must(f.home.attach_producer()));
      if (kind == 1) readers.push_back(must(f.home.attach_consumer()));
    }
    const auto before = image_of(f.home);
    auto writer = f.home.attach_producer();
    RC_ASSERT(!writer && writer.error().code == EUSERS);
    auto reader = f.home.attach_consumer();
    RC_ASSERT(!reader && reader.error().code == EUSERS);
    auto named = f.home.attach_consumer({"named", {}});
    RC_ASSERT(!named && named.error().code == EUSERS);
    RC_ASSERT(image_of(f.home) == before);
    RC_ASSERT(bool(f.home.attach_observer()));  // takes none
    if (writers.empty()) {
      readers.pop_back();
    } else {
      writers.pop_back();
    }
    RC_ASSERT(bool(f.home.attach_producer()));
    RC_ASSERT(bool(f.home.attach_consumer({"named", {}})));
  });
}

// Goal: a geometry that breaks a limit is refused by the limit's name before anything exists.
// Method: spoil one field of a valid geometry.
TEST(geometry, G10_G13_impossible_ones_are_refused_by_name_and_leave_nothing) {
  expect_holds([] {
    geometry shape = *any_geometry();
    const auto huge = *rc::gen::inRange<std::uint64_t>(0, 1000);
    const auto which = *rc::gen::inRange<std::size_t>(0, 8);
    std::string rule;
    switch (which) {
      case 0:
        shape.content_size = 0;
        rule = "content_size";
        break;
      case 1:
        shape.content_size = content_size_max + 1 + huge;
        rule = "content_size";
        break;
      case 2:
        shape.slot_count = 0;
        rule = "slot_count";
        break;
      case 3:
        shape.slot_count = slot_count_max + 1 + huge;
        rule = "slot_count";
        break;
      case 4:
        shape.participant_count = 0;
        rule = "participant_count";
        break;
      case 5:
        shape.participant_count = participants_max + 1;
        rule = "participant_count";
        break;
      case 6:
        shape.mode = segment_mode::ring;
        shape.slot_count = 3 + 4 * huge;
        rule = "slot_count";
        break;
      default:
        shape.mode = segment_mode::log;
        shape.when_full = *rc::gen::element(full_policy::wait, full_policy::overwrite);
        rule = "full_policy";
    }
    const harness::unique_name name;
    auto made = segment::create(name.get(), shape);
    RC_ASSERT(!made);
    RC_ASSERT(std::string(made.error().rule) == rule);
    RC_ASSERT(!name.exists());
  });
}

// Goal: any string is either a name under which a segment is made and found, or refused with
// nothing left behind. Method: any bytes, made unlike any other name by a prefix where that does
// not change the case.
TEST(names, G10_are_accepted_or_refused_whole) {
  expect_holds([] {
    const harness::unique_name mine;
    const auto tail =
        *rc::gen::oneOf(rc::gen::arbitrary<std::string>(),
                        rc::gen::map(rc::gen::inRange<std::size_t>(200, 300),
                                     [](std::size_t n) { return std::string(n, 'x'); }),
                        rc::gen::element<std::string>("/x", "x/y", "\n", "\x7f", "..", ""));
    const std::string name = mine.get() + tail;
    const bool slash = *rc::gen::arbitrary<bool>();
    bool sound = name.size() <= 255;
    for (const char c : tail) {
      const auto code = static_cast<unsigned char>(c);
      sound = sound && c != '/' && code >= 32 && code != 127;
    }
    geometry shape;
    shape.slot_count = 4;
    shape.content_size = 16;
    auto made = segment::create((slash ? "/" : "") + name, shape);
    RC_ASSERT(bool(made) == sound);
    if (!made) {
      RC_ASSERT(std::string(made.error().rule) == "name");
      RC_ASSERT(!mine.exists());
      return;
    }
    RC_ASSERT(made->name() == name);
    RC_ASSERT(bool(segment::attach(name)));
    auto second = segment::create(name, shape);
    RC_ASSERT(!second && second.error().code == EEXIST);
    RC_ASSERT(bool(segment::remove("/" + name)));
    RC_ASSERT(!segment::attach(name));
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
