# SPDX-License-Identifier: MIT
"""Goal: `shmfifo tail` and `dump` show each number of a segment as it is, and nothing else.

Method: segments whose history is known to the last number; the output is compared whole.
"""
import signal

import support
from support import stamp, tool

hola = support.text_content.decode()


class messages(support.comparing, support.case):
    def put_log(self):
        """Ten numbers of a log of 12: 2 is aborted, 3 and 4 invalid, 6 marked with -7; 5 is short and odd."""
        file = self.fill(10, "--mode", "log", "--slots", 12, "--content-size", 133)
        file.write(file.slot(2), stamp(2, 3))
        file.write(file.slot(3) + 8, 134)
        file.write(file.slot(4) + 16, 5)
        file.write(file.slot(5) + 8, 5)
        file.write(file.slot(5) + 32, b"a\\\x00\x1b\xff")
        file.write(file.slot(6) + 24, 6 << 8 | 249)
        return file

    def as_text(self, number, status=0, length=133, content=hola):
        return f"{number} status={status} length={length} {content}\n"

    holes = "2 aborted\n3 invalid\n4 invalid\n"
    odd = r"5 status=0 length=5 a\x5c\x00\x1b\xff" + "\n"

    def whole(self):
        return "".join([self.as_text(0), self.as_text(1), self.holes, self.odd, self.as_text(6, -7),
                        *map(self.as_text, (7, 8, 9))])

    def test_G2_G4_dump_shows_each_number_as_it_is(self):
        self.put_log()
        as_text = self.as_text
        for words, out in (
                ([], self.whole()),
                (["--first", 1, "--count", 6], as_text(1) + self.holes + self.odd + as_text(6, -7)),
                (["--first", 0, "--count", 1], as_text(0)),
                (["--count", 2, "--bytes", 5], "".join(as_text(i, content="holah...") for i in (0, 1))),
                (["--first", 5, "--count", 1, "--bytes", 5], self.odd),
                (["--first", 5, "--count", 1, "--format", "hex", "--bytes", 4], as_text(5, 0, 5, "615c001b...")),
                (["--first", 9, "--format", "hex"], as_text(9, content=hola.encode().hex())),
                (["--first", 10], "")):
            self.check(["dump", self.name, *words], out)

    def test_G2_G4_tail_shows_each_number_as_it_is(self):
        self.put_log()
        for words, out in (
                (["-n", 10, "--count", 10], self.whole()), (["--count", 10], self.whole()),
                (["--from", 7, "--count", 2], self.as_text(7) + self.as_text(8)),
                (["--from", "oldest", "--count", 5], self.as_text(0) + self.as_text(1) + self.holes),
                (["--from", "latest", "--timeout", 0.01], "")):
            self.check(["tail", self.name, *words], out)

    def test_G2_G4_dump_and_tail_show_each_number_as_it_is_in_json(self):
        self.put_log()
        told = [{"number": 1, "status": 0, "length": 133, "text": hola},
                {"number": 2, "count": 1, "no_message": "aborted"},
                {"number": 3, "count": 1, "no_message": "invalid"},
                {"number": 4, "count": 1, "no_message": "invalid"},
                {"number": 5, "status": 0, "length": 5, "text": r"a\x5c\x00\x1b\xff"},
                {"number": 6, "status": -7, "length": 133, "text": hola}]
        for words in (["dump", self.name, "--first", 1], ["tail", self.name, "--from", 1]):
            self.check_json([*words, "--count", 6], *told)
        self.check_json(["dump", self.name, "--first", 5, "--count", 1, "--format", "hex", "--bytes", 3],
                        {"number": 5, "status": 0, "length": 5, "hex": "615c00"})

    def test_tail_begins_ten_numbers_before_the_end_unless_told_otherwise(self):
        self.fill(15, "--slots", 16, "--when-full", "overwrite")
        for words, first in (([], 5), (["-n", 3], 12), (["-n", 15], 0), (["-n", 99], 0)):
            lines = self.assert_ok(tool("tail", self.name, *words, "--count", 15 - first)).out.splitlines()
            self.assertEqual([int(line.split()[0]) for line in lines], list(range(first, 15)))

    def test_G5_lost_numbers_are_shown_with_their_count(self):
        self.fill(20, "--slots", 16, "--when-full", "overwrite")
        for words in (["dump", self.name, "--first", 1], ["tail", self.name, "--from", 1]):
            self.check([*words, "--count", 4], "1 to 3 lost\n4 status=0 length=133 " + hola + "\n")
            rows = self.assert_ok(tool(*words, "--count", 4, "--json")).lines
            self.assertEqual(rows[0], {"number": 1, "count": 3, "no_message": "lost"})

    def check_stopped(self, *words):
        for number in (signal.SIGINT, signal.SIGTERM):
            child = self.spawn("shmfifo", *words)
            child.stdout.readline()
            child.send_signal(number)
            result = support.answer(child)
            self.assertEqual((result.code, result.err), (0, ""), words)

    def test_a_stopped_tail_is_no_failure(self):
        self.fill(3, "--slots", 4)
        self.check_stopped("tail", self.name, "--count", 9)

    def test_a_stopped_watch_is_no_failure(self):
        self.fill(3, "--slots", 4)
        self.check_stopped("stat", "--watch", self.name)
        self.check_stopped("stat", self.name, "--watch", 1, "--json")


if __name__ == "__main__":
    support.main()
