#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks for the acquire and release instructions in the hot path as compiled for arm64.

usage: check_orders.py OBJDUMP PROGRAM PREFIX      PREFIX is `core` or `relaxed`

Exit 0 if each function PREFIX_publish, PREFIX_poll and PREFIX_claim has as many as the protocol needs.
On x86-64 every load acquires and every store releases; only here can the compiled order be seen.
"""
import re
import subprocess
import sys

STORE_RELEASE = r"\b(stlr|stlrb|stlur)\b"
LOAD_ACQUIRE = r"\b(ldar|ldarb|ldapr|ldaprb|ldapur)\b"
# The call of a helper, not an address of data that happens to be a helper's, or to lie behind one.
EXCHANGE_RELEASE = r"\b(stlxr|casl|casal)\b|\bbl?\s+[0-9a-f]+ <__aarch64_cas8_(rel|acq_rel)>"
NEEDED = [
    # function, instructions, at least so many, for what
    ("publish", STORE_RELEASE, 6, "content, status word, length, number, stamp, cursor"),
    ("poll", LOAD_ACQUIRE, 4, "stamp, length, number, status word"),
    ("poll", STORE_RELEASE, 1, "the consumer's cursor"),
    ("claim", LOAD_ACQUIRE, 1, "the slot's stamp"),
    ("claim", EXCHANGE_RELEASE, 2, "the claim, the helped cursor"),
]


def instructions(objdump, file, function):
    ran = subprocess.run([objdump, "-d", "--no-show-raw-insn", f"--disassemble={function}", file],
                         capture_output=True, text=True, check=True)
    # A compare-exchange is a call of a helper of the compiler's, whose name says the order.
    return [line for line in ran.stdout.split("\n") if re.match(r"\s+[0-9a-f]+:", line)]


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    objdump, file, prefix = sys.argv[1:]
    failed = 0
    for function, pattern, at_least, what in NEEDED:
        lines = instructions(objdump, file, f"{prefix}_{function}")
        if not lines:
            print(f"{prefix}_{function}: no such function in {file}")
            return 2
        found = [m.group() for line in lines if (m := re.search(pattern, line))]
        verdict = "ok" if len(found) >= at_least else "MISSING"
        failed += verdict != "ok"
        print(f"{prefix}_{function}: {len(found)} of at least {at_least} ({what}) {verdict}: {' '.join(found)}")
    print("each order has its instruction" if not failed else f"{failed} orders have no instruction")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
