# SPDX-License-Identifier: MIT
"""Goal: every field of the summaries of message_producer, its complaints and exit codes are what the history of
the segment says.

Method: a known history is made, also by a wrong producer (bytes put in behind the library's back); the
program runs on it twice, with and without --json, and all that it prints is compared with a table. Only
the two fields that depend on the clock are checked by what holds of them.
"""
import json
import os
import signal
import time

import summaries
import support
from summaries import consume, log_of, message, produce, published, ring_of, trailer_form
from support import stamp, tool


class summary(summaries.comparing, support.case):


    log = ["--mode", "log", "--slots", 30]

    def check_producer(self, words, expected, complaints=(), filled=0):
        self.check(lambda: filled and self.fill(filled, *self.log), produce, words, expected, complaints)

    def test_G5_a_producers_summary_says_what_was_published(self):
        for filled, words, expected in (
                (0, ["--slots", 16, "--messages", 10], published(self.name, ring_of(16), 10)),
                (0, ["--mode", "log", "--messages", 37], published(self.name, log_of(37), 37)),
                (9, [*self.log, "--messages", 7, "--batch", 3],
                 published(self.name, log_of(30), 7, last_number=15)),
                (0, ["--slots", 64, "--messages", 100, "--batch", 10, "--when-full", "overwrite",
                     "--producers-role", "many"],
                 published(self.name, ring_of(64, "overwrite", "many producers"), 100))):
            self.check_producer(words, expected, (), filled)

    def test_a_producers_summary_counts_the_bytes_of_its_kind(self):
        for words, expected in (
                (["--messages", 4, "--kind", "structured"],
                 published(self.name, log_of(30), 4, kind="structured", bytes=4 * 51)),
                (["--messages", 4, "--kind", "serialized", "--content-size", 90],
                 published(self.name, log_of(30, 90), 4, kind="serialized", bytes=4 * 81)),
                (["--messages", 5, "--numbered"],
                 published(self.name, log_of(30), 5, bytes=5 * (133 + 48)))):
            self.check_producer([*self.log, *words], expected)

    def refused(self, count):
        return f"{count} messages were refused: the segment was full"

    def test_G5_a_producers_summary_says_what_a_ring_refused(self):
        for words, segment, done, count in (
                (["--slots", 64, "--messages", 100, "--batch", 10, "--when-full", "reject"], ring_of(64, "reject"), 64, 36),
                (["--slots", 4, "--when-full", "reject", "--batch", 65536], ring_of(4, "reject"), 4, 999996)):
            self.check_producer(words, published(self.name, segment, done, refused=count, complete=False),
                                [self.refused(count)])

    def test_G5_a_producers_summary_says_what_a_log_refused(self):
        for filled, words, done, count in (
                (0, ["--messages", 100, "--batch", 8], 30, 70), (0, ["--messages", 0, "--batch", 8], 30, 2),
                (0, ["--messages", 0], 30, 1), (30, ["--messages", 2], 0, 2)):
            self.check_producer(
                [*self.log, *words],
                published(self.name, log_of(30), done, refused=count, complete=False, error="the log is full"),
                [self.refused(count), "the log is full"], filled)

    def check_without_room(self, living, why):
        sentence = f"no room in '{self.name}' for 0.01 seconds: {why}"

        def history():
            self.assert_ok(tool("create", self.name, "--slots", 4))
            if living:
                self.spawn(consume, "--name", self.name, "--rate", 0.001)
                self.wait_until(lambda: self.participants("consumer"), "the consumer")
        self.check(history, produce, ["--slots", 4, "--messages", 6, "--timeout", 0.01],
                   published(self.name, ring_of(4), 4, complete=False, error=sentence), [sentence])

    def test_a_producer_without_room_says_for_how_long_and_that_nobody_reads(self):
        self.check_without_room(False, f"no living consumer; start `message_consumer --name {self.name}`")

    def test_a_producer_without_room_says_for_how_long_and_that_somebody_holds_it_back(self):
        self.check_without_room(True, f"a consumer holds it back; see `shmfifo stat {self.name}`")

    def test_G9_a_producer_says_why_a_segment_refuses_messages(self):
        most = 2**53 - 2  # the highest number

        def break_slot():
            file = self.fill(2, "--slots", 4, "--producers-role", "many")
            file.write(file.slot(3), stamp(1, 2))  # a number of another slot

        def use_numbers_up():
            file = self.fill(2, "--slots", 4, "--when-full", "overwrite")
            file.write(support.control_offset, most)
            for number in range(most - 4, most):
                file.write(file.slot(number % 4), stamp(number, 2))
        for history, words, segment, last, answer in (
                (break_slot, ["--producers-role", "many"], ring_of(4, role="many producers"), 2, "invalid"),
                (use_numbers_up, ["--when-full", "overwrite"], ring_of(4, "overwrite"), most, "exhausted")):
            sentence = "'{0}' refuses messages: {1}; see `shmfifo verify {0}`".format(self.name, answer)
            self.check(history, produce, ["--slots", 4, *words, "--messages", 5, "--timeout", 1],
                       published(self.name, segment, 1, complete=False, error=sentence, last_number=last),
                       [sentence])

    def test_numbers_go_on_from_batch_to_batch_under_the_producers_pid(self):
        writer = support.start(produce, "--name", self.name, "--messages", 8, "--batch", 3, "--numbered")
        self.assert_ok(support.answer(writer))
        rows = tool("dump", self.name, "--json").lines
        self.assertEqual([row["text"] for row in rows],
                         [message.decode() + trailer_form % (writer.pid, i) for i in range(8)])

    def test_a_stopped_producer_is_complete_only_if_nothing_was_asked_for(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for count in (0, 1000):
                begin = time.monotonic()
                writer = self.spawn(produce, "--name", self.name, "--messages", count, "--rate", 50, "--json")
                self.wait_until(lambda: self.participants("producer") and self.stat()["producer_cursor"] > 1,
                                "messages")
                writer.send_signal(number)
                result = support.answer(writer)
                done = self.stat()["producer_cursor"]
                self.assertEqual(result.code, 1 if count else 0)
                self.compare(produce, result, True, time.monotonic() - begin,
                             published(self.name, ring_of(1024), done, stopped=True, complete=count == 0))
                self.assertEqual(self.stat()["participants"], [])
                self.assert_ok(tool("rm", self.name))

    # ---- no run at all

    def test_an_error_in_json_is_the_one_on_standard_error(self):
        first = self.spawn(produce, "--name", self.name, "--messages", 0, "--rate", 10, "--slots", 8)
        self.wait_until(lambda: self.participants("producer"), "the producer")
        for program, words, code, rule, sentence in (
                (produce, ["--slots", 8], 16, "producer_role", f"pid {first.pid}"),
                (produce, ["--slots", 16], 17, "slot_count", "found 8, expected 16"),
                (consume, ["--content-size", 4], 22, "content_size", "found 1024, expected 4"),
                (consume, ["--from", 99999], 22, "start", "99999"),
                (consume, ["--observer", "--owner", os.geteuid() + 1], 13, "owner", "belongs to uid")):
            result = support.run(program, "--name", self.name, "--json", *words)
            self.assertEqual(result.code, 1)
            error = json.loads(result.out)["error"]
            self.assertEqual(json.loads(result.out), {"error": {"code": code, "rule": rule, "text": error["text"]}})
            self.assertEqual(result.err, f"{program}: {error['text']}\n")
            self.assertIn(sentence, error["text"])
        result = support.run(consume, "--name", self.name + "-none", "--json", "--timeout", 0)
        error = json.loads(result.out)["error"]
        self.assertEqual((result.code, error["code"], error["rule"]), (1, 2, "name"))
        self.assertTrue(error["text"].startswith(
            "no segment '{0}-none' after 0 seconds: start `message_producer --name {0}-none`. The last try: "
            .format(self.name)), error["text"])
        self.assertIn("There is no segment of this name", error["text"])

    def test_usage_errors_are_two_lines_and_no_json(self):
        help_line = "Run with --help for more information.\n"
        for program, words, sentence in (
                (produce, ["--content-size", 132], "--content-size: a message of this kind has 133 bytes, not 132"),
                (produce, ["--kind", "serialized", "--numbered", "--content-size", 128],
                 "--content-size: a message of this kind has 129 bytes, not 128"),
                (produce, ["--slots", 1000], "--slots: a ring needs a power of two, not 1000; the next one is 1024"),
                (produce, ["--mode", "log", "--when-full", "wait"],
                 "--when-full: a log is never reused, so its only policy is reject"),
                (produce, ["--participants", 257],
                 "--participants: 257 is not possible; the nearest possible value is 256"),
                (produce, ["--participants", 0],
                 "--participants: 0 is not possible; the nearest possible value is 1"),
                (produce, ["--content-size", "2G"],
                 "--content-size: 2147483648 is not possible; the nearest possible value is 1073741824"),
                (produce, ["--permissions", 888], "--permissions: '888' is no octal mode between 0 and 777"),
                (produce, ["--permissions", 1000], "--permissions: '1000' is no octal mode between 0 and 777"),
                (consume, ["--from", "soon"], "--from: 'soon' is neither oldest, latest, cursor nor a number"),
                (consume, ["--from", "cursor"], "--from cursor needs the cursor's name: --cursor NAME"),
                (consume, ["--observer", "--cursor", "c"],
                 "--observer owns nothing in the segment, so it cannot have a --cursor")):
            result = support.run(program, "--name", self.name, "--json", *words)
            self.assertEqual((result.code, result.out, result.err), (2, "", f"{program}: {sentence}\n{help_line}"))


if __name__ == "__main__":
    support.main()
