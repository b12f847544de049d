# SPDX-License-Identifier: MIT
"""Goal: each refusal of `shmfifo` and of an option's value is one whole sentence, with its exit code.

Method: a table of command lines, each compared with its sentence; of a range the last values that are taken,
and the first that are not.
"""
import os

import support
from support import tool

produce = "message_producer"
consume = "message_consumer"
help_line = "Run with --help for more information.\n"


class errors(support.comparing, support.case):
    def check_usage(self, sentence, program, *words):
        result = support.run(program, *words)
        self.assertEqual((result.out, result.err, result.code), ("", f"{program}: {sentence}\n{help_line}", 2), words)

    def test_the_words_of_stat_are_sorted_out(self):
        required = "NAME is required (but for --openmetrics)"
        for sentence, *words in (
                (required,), (required, "--watch"), (required, "--watch", 2), (required, "--watch="),
                ("--watch: 'soon' is no number of seconds", self.name, "--watch", "soon"),
                *[(f"--watch: {seconds} seconds are not between 0.01 and 86400", self.name, f"--watch={seconds}")
                  for seconds in ("0.009", "0", "-1", "86400.5", "nan", "inf")]):
            self.check_usage(sentence, "shmfifo", "stat", *words)
        for seconds in ("0.01", "86400"):  # these are taken: the segment is looked for
            self.assert_failed(tool("stat", self.name, "--watch", seconds), "There is no segment of this name")

    def test_an_observer_has_no_cursor_to_begin_at(self):
        self.fill(1, "--slots", 2)
        self.check_usage("--from: an observer has no cursor", "shmfifo", "tail", self.name, "--from", "cursor")

    def test_rm_says_why_it_leaves_a_file_alone(self):
        with open(f"/dev/shm/{self.name}", "wb") as file:
            file.write(b"x" * 5000)
        why = tool("stat", self.name, "--json").json["error"]["text"]
        text = (f"'{self.name}' does not look like a segment ({why}), so it is left alone; "
                "--force removes it all the same")
        for name in (self.name, "/" + self.name):
            self.check_json(["rm", name], {"error": {"code": 22, "rule": "magic", "text": text}},
                            err=f"shmfifo: {text}\n", code=1)
        self.assertTrue(os.path.exists(f"/dev/shm/{self.name}"))
        self.check_json(["rm", self.name, "--force"], {"removed": self.name})

    def test_names_that_nobody_can_have_are_left_to_the_library(self):
        for name in ("a/b", "x" * 256):
            result = tool("rm", name, "--json")
            self.assertEqual((result.json["error"]["rule"], result.code), ("name", 2))
        result = tool("rm", self.name, "--json")
        self.assertEqual((result.json["error"]["rule"], result.json["error"]["code"], result.code), ("unlink", 2, 1))

    def test_a_word_that_an_option_does_not_have_is_named_with_those_that_it_has(self):
        for option, value, words in (("--kind", "parcel", "text,structured,serialized"), ("--mode", "heap", "log,ring"),
                                     ("--when-full", "block", "reject,wait,overwrite"),
                                     ("--producers-role", "both", "single,many")):
            self.check_usage(f"{option}: {value} not in {{{words}}}", produce, "--name", self.name, option, value)
        self.check_usage("--format: morse not in {text,hex}", "shmfifo", "dump", self.name, "--format", "morse")

    def test_options_that_exclude_each_other_are_named(self):
        for sentence, program, *words in (
                ("--until excludes --follow-name", consume, "--follow-name", "--until", 3),
                ("-n excludes --from", "shmfifo", "tail", self.name, "-n", 3, "--from", 3),
                ("--json excludes --openmetrics", "shmfifo", "stat", "--openmetrics", "--json"),
                ("--watch excludes --openmetrics", "shmfifo", "stat", "--openmetrics", "--watch"),
                ("CURSOR is required", "shmfifo", "forget", self.name), ("NAME is required", "shmfifo", "rm"),
                ("A subcommand is required", "shmfifo")):
            self.check_usage(sentence, program, *words)

    def check_range(self, option, words, least, most, below, beyond):
        """Both ends are taken, what lies outside is not."""
        for value in (least, most):
            self.assert_ok(support.run(*words, option, value))
        for value in (below, beyond):
            result = self.assert_usage(support.run(*words, option, value))
            self.assertTrue(result.err.startswith(f"{words[0]}: {option}: Value {value} not in range "), result.err)

    def test_a_producer_takes_no_value_outside_of_an_options_range(self):
        words = [produce, "--name", self.name, "--messages", 1, "--mode", "log", "--slots", 9]
        self.check_range("--rate", words, 0, 1000000000, -1, 1000000001)
        self.check_range("--timeout", words, 0, 1000000, -1, 1000001)
        self.check_range("--batch", words, 1, 65536, 0, 65537)

    def test_a_consumer_takes_no_value_outside_of_an_options_range(self):
        self.fill(1, "--mode", "log")
        words = [consume, "--name", self.name, "--messages", 1]
        self.check_range("--rate", words, 0, 1000000000, -1, 1000000001)
        self.check_range("--timeout", words, 0, 1000000, -1, 1000001)
        self.check_range("--batch", words, 1, 65536, 0, 65537)

    def test_tail_and_dump_take_no_value_outside_of_an_options_range(self):
        self.fill(1, "--mode", "log", "--slots", 2)
        self.check_range("--timeout", ["shmfifo", "tail", self.name, "--count", 1], 0, 1000000, -1, 1000001)
        for words, value in ((["dump", self.name, "--count"], 0), (["dump", self.name, "--first"], -1),
                             (["tail", self.name, "--count"], 0)):
            self.assert_usage(tool(*words, value), f"{words[-1]}: Value {value} not in range ")
            self.assert_ok(tool(*words, value + 1))

    def test_what_is_no_number_is_a_usage_error(self):
        name = ["--name", self.name]
        for program, *words in ((produce, *name, "--rate"), (produce, *name, "--timeout"), (consume, *name, "--rate"),
                                (consume, *name, "--timeout"), ("shmfifo", "tail", self.name, "--timeout")):
            self.check_usage(f"{words[-1]}: 'nan' is no number", program, *words, "nan")


if __name__ == "__main__":
    support.main()
