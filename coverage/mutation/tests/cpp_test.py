#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: mutants of C++ do what is said of them, and nothing while they are off. Method: small functions in one program,
each mutant switched on in turn."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's packages, also for another python3
import mutate_cpp  # noqa: E402

# name: (text, what main prints, {operator: what its mutants print}). Operators that are not named here are not looked at.
EXAMPLES = {
    "comparison": ("bool f(int a) { return a < 1; }", "f(1)", {
        "comparison exchanged": ["1"], "return true": ["1"], "return false": ["0"]}),
    "condition": ("int f(int a) { if (a > 1) return 7; return 8; }", "f(2)", {
        "condition true": ["7"], "condition false": ["8"], "condition negated": ["8"],
        "return value replaced": ["0", "7"], "constant zero": ["0", "7"]}),
    "endless": ("int f(int a) { for (;;) { if (a > 8) return a; a = a * 2; } }", "f(3)", {
        "loop deleted": [], "condition true": ["3"]}),
    "variable": ("int f(int* p) { if (int* q = p) return *q; return 8; }", "f(nullptr)", {
        "condition negated": ["died"], "condition true": ["died"], "condition false": ["8"]}),
    "otherwise": ("int f(int a) { int b = 0; if (a > 1) b = 1; else b = 2; return b; }", "f(1)", {
        "statement deleted": ["2", "0"]}),
    "logic": ("bool f(bool a, bool b) { const bool c = a && b; return !!c; }", "f(true, false)", {
        "operator exchanged": ["1"], "condition true": ["0", "1"], "condition false": ["0", "0"]}),
    "arithmetic": ("int f(int a, int b) { int c = a - b; return c; }", "f(5, 2)", {
        "operator exchanged": ["7"], "operand dropped": ["5"]}),
    "flags": ("int f() { int c = 4 | 1; return c; }", "f()", {
        "operator exchanged": ["0"], "operand dropped": ["4", "1"], "constant zero": ["1"]}),
    "compound": ("int f(int a) { a += 2; return a; }", "f(3)", {
        "operator exchanged": ["1", "2"], "statement deleted": ["3"]}),
    "increment": ("int f(int a) { ++a; a--; a--; return a; }", "f(3)", {
        "operator exchanged": ["0", "4", "4"], "neighbours exchanged": ["2", "2"]}),
    "neighbours": ("int f(int a) { a = a + 1; a = a * 2; return a; }", "f(3)", {"neighbours exchanged": ["7"]}),
    "independent": ("int f(int c) { int a = 0; int b = 0; a = c; b = 2; return a + b; }", "f(3)", {
        "neighbours exchanged": []}),
    "dependent": ("int f(int c) { int a = 0; int b = 0; a = c; b = a; return a + b; }", "f(3)", {
        "neighbours exchanged": ["3"]}),
    "apart": ("struct s { int a, b; }; void put(int& to, int from) { to = from; } int g(int c) { return c; }\n"
              "int f(int c) { s x{}; put(x.a, c); put(x.b, 2); x.a = c; x.b = g(c); return x.a + x.b; }", "f(3)", {
                  "neighbours exchanged": []}),
    "members": ("struct s { int a_ = 1, b_ = 1; int g(int c) { return a_ + c; } int h(int c) { a_ = c; b_ = g(c); return b_; } };\n"
                "int f(int c) { return s{}.h(c); }", "f(3)", {"neighbours exchanged": ["4"]}),  # g may know what a_ is
    "together": ("void put(int& to, int from) { to = from; } int g(int c) { return c; }\n"
                 "int f(int c) { int x = 0; int y = 5; put(x, c); put(x, 2); y = x; x = g(y); return x; }", "f(3)", {
                     "neighbours exchanged": ["3", "3", "5"]}),
    "first": ("enum e { ok, bad }; e f() { return ok; } e g() { return bad; }", "int(g())", {
        "return value replaced": ["0"]}),
    "smaller": ("int f(int a, int b) { int c = std::min(a, b); return c; }", "f(3, 4)", {
        "arguments exchanged": []}),
    "swapped": ("struct s { int a_, b_, c_; void f() { std::swap(a_, b_); std::swap(b_, c_); a_ = 5; } };\n"
                "int f(int a, int b) { s x{a, b, 0}; x.f(); return x.a_ * 100 + x.b_ * 10 + x.c_; }", "f(3, 4)", {
                    "arguments exchanged": [], "neighbours exchanged": ["534"], "statement deleted": ["504", "530", "403", "340"]}),
    "calls": ("int s = 0; void g(int a, int b) { s += a - b; }\nint f(int a) { g(a, 1); return s; }", "f(3)", {
        "arguments exchanged": ["-2"], "argument zero": ["-1"]}),
    "zero": ("int g() { return 4; } int f() { int a = g() + 1; return a; }", "f()", {"call replaced by zero": ["1"]}),
    "early": ("int f(int a) { int b = a; b = b + 1; return b; }", "f(3)", {"early return": ["0"]}),
    "end": ("int s = 0; void g(int a) { if (a == 1) return; s = 5; } int f() { g(1); return s; }", "f()", {
        "return deleted": ["5"]}),
    "break": ("int f() { int n = 0; for (int i = 0; i < 5; ++i) { if (i == 2) break; n = i; } return n; }", "f()", {
        "jump deleted": ["4"], "loop deleted": ["0"]}),
    "labels": ("int f(int a) { switch (a) { case 1: return 5; default: a = 9; } return a; }", "f(2)", {
        "statement deleted": ["2"]}),
    "named": ("constexpr int size = 8; int f() { int a = size; return a; }", "f()", {
        "constant off by one": ["9", "7"], "constant zero": ["0"]}),
    "zero_named": ("constexpr int none = 0; int f() { int a = none; return a; }", "f()", {
        "constant off by one": ["1", "-1"], "constant zero": []}),
    "zero_returned": ("constexpr int none = 0; int f() { return none; }", "f()", {
        "constant off by one": ["1", "-1"], "constant zero": [], "return value replaced": []}),
    "begins_with_zero": ("int f() { int a = 0; a = 7; return a; }", "f()", {"return value replaced": ["0"]}),
    "unit": ("using namespace std::chrono_literals; long f() { std::chrono::nanoseconds a = 2ms; return a.count(); }", "f()", {
        "other unit": ["2000"], "constant zero": ["0"], "constant off by one": ["3000000"]}),
    "enumerator": ("enum class e { one, two, count }; e f() { e a = e::one; return a; }", "int(f())", {
        "constant exchanged": ["1"]}),
    "load": ("int s = 0; struct memory { int load(int&) const { return ++s; } };\n"
             "template <class M> int g(const M& m) { const int a = m.load(s); if (a > 0) return a; return 0; }\n"
             "int f() { return g(memory{}); }", "f()", {"loaded twice": ["1", "2"]}),
    "loads": ("int s = 0; struct memory { int load(int&) const { return ++s; } }; struct r { int a; };\n"
              "template <class M> int g(const M& m) { r x; x.a = m.load(s); return x.a * 10 + x.a; }\n"
              "int f() { return g(memory{}); }", "f()", {"loaded twice": ["21", "12"]}),
    "plain": ("int s = 0; struct memory { int load(int&) const { return ++s; } };\n"
              "int f() { const int a = memory{}.load(s); return a; }", "f()", {"loaded twice": []}),
    "macro": ("int f() { int a = SEEK_SET; int b = SEEK_CUR; return a + b; }", "f()", {"constant zero": ["0"]}),
    "template": ("template <class T> T g(T a) { if (a > T{1}) return a; return T{7}; } int f() { return g<int>(2); }", "f()", {
        "condition false": ["7"]}),
    "lambda": ("int f(int a) { const auto g = [&] { a = a + 4; return a; }; return g(); }", "f(1)", {
        "operator exchanged": ["-3"], "operand dropped": ["1", "4"]}),
    "constant": ("constexpr int g(int a) { return a + 2; } static_assert(g(1) == 3); int f(int a) { return g(a); }", "f(1)", {
        "operator exchanged": ["-1"]}),
    "field": ("struct s { int a = 3; }; int f() { s x; return x.a; }", "f()", {"constant off by one": ["4", "2"]}),
    "text": ('const char* f() { const char* a = "word"; const char* b = "%d"; const char* c = ""; return *b == *c ? b : a; }', "f()", {
        "text replaced": ["~"]}),  # not of formats, nor of what is empty
    "before": ("int s = 1; [[gnu::constructor(101)]] void g() { s = s + 4; } int f() { return s; }", "f()", {
        "statement deleted": ["1"], "operator exchanged": ["-3"]}),
    "missing": ("std::optional<int> f(int a) { if (a > 1) return std::nullopt; return a; }", "f(2).value_or(7)", {
        "return value replaced": ["7"], "condition false": ["2"]}),
    "discarded": ("int s = 0; bool g() { s = 5; return true; } int f() { g(); static_cast<void>(g()); return s; }", "f()", {
        "statement deleted": ["0", "5", "5"], "condition true": [], "condition negated": [], "call replaced by zero": []}),
    "thrown": ("int s = 0; int f() { try { s = 5; throw 1; } catch (...) { return s; } }", "f()", {
        "statement deleted": ["0", "died"], "neighbours exchanged": []}),
    # All others: golden_test.py shows their mutants.
    "operators": ("int f(int a) { if (a <= 1) a -= 1; if (a >= 2) a *= 3; if (a == 4) a /= 2; if (a != 5) a %= 3; a <<= 1; a >>= 1;\n"
                  "  a |= 8; a &= 12; a ^= 1; return -a + +a + (~a % 5) / 2 * 3 ^ (a << 1 >> 1) | (a & 3); }", "f(3)", {}),
    "durations": ("using namespace std::chrono_literals; long f() { std::chrono::nanoseconds a = 1h; a += 2min; a += 3s; a += 4us; a += 5ns;\n"
                  "  return a.count(); }", "f()", {}),
    "integers": ("long s = 0; void g(char a, signed char b, unsigned char c, short d, unsigned short e, unsigned i, long j, unsigned long k,\n"
                 "  long long l, unsigned long long m, double n, bool o) { s = a + b + c + d + e + i + j + k + l + m + n + o; }\n"
                 "long f(char a, signed char b, unsigned char c, short d, unsigned short e, unsigned i, long j, unsigned long k, long long l,\n"
                 "  unsigned long long m, double n, bool o) { g(a, b, c, d, e, i, j, k, l, m, n, o); return s; }",
                 "f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1)", {}),
    "asked": ("bool g(int a) { return a > 2; } int f(int a) { int b = a++; const bool c = g(b); return c + a; }", "f(3)", {}),
    "bound": ("int f() { int a[3] = {1, 2, 3}; return a[1]; }", "f()", {"constant zero": ["0", "2"]}),
}


def run(*command, **variables):
    done = subprocess.run(list(map(str, command)), env={**os.environ, **variables}, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode >= 0 else "died"


class Program:
    """All examples in one program, which prints the one whose name it is given."""

    def __init__(self, folder):
        self.folder = folder / "source"
        self.folder.mkdir()
        lines = ["#include <algorithm>", "#include <chrono>", "#include <cstdio>", "#include <iostream>", "#include <optional>", "#include <string_view>"]
        for name, (text, _, _) in EXAMPLES.items():
            lines.append(f"namespace {name}_ {{ {text} }}")
        self.name = "examples.hpp"
        (self.folder / self.name).write_text("\n".join(lines) + "\n")
        calls = "".join(f'  if (name == "{name}") std::cout << [] {{ using namespace {name}_; return {call}; }}() << "\\n";\n'
                        for name, (_, call, _) in EXAMPLES.items())
        (self.folder / "main.cpp").write_text(
            f'#include "examples.hpp"\nint main(int, char** words) {{\n  std::string_view name = words[1];\n{calls}}}\n')
        self.program, self.known = folder / "program", folder / "uncompilable.json"
        self.builds = 0
        self.mutants = mutate_cpp.mutate(self.folder, [self.name], [], [self.build], self.known)

    def build(self):
        self.builds += 1
        done = subprocess.run(["clang++-19", "-std=c++20", "-w", "-Wno-c++11-narrowing", "-ferror-limit=0", "-include",
                               str(HERE.parent / "switch.hpp"), str(self.folder / "main.cpp"), "-o", str(self.program)],
                              capture_output=True, text=True)
        return done.stderr if done.returncode else ""


class cpp(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.made = Program(Path(cls.temporary.name))
        cls.lines = (cls.made.folder / cls.made.name).read_text().split("\n")

    def of(self, name):
        start = 1 + next(index for index, line in enumerate(self.lines) if line.startswith(f"namespace {name}_"))
        text = EXAMPLES[name][0]
        return [one for one in self.made.mutants if start <= one["line"] <= start + text.count("\n")]

    def test_each_mutant_does_what_is_said_of_it(self):
        for name, (_, _, expected) in EXAMPLES.items():
            found = {}
            for one in self.of(name):
                if one["operator"] in expected:
                    found.setdefault(one["operator"], []).append(
                        run(self.made.program, name, SHMFIFO_MUTANT=str(one["id"])))
            with self.subTest(name):
                self.assertEqual(found, {operator: said for operator, said in expected.items() if said})

    def test_nothing_differs_while_all_are_off(self):
        for name, (text, call, _) in EXAMPLES.items():
            with self.subTest(name):
                self.assertEqual(run(self.made.program, name), run(self.made.program, name, SHMFIFO_MUTANT="0"))
        self.assertEqual([run(self.made.program, one) for one in ("comparison", "condition", "neighbours", "text")],
                         ["0", "7", "8", "word"])

    def test_a_program_notes_what_it_comes_by_and_nothing_else(self):
        reached = Path(self.temporary.name) / "reached"
        reached.write_bytes(bytes(len(self.made.mutants) + 1))
        run(self.made.program, "otherwise", SHMFIFO_MUTANT_REACH=str(reached))
        noted = {number for number, byte in enumerate(reached.read_bytes()) if byte}
        before_main = {one["id"] for one in self.of("before")}
        self.assertEqual(len(before_main & noted), 7)  # all but those of f()
        noted -= before_main
        own = {one["id"]: one for one in self.of("otherwise")}
        self.assertLessEqual(noted, set(own))
        self.assertEqual({own[one]["original"] for one in set(own) - noted}, {"b = 1", "1"})  # the branch not taken

    def test_numbers_are_dense_and_keys_unique(self):
        self.assertEqual([one["id"] for one in self.made.mutants], list(range(1, len(self.made.mutants) + 1)))
        self.assertEqual(len({one["key"] for one in self.made.mutants}), len(self.made.mutants))

    def test_what_must_be_constant_has_no_mutants(self):
        for one in self.made.mutants:
            self.assertNotIn("static_assert", one["original"])
            self.assertNotEqual((one["original"], one["line"]), ("3", self.of("bound")[0]["line"] - 1))

    def test_a_mutant_that_does_not_compile_is_left_out_and_remembered(self):
        known = json.loads(self.made.known.read_text()) if self.made.known.is_file() else []
        self.assertFalse({one["key"] for one in self.made.mutants} & set(known))
        folder = Path(self.temporary.name) / "again"
        folder.mkdir()
        (folder / "one.hpp").write_text("int g(int& a) { return a; }\nint f(int a) { a = a + 1; return g(a); }\n")
        texts = []

        def build():
            texts.append((folder / "one.hpp").read_text())
            line = texts[-1].split("\n")[1]
            column = line.find("{}") + 1  # the first alternative that holds braces
            return f"{folder}/one.hpp:2:{column}: error: no\n" if len(texts) == 1 else ""

        mutants = mutate_cpp.mutate(folder, ["one.hpp"], [], [build], folder / "known.json")
        left_out = json.loads((folder / "known.json").read_text())
        self.assertEqual((len(texts), len(left_out)), (2, 1))
        self.assertNotIn(left_out[0], [one["key"] for one in mutants])

    def test_a_text_that_does_not_compile_for_another_reason_is_an_error(self):
        folder = Path(self.temporary.name) / "other"
        folder.mkdir()
        (folder / "one.hpp").write_text("inline int f(int a) { return a; }\n")
        with self.assertRaisesRegex(ValueError, "no mutant's"):
            mutate_cpp.mutate(folder, ["one.hpp"], [], [lambda: "elsewhere.cpp:1:1: error: no\n"], folder / "known.json")
        (folder / "two.hpp").write_text("int f( {\n")
        with self.assertRaisesRegex(ValueError, "two.hpp cannot be parsed"):
            mutate_cpp.mutate(folder, ["two.hpp"], [], [lambda: ""], folder / "known.json")


if __name__ == "__main__":
    unittest.main()
