// SPDX-License-Identifier: MIT
// Goal: any string is either a name under which a segment is made and found, or refused with
// nothing left behind. Method: any bytes, made unlike any other name by a prefix where that does
// not change the case.
#include <cerrno>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

TEST(names, G10_are_accepted_or_refused_whole) {
  expect_holds([] {
    const shmfifo::testing::unique_name mine;
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
    const create_options options = shmfifo::testing::small(segment_mode::ring);
    auto made = segment::create((slash ? "/" : "") + name, options);
    RC_ASSERT(bool(made) == sound);
    if (!made) {
      RC_ASSERT(std::string(made.failure().rule) == "name");
      RC_ASSERT(!mine.exists());
      return;
    }
    RC_ASSERT(made->name() == name);
    RC_ASSERT(bool(segment::attach(name)));
    auto second = segment::create(name, options);
    RC_ASSERT(!second && second.failure().code == EEXIST);
    RC_ASSERT(bool(segment::remove("/" + name)));
    RC_ASSERT(!segment::attach(name));
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
