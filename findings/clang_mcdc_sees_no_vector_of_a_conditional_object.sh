#!/bin/bash
# clang and llvm-cov 19.1.7, MC/DC: the condition of "?:" whose value is an object counts as a decision that nothing executes
# Set-up: three functions decide "there is a number, and it is below 100": one with "?:" between two int, one with "if", one with
#   "?:" between two objects of a class (std::optional). Each is called with no number, a small one and a large one, which is all
#   that MC/DC of two conditions asks for.
# A good guess: 100 % for each. If a form of decision could not be measured, the compiler would warn, as it does for others, and
#   leave it out.
# Seen: 100 % for "?:" of int and for "if". The "?:" of objects is listed as a decision, its branches are counted both ways, but
#   no test vector is recorded: 0 % of its two conditions. Compiling with -Wall -Wextra says nothing.
# Why it matters: the decision stays in the total, so a project that asks for 100 % cannot reach it by any test, and what is
#   missing looks like a missing test. Writing it as "if" is the way out.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools g++ ld
version=1:19.1.7-3~deb12u1
packages "clang-19=$version" "libclang-common-19-dev=$version" "libclang-cpp19=$version" "libllvm19=$version" \
    "libclang-rt-19-dev=$version" "llvm-19=$version"
llvm=$root/usr/lib/llvm-19/bin
complete "$llvm/clang" "$llvm/llvm-cov" "$llvm/llvm-profdata"

cat >decisions.cpp <<'CPP'
#include <optional>

static std::optional<int> number(int which)
{
    if (which == 0)
        return std::nullopt;
    return which == 1 ? 5 : 500;
}

static int conditional_value(int which)
{
    const auto found = number(which);
    return found && *found < 100 ? *found : -1;
}

static std::optional<int> statement(int which)
{
    const auto found = number(which);
    if (found && *found < 100)
        return found;
    return std::nullopt;
}

static std::optional<int> conditional_object(int which)
{
    const auto found = number(which);
    return found && *found < 100 ? found : std::nullopt;
}

int main()
{
    int small = 0;
    for (int which = 0; which < 3; which++)
        small += (conditional_value(which) == 5) + statement(which).has_value() + conditional_object(which).has_value();
    return small == 3 ? 0 : 1;
}
CPP
with_libraries "$llvm/clang" --driver-mode=g++ -std=c++20 -Wall -Wextra -O0 -fprofile-instr-generate -fcoverage-mapping \
    -fcoverage-mcdc decisions.cpp -o decisions >compile.log 2>&1 || { cat compile.log; cannot "cannot compile"; }
echo "warnings: $(grep -c warning compile.log)" | seen
LLVM_PROFILE_FILE=decisions.profraw ./decisions || cannot "the program decides otherwise"
with_libraries "$llvm/llvm-profdata" merge decisions.profraw -o decisions.profdata || cannot "no profile"
with_libraries "$llvm/llvm-cov" show ./decisions -instr-profile=decisions.profdata --show-mcdc --show-branches=count >shown.txt
# The decisions in the order of the file, and how much of each was seen.
awk 'BEGIN { split("value statement object", names, " ") }
     /MC\/DC Coverage for Decision/ { print names[++count] ": " $NF }' shown.txt | seen
line=$(grep -n 'found : std::nullopt' decisions.cpp | cut -d: -f1)
grep -oE "Branch \($line:[0-9]+\): \[True: [0-9]+, False: [0-9]+\]" shown.txt | sed -E 's/\([0-9:]+\)/of the object/' | seen

want '^warnings: 0$'
want '^value: 100\.00%$'
want '^statement: 100\.00%$'
want '^object: 0\.00%$'
want '^Branch of the object: \[True: 2, False: 1\]$'
want '^Branch of the object: \[True: 1, False: 1\]$'
verdict
