#!/bin/bash
# CLI11 2.1.2, AsSizeValue on a std::uint64_t: the product with the unit is checked for overflow, the number before it is not
# Set-up: an option of type std::uint64_t with AsSizeValue(false), as for a size in bytes: "4K" is 4,096. It is given numbers around
#   2^64, with and without a unit, and a negative one.
# A good guess: what does not fit into 64 bits is refused, in whatever form it is written: the validator knows the type, and it
#   refuses 16777216T, which is 2^64, for that reason.
# Seen: 2^64 and 2^65, written out, are taken and become 2^64 - 1. -4 is taken and becomes 2^64 - 4. The same numbers with a unit
#   are refused: 17179869184G (2^64) and -4K.
# Why it matters: a mistyped size is not an error but the largest size that there is, and whatever is reserved, allocated or
#   looped over is as large. A program has to look at the digits itself, before the validator.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools g++
packages "libcli11-dev=2.1.2+ds-1"

cat >sizes.cpp <<'CPP'
#include <CLI/CLI.hpp>

#include <cstdint>
#include <iostream>

int main()
{
    for (const char* text : {"4K", "18446744073709551615", "18446744073709551616", "36893488147419103232", "17179869184G", "-4", "-4K"}) {
        CLI::App app;
        std::uint64_t size = 0;
        app.add_option("--size", size)->transform(CLI::AsSizeValue(false));
        std::cout << text << ": ";
        try {
            app.parse(std::string("--size=") + text);
            std::cout << size << '\n';
        } catch (const CLI::ParseError&) {
            std::cout << "refused\n";
        }
    }
}
CPP
g++ -std=c++17 -isystem "$root/usr/include" sizes.cpp -o sizes || cannot "cannot compile"
./sizes | seen

want '^4K: 4096$'
want '^18446744073709551615: 18446744073709551615$'
want '^18446744073709551616: 18446744073709551615$'
want '^36893488147419103232: 18446744073709551615$'
want '^17179869184G: refused$'
want '^-4: 18446744073709551612$'
want '^-4K: refused$'
verdict
