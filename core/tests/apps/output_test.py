# SPDX-License-Identifier: MIT
"""Goal: what a program prints is written, or its exit code says that it was not; it goes to standard
output and nowhere else; and text of others cannot drive a terminal or forge a row.

Method: each program is run with standard output full, closed, or read by nobody, and with each
subset of the descriptors 0 to 2 closed; names that hold every kind of harmful byte are put into
segments behind the library's back.
"""
import itertools
import os
import signal
import subprocess

import support
from support import tool

produce = "message_producer"
consume = "message_consumer"
harmful = support.harmful
shown = r"\x1b[2J\x0aforged\x0d\x07\x7f\xc2\x9b\xe2\x80\xae\x5c"
closed_subsets = [some for count in (1, 2, 3) for some in itertools.combinations((0, 1, 2), count)]


class output(support.case):
    def run_with(self, program, words, prepare=lambda: None, stdout=subprocess.PIPE):
        """Exit code and standard error of the program, in whose process `prepare` runs first."""
        def begin():
            support.die_with_parent()
            prepare()
        done = subprocess.run(
            support.command_line(program, *words), stdin=subprocess.DEVNULL, stdout=stdout,
            stderr=subprocess.PIPE, text=True, preexec_fn=begin, timeout=support.deadline_seconds,
            pass_fds=[support.names.lock])
        return done.returncode, done.stderr

    def commands(self):
        """A command line of every program and subcommand that prints and changes nothing."""
        name = self.name
        return [("shmfifo", ["ls"]), ("shmfifo", ["ls", "--json"]), ("shmfifo", ["stat", name]),
                ("shmfifo", ["stat", name, "--json"]), ("shmfifo", ["verify", name]),
                ("shmfifo", ["verify", name, "--json"]), ("shmfifo", ["dump", name]),
                ("shmfifo", ["dump", name, "--json"]), ("shmfifo", ["tail", name, "--count", 5]),
                ("shmfifo", ["recover", name]), ("shmfifo", ["--help"]),
                ("shmfifo", ["stat", "--help"]), (produce, ["--help"]),
                (consume, ["--name", name, "--observer", "--messages", 10]),
                (consume, ["--name", name, "--observer", "--messages", 10, "--print"])]

    def check_unwritten(self, reason, **how):
        self.fill(10, "--mode", "log", "--slots", 50)
        for program, words in [
                *self.commands(), ("shmfifo", ["stat", self.name, "--watch", 9]),
                (produce, ["--name", self.name, "--messages", 10, "--mode", "log", "--slots", 50])]:
            with self.subTest(program=program, words=words):
                code, error = self.run_with(program, words, **how)
                self.assertEqual(code, 1, error)
                self.assertEqual(error, f"{program}: standard output: {reason}\n")
        self.assertEqual(self.stat()["producer_cursor"], 20)

    def test_G10_a_full_standard_output_is_a_failure(self):
        with open("/dev/full", "w") as full:
            self.check_unwritten("No space left on device", stdout=full)

    def test_G10_a_closed_standard_output_is_a_failure(self):
        self.check_unwritten("Bad file descriptor", prepare=lambda: os.close(1))

    def test_G10_a_standard_output_that_nobody_reads_is_a_failure(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with open(write_end, "w") as broken:
            self.check_unwritten(
                "Broken pipe", stdout=broken,
                prepare=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))

    def test_G7_G2_a_message_that_cannot_be_printed_is_not_released(self):
        self.fill(10)
        words = ["--name", self.name, "--cursor", "kept", "--messages", 10, "--print"]
        with open("/dev/full", "w") as full:
            code, _ = self.run_with(consume, words, stdout=full)
        self.assertEqual(code, 1)
        self.assertEqual(len(self.assert_ok(support.run(consume, *words)).out.split("hola" * 32)),
                         11)

    # ---- descriptors 0 to 2 closed

    def run_closed(self, closed, program, *words):
        """The exit code. What is not closed is no pipe, so that nothing needs to be read."""
        def close():
            for number in closed:
                os.close(number)
        with open(os.devnull, "w") as null:
            code, _ = self.run_with(program, words, close, stdout=null)
        return code

    def test_G3_G9_output_never_goes_into_a_segment(self):
        log = ["--mode", "log", "--slots", 50]
        for closed in closed_subsets:
            with self.subTest(closed=closed):
                wanted = 1 if 1 in closed else 0
                for words in ([produce, "--name", self.name, "--messages", 50, *log],
                              [consume, "--name", self.name, "--messages", 50, "--print"],
                              [consume, "--name", self.name, "--cursor", "c", "--messages", 50],
                              ["shmfifo", "recover", self.name],
                              ["shmfifo", "forget", self.name, "c"]):
                    self.assertEqual(self.run_closed(closed, *words), wanted, words)
                    self.assert_ok(tool("verify", self.name))
                with open(f"/dev/shm/{self.name}", "rb") as file:
                    before = file.read()
                for program, words in self.commands():
                    self.assertEqual(self.run_closed(closed, program, *words), wanted, words)
                    with open(f"/dev/shm/{self.name}", "rb") as file:
                        self.assertEqual(file.read(), before, words)
                self.assert_ok(support.run(consume, "--name", self.name, "--messages", 50,
                                           "--observer", "--verify"))
                self.assertEqual(self.run_closed(closed, "shmfifo", "rm", self.name), wanted)
                self.assertEqual(self.run_closed(closed, "shmfifo", "create", self.name), wanted)
                self.assert_ok(tool("verify", self.name))
                self.assert_ok(tool("rm", self.name))

    # ---- text of others

    def put_harmful_cursor(self):
        """A durable cursor with a name that the library would not take."""
        words = ["--name", self.name, "--cursor", "c", "--messages", 1]
        self.fill()
        self.assert_ok(support.run(consume, *words))
        support.segment_file(self.name).write(support.cursor_name_offset, harmful + b"\0")

    def rename_to_harmful(self):
        harmful_path = f"/dev/shm/{self.name}".encode() + harmful
        os.rename(f"/dev/shm/{self.name}", harmful_path)
        return harmful_path

    def assert_harmless(self, text):
        self.assertTrue(all(" " <= c <= "~" or c == "\n" for c in text), ascii(text))

    def test_G9_names_of_cursors_reach_terminals_as_printable_text(self):
        self.put_harmful_cursor()
        told = self.assert_ok(tool("stat", self.name)).out
        self.assert_harmless(told)
        row, = [line for line in told.splitlines() if "cursor " in line and "away" in line]
        self.assertTrue(row.endswith("  " + shown), row)
        cursor, = self.stat()["participants"]
        self.assertEqual(cursor["name"], harmful.decode())  # JSON keeps it as it is
        self.assert_harmless(tool("stat", self.name, "--json").out)
        self.assert_harmless(self.assert_ok(tool("forget", self.name, harmful)).out)

    def test_G9_names_of_segments_reach_terminals_as_printable_text(self):
        self.fill()
        path = self.rename_to_harmful()
        told = self.assert_ok(tool("ls")).out
        self.assert_harmless(told)
        row, = [line for line in told.splitlines() if line.startswith(self.name)]
        self.assertTrue(row.startswith(self.name + shown), row)
        self.assertIn(self.name + harmful.decode(),
                      [one["name"] for one in tool("ls", "--json").json])
        for words in (["stat"], ["stat", "--json"], ["verify"], ["dump"], ["tail"], ["recover"],
                      ["forget", "c"], ["rm"]):
            done = tool(words[0], os.path.basename(path), *words[1:])
            self.assertNotEqual(done.code, 0, words)
            self.assert_harmless(done.out + done.err)
            self.assertIn(shown, done.err)
        for words in ([consume, "--timeout", 0], [produce, "--messages", 1]):
            done = support.run(*words, "--name", os.path.basename(path))
            self.assert_harmless(done.out + done.err)
            self.assertIn(shown, done.err)

    def test_words_of_the_command_line_reach_terminals_as_printable_text(self):
        for words in (["ls", harmful], ["stat", self.name, "--watch", harmful],
                      ["create", self.name, "--mode", harmful]):
            done = self.assert_usage(tool(*words), shown)
            self.assert_harmless(done.out + done.err)

    def test_G9_names_that_are_no_text_are_shown_and_replaced_in_json(self):
        self.fill()
        os.rename(f"/dev/shm/{self.name}", f"/dev/shm/{self.name}-".encode() + b"\xff\x9b2J")
        told = self.assert_ok(tool("ls")).out
        self.assert_harmless(told)
        self.assertIn(self.name + r"-\xff\x9b2J", told)
        self.assertIn(self.name + "-\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}2J",
                      [one["name"] for one in self.assert_ok(tool("ls", "--json")).json])


if __name__ == "__main__":
    support.main()
