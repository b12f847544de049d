#!/bin/bash
# gcc 12.2: from -O1 on, a loop that compares two conditions takes the one for the opposite of the other
# Set-up: the compiler of Debian 12 as packaged. A function looks at three bits of a mask and returns 1 if, for any of them,
#   "the bit is set" equals "status() >= 0"; status() returns 0. The same function at -O0, -O1, -O2 and -O3, for all eight masks.
# A good guess: 0 for the mask 0 and 1 for the other seven, at every level: there is no undefined behaviour in it.
# Seen: from -O1 on 1 for the mask 0, and 0 for the mask 7: equal and different have changed places. It goes away with
#   -fno-tree-forwprop, and with the same comparison written outside of a loop.
# Why it matters: "which descriptors are open, against which should be" is such a loop, and so is every comparison of states
#   with a bit set. A test written like that passes where it must fail, in optimised builds only; clang's build of it is right.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

packages gcc-12=12.2.0-14+deb12u1 cpp-12=12.2.0-14+deb12u1 libgcc-12-dev=12.2.0-14+deb12u1
compiler=$root/usr/bin/x86_64-linux-gnu-gcc-12
tools as ld

cat >masks.c <<'C'
#include <stdbool.h>
#include <stdio.h>

__attribute__((noipa)) int status(int number)
{
    (void)number;
    return 0;
}

__attribute__((noipa)) int any_equal(int mask)
{
    for (int number = 0; number < 3; number++) {
        const bool is_open = status(number) >= 0;
        if (is_open == ((mask & 1 << number) != 0))
            return 1;
    }
    return 0;
}

int main(void)
{
    for (int mask = 0; mask < 8; mask++)
        printf("%d", any_equal(mask));
    printf("\n");
    return 0;
}
C
"$compiler" --version | head -n 1 | seen
for options in -O0 -O1 -O2 -O3 "-O3 -fno-tree-forwprop"; do
    read -ra words <<<"$options"
    build "$compiler" "${words[@]}" -Wall -Wextra masks.c -o masks
    echo "$options: $(./masks)" | seen
done

want '^x86_64-linux-gnu-gcc-12 \(Debian 12\.2\.0-14\+deb12u1\) 12\.2\.0$'
want '^-O0: 01111111$'
want '^-O1: 11111110$'
want '^-O2: 11111110$'
want '^-O3: 11111110$'
want '^-O3 -fno-tree-forwprop: 01111111$'
verdict
