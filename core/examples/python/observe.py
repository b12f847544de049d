#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Follows a shmfifo segment without the library: maps it read-only and reads it by core/README.md.
usage: observe.py NAME COUNT     prints COUNT numbers and what became of each, waiting for them"""
import mmap, os, sys, time


def follow(name):
    """Yields (number, "ok", content), (number, "aborted", b"") or (first number, "lost", how many)."""
    with open("/dev/shm/" + name.lstrip("/"), "rb") as file:
        if (owner := os.fstat(file.fileno()).st_uid) not in (0, os.geteuid()):
            raise ValueError(f"{name}: belongs to uid {owner}, who could end this process by cutting the file short")
        view = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    # Words of the machine, each read at once; x86-64 keeps the loads in order (acquire).
    word, half = view.cast("Q"), view.cast("I")
    if bytes(view[:8]) != b"shmfifo\0" or (half[2], half[3]) != (2, 0x01020304):
        raise ValueError(f"{name}: no segment of layout version 2, found {half[2]}")
    log = half[40 // 4] == 1
    content_size, slots, stride, slots_offset = (word[at // 8] for at in (56, 64, 72, 88))
    number = 0 if log else max(0, word[256 // 8] - slots)
    while not log or number < slots:
        at = slots_offset + number % slots * stride
        stamp = word[at // 8]
        found, state = stamp >> 11, stamp & 7
        if found > number:
            yield number, "lost", (oldest := max(found + 1, word[256 // 8]) - slots) - number
            number = oldest
        elif found == number and state == 2:
            content = bytes(view[at + 32:at + 32 + min(word[at // 8 + 1], content_size)])
            if word[at // 8] == stamp:  # otherwise overwritten meanwhile: look again
                yield number, "ok", content
                number += 1
        elif found == number and state in (3, 4):
            yield number, "aborted", b""
            number += 1
        else:
            time.sleep(0.001)


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal():
        sys.exit(__doc__)
    try:
        for _, (at_number, became, what) in zip(range(int(sys.argv[2])), follow(sys.argv[1])):
            print(at_number, became, what.decode() if became == "ok" else what or "", flush=True)
    except (OSError, ValueError) as error:
        sys.exit(f"observe.py: {error}")
