// SPDX-License-Identifier: MIT
// The properties of G13, versions; above each stand its goal and its method.
#include "shmfifo/protocol/validate.hpp"
#include "support/play.hpp"

namespace shmfifo::property_tests {
namespace {

// Goal: another layout version, word size, byte order, header or record size is refused with both
// values. Method: change one of these fields to anything, make the checksum right again, and
// attach.
TEST(header, G13_other_versions_are_refused_with_both_values) {
  expect_holds([] {
    const geometry shape = *any_geometry();
    fixture f(shape);
    auto& header = *reinterpret_cast<segment_header*>(base_of(f.home));
    const auto which = *rc::gen::inRange<std::size_t>(0, 4);
    std::uint32_t* const fields[] = {&header.layout_version, &header.word_size, &header.byte_order,
                                     &header.header_size};
    const char* const names[] = {"layout_version", "word_size", "byte_order", "header_size"};
    const std::uint32_t right = *fields[which];
    const auto wrong = *rc::gen::oneOf(rc::gen::arbitrary<std::uint32_t>(),
                                       rc::gen::element(0U, right + 1, right - 1, 0x04030201U));
    RC_PRE(wrong != right);
    *fields[which] = wrong;
    header.checksum = header_checksum(header);
    auto found = segment::attach(f.name.get());
    RC_ASSERT(!found);
    RC_ASSERT(std::string(found.error().rule) == names[which]);
    RC_ASSERT(found.error().text.find(std::to_string(wrong)) != std::string::npos);
    RC_ASSERT(found.error().text.find(std::to_string(right)) != std::string::npos);
    *fields[which] = right;
    header.checksum = header_checksum(header);
    RC_ASSERT(bool(segment::attach(f.name.get())));
  });
}

}  // namespace
}  // namespace shmfifo::property_tests
