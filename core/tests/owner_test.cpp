// SPDX-License-Identifier: MIT
// Goal: a segment of another user is never attached unless it is asked for, because that user could
// end this process by cutting the file short. Method: the rule itself on a table; attach and create
// with a rule that the file's real owner breaks, which needs no rights; and, where the test may,
// a file that is given to somebody else.
#include <sys/stat.h>

#include "support/testing.hpp"

namespace shmfifo {
namespace {

using testing::child;
using testing::must;
using testing::small;

constexpr std::uint32_t somebody = 65534;

attach_options owned(owner_rule owner) {
  attach_options options;
  options.owner = owner;
  return options;
}
create_options made_or_attached(owner_rule owner) {
  create_options options;
  options.existing = if_exists::attach;
  options.owner = owner;
  return options;
}

template <class T>
bool refused_as_of(const result<T>& answer, std::uint32_t owner) {
  return !answer && answer.error().code == EACCES && answer.error().rule == std::string("owner") &&
         answer.error().text.find("belongs to uid " + std::to_string(owner) + ",") !=
             std::string::npos &&
         answer.error().text.find("(--owner " + std::to_string(owner) + ")") != std::string::npos;
}

TEST(owner, G9_the_caller_and_root_are_trusted_and_others_only_if_asked_for) {
  constexpr auto usual = owner_rule::caller_or_root();
  EXPECT_TRUE(usual.admits(7, 7));
  EXPECT_TRUE(usual.admits(0, 7));
  EXPECT_TRUE(usual.admits(0, 0));
  EXPECT_FALSE(usual.admits(8, 7));
  EXPECT_FALSE(usual.admits(7, 0));  // root has the most to lose
  EXPECT_TRUE(owner_rule::user(8).admits(8, 7));
  EXPECT_FALSE(owner_rule::user(8).admits(7, 7));
  EXPECT_FALSE(owner_rule::user(8).admits(0, 7));
  EXPECT_TRUE(owner_rule::any().admits(8, 7));
}

TEST(owner, G9_another_owner_than_the_one_asked_for_is_refused_with_both_uids) {
  const testing::unique_name name;
  const std::uint32_t self = ::geteuid();
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring),
                                         made_or_attached(owner_rule::user(self + 1)))));
  const auto attached = segment::attach(name.get(), owned(owner_rule::user(self + 1)));
  ASSERT_TRUE(refused_as_of(attached, self));
  EXPECT_NE(attached.error().text.find("expected uid " + std::to_string(self + 1) + ":"),
            std::string::npos);
  EXPECT_TRUE(refused_as_of(segment::create(name.get(), small(segment_mode::ring),
                                            made_or_attached(owner_rule::user(self + 1))),
                            self));
  EXPECT_EQ(segment::create(name.get(), small(segment_mode::ring)).error().code, EEXIST);
  for (const owner_rule rule :
       {owner_rule::user(self), owner_rule::caller_or_root(), owner_rule::any()}) {
    EXPECT_TRUE(bool(segment::attach(name.get(), owned(rule))));
    EXPECT_TRUE(
        bool(segment::create(name.get(), small(segment_mode::ring), made_or_attached(rule))));
  }
}

TEST(owner, G9_a_segment_of_another_user_is_attached_only_if_asked_for) {
  const testing::unique_name name;
  static_cast<void>(must(segment::create(name.get(), small(segment_mode::ring))));
  child root([&] {
    if (::chown(name.path().c_str(), somebody, static_cast<gid_t>(-1)) != 0) return 50;
    attach_options reading;
    reading.mode = access::read_only;
    const auto refused = segment::attach(name.get());
    if (!refused_as_of(refused, somebody)) return 1;
    const std::string words =
        "'" + name.get() +
        "' belongs to uid 65534, expected the caller, uid 0, or root: its owner could end this "
        "process by cutting the file short. If that user is trusted, name it as the owner (--owner "
        "65534)";
    if (refused.error().text != words) return 8;
    if (!refused_as_of(segment::attach(name.get(), reading), somebody)) return 2;
    if (!refused_as_of(segment::create(name.get(), small(segment_mode::ring), made_or_attached({})),
                       somebody))
      return 3;
    for (const owner_rule rule : {owner_rule::user(somebody), owner_rule::any()}) {
      if (!segment::attach(name.get(), owned(rule))) return 4;
      if (!segment::create(name.get(), small(segment_mode::ring), made_or_attached(rule))) return 5;
    }
    if (::seteuid(somebody) != 0) return 6;  // its owner needs no rule
    if (!segment::attach(name.get())) return 7;
    return ::seteuid(0);
  });
  // Only root can give a file away; others are shown by the two tests above.
  EXPECT_EQ(root.join(), ::geteuid() == 0 ? 0 : 50);
}

}  // namespace
}  // namespace shmfifo
