// SPDX-License-Identifier: MIT
// Goal: a file that is shorter or longer than its segment is refused, never mapped. Method: cut a
// segment of any geometry at any byte, or make it longer, and attach.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

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
    const shmfifo::testing::unique_name copy;
    std::ofstream file(copy.path(), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes_before.data()), std::min(wrong, size));
    file.close();
    std::filesystem::resize_file(copy.path(), static_cast<std::uintmax_t>(wrong));
    auto found = segment::attach(copy.get());
    RC_ASSERT(!found);
    RC_ASSERT(std::string(found.failure().rule) == "file_size");
    std::filesystem::resize_file(copy.path(), 0);
    std::ofstream(copy.path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes_before.data()), size);
    RC_ASSERT(bool(segment::attach(copy.get())));
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
