# SPDX-License-Identifier: MIT
"""Goal: every field of the summaries of message_producer and message_consumer, their complaints and exit
codes are what the history of the segment says.

Method: a known history is made, also by a wrong producer (bytes put in behind the library's back); the
program runs on it twice, with and without --json, and all that it prints is compared with a table. Only
the two fields that depend on the clock are checked by what holds of them.
"""
import json
import os
import re
import signal
import time

import support
from support import segment_file, stamp, tool

produce = "message_producer"
consume = "message_consumer"
message = support.text_content
trailer_form = " sender=%010d sequence=%020d"


def published(name, segment, count, **changes):
    """The summary of a producer that published `count` texts; `changes` go where they belong."""
    fields = {"name": name, "segment": segment, "kind": "text", "published": count, "refused": 0,
              "last_number": count - 1, "bytes": count * len(message), "seconds": None,
              "messages_per_second": None, "stopped": False, "complete": True}
    return {**fields, **changes}


def consumed(name, segment, count, **changes):
    """The summary of a consumer that got `count` texts from number 0 on."""
    fields = {"name": name, "segment": segment, "kind": "text", "start": 0, "messages": count,
              "first": 0 if count else -1, "last": count - 1, "gaps": 0, "aborted": 0, "lost": 0, "invalid": 0,
              "wrong": 0, "bytes": count * len(message), "seconds": None, "messages_per_second": None,
              "verified": False, "segments": 1, "name_state": "same", "stopped": False, "complete": True}
    return {**fields, **changes}


def log_of(slots, content_size=1024):
    return f"log, reject when full, single producer, {slots} slots of {content_size} bytes"


def ring_of(slots, policy="wait", role="single producer"):
    return f"ring, {policy} when full, {role}, {slots} slots of 1024 bytes"


def as_text(value):
    if isinstance(value, str):
        return value
    return f"{value:.3f}" if isinstance(value, float) else json.dumps(value)


class summary(support.case):
    def compare(self, program, result, as_json, elapsed, expected, complaints=()):
        """`complaints` are the sentences on standard error; there is one if and only if the run failed, or the
        program was stopped early."""
        self.assertEqual(result.err, "".join(f"{program}: {one}\n" for one in complaints))
        if as_json:
            found = json.loads(result.out)
            self.assertEqual(result.out.count("\n"), 1)
        else:
            rows = [re.fullmatch(r"(.{20}) (.*)", line).groups() for line in result.out.splitlines()]
            found = {key.rstrip(): value for key, value in rows}
            for key in ("seconds", "messages_per_second"):
                self.assertRegex(found[key], r"^\d+\.\d{3}$")
                found[key] = float(found[key])
        count = expected["published"] if program == produce else expected["messages"]
        self.assertTrue(0 <= found["seconds"] <= elapsed + 0.0005, (found["seconds"], elapsed))
        if as_json and found["seconds"]:
            self.assertAlmostEqual(found["messages_per_second"] * found["seconds"], count, 6)
        expected = {**expected, "seconds": found["seconds"],
                    "messages_per_second": found["messages_per_second"]}
        if not as_json:
            expected = {key: as_text(value) for key, value in expected.items()}
            found = {key: as_text(value) for key, value in found.items()}
        self.assertEqual(list(found.items()), list(expected.items()))

    def check(self, history, program, words, expected, complaints=(), code=None):
        for form in ((), ("--json",)):
            with self.subTest(words=words, form=form):
                history()
                begin = time.monotonic()
                result = support.run(program, "--name", self.name, *words, *form)
                elapsed = time.monotonic() - begin
                self.assertEqual(result.code, (1 if complaints else 0) if code is None else code, result.err)
                self.compare(program, result, form != (), elapsed, expected, complaints)
                self.assert_ok(tool("rm", self.name))

    # ---- message_producer

    def test_G5_a_producers_summary_says_what_was_published_and_refused(self):
        log = ["--mode", "log", "--slots", 30]
        refused = "{} messages were refused: the segment was full"
        for filled, words, expected, complaints in (
                (0, ["--slots", 16, "--messages", 10], published(self.name, ring_of(16), 10), []),
                (0, ["--mode", "log", "--messages", 37], published(self.name, log_of(37), 37), []),
                (9, [*log, "--messages", 7, "--batch", 3],
                 published(self.name, log_of(30), 7, last_number=15), []),
                (0, [*log, "--messages", 4, "--kind", "structured"],
                 published(self.name, log_of(30), 4, kind="structured", bytes=4 * 51), []),
                (0, [*log, "--messages", 4, "--kind", "serialized", "--content-size", 90],
                 published(self.name, log_of(30, 90), 4, kind="serialized", bytes=4 * 81), []),
                (0, [*log, "--messages", 5, "--numbered"],
                 published(self.name, log_of(30), 5, bytes=5 * (133 + 48)), []),
                (0, ["--slots", 64, "--messages", 100, "--batch", 10, "--when-full", "overwrite",
                     "--producers-role", "many"],
                 published(self.name, ring_of(64, "overwrite", "many producers"), 100), []),
                (0, ["--slots", 64, "--messages", 100, "--batch", 10, "--when-full", "reject"],
                 published(self.name, ring_of(64, "reject"), 64, refused=36, complete=False),
                 [refused.format(36)]),
                (0, [*log, "--messages", 100, "--batch", 8],
                 published(self.name, log_of(30), 30, refused=70, complete=False, error="the log is full"),
                 [refused.format(70), "the log is full"]),
                (0, [*log, "--messages", 0, "--batch", 8],
                 published(self.name, log_of(30), 30, refused=2, complete=False, error="the log is full"),
                 [refused.format(2), "the log is full"]),
                (0, [*log, "--messages", 0],
                 published(self.name, log_of(30), 30, refused=1, complete=False, error="the log is full"),
                 [refused.format(1), "the log is full"]),
                (0, ["--slots", 4, "--when-full", "reject", "--batch", 65536],
                 published(self.name, ring_of(4, "reject"), 4, refused=999996, complete=False),
                 [refused.format(999996)]),
                (30, [*log, "--messages", 2],
                 published(self.name, log_of(30), 0, refused=2, complete=False, error="the log is full"),
                 [refused.format(2), "the log is full"])):
            self.check(lambda: filled and self.fill(filled, *log), produce, words, expected, complaints)

    def test_a_producer_without_room_says_for_how_long_and_why(self):
        words = ["--slots", 4, "--messages", 6, "--timeout", 0.3]
        lines = ("no room in '{0}' for 0.3 seconds: no living consumer; start `message_consumer --name {0}`",
                 "no room in '{0}' for 0.3 seconds: a consumer holds it back; see `shmfifo stat {0}`")
        for sentence, living in zip(lines, (False, True)):
            sentence = sentence.format(self.name)

            def history():
                self.assert_ok(tool("create", self.name, "--slots", 4))
                if living:
                    self.spawn(consume, "--name", self.name, "--rate", 0.001)
                    self.wait_until(lambda: self.participants("consumer"), "the consumer")
            self.check(history, produce, words,
                       published(self.name, ring_of(4), 4, complete=False, error=sentence), [sentence])

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

    # ---- message_consumer

    def test_G1_G2_a_consumers_summary_says_what_was_read(self):
        log = ["--mode", "log", "--slots", 30]
        ring = ["--slots", 16, "--when-full", "overwrite"]
        for filled, words, expected in (
                (["--slots", 32], ["--messages", 20, "--verify"],
                 consumed(self.name, ring_of(32), 20, verified=True)),
                (log, ["--messages", 3, "--from", 4],
                 consumed(self.name, log_of(30), 3, start=4, first=4, last=6)),
                (log, ["--until", 11, "--messages", 2, "--from", 4, "--batch", 3],
                 consumed(self.name, log_of(30), 8, start=4, first=4, last=11)),
                (log, ["--until", 3, "--from", 4],
                 consumed(self.name, log_of(30), 0, start=4, last=-1)),
                (log, ["--messages", 0, "--timeout", 0], consumed(self.name, log_of(30), 20)),
                (ring, ["--messages", 20, "--from", 0, "--observer"],
                 consumed(self.name, ring_of(16, "overwrite"), 16, first=4, last=19, lost=4)),
                (ring, ["--messages", 5, "--from", "oldest"],
                 consumed(self.name, ring_of(16, "overwrite"), 5, start=4, first=4, last=8)),
                ([*log, "--kind", "structured", "--content-size", 51], ["--messages", 20, "--kind", "structured",
                                                                        "--content-size", 51],
                 consumed(self.name, log_of(30, 51), 20, kind="structured", bytes=20 * 51)),
                ([*log, "--numbered"], ["--messages", 20, "--verify", "--numbered"],
                 consumed(self.name, log_of(30), 20, bytes=20 * (133 + 48), verified=True))):
            self.check(lambda: self.fill(20, *filled), consume, words, expected)

    def test_printed_messages_stand_before_the_summary_in_words_of_their_kind(self):
        self.fill(3, "--kind", "serialized")
        for kind, told in (("serialized", "imei=254784512658411 imsi=214021245145781 msisdn=123456987412547896"),
                           ("text", '{"imei":"254784512658411","imsi":"214021245145781",'
                                    '"msisdn":"123456987412547896"}')):
            result = self.assert_ok(support.run(consume, "--name", self.name, "--messages", 2, "--observer",
                                                "--from", 1, "--print", "--kind", kind, "--json"))
            self.assertEqual(result.out.splitlines()[:-1], [f"{number} {told}" for number in (1, 2)])
            self.assertEqual(json.loads(result.out.splitlines()[-1])["last"], 2)

    def test_G2_each_number_that_is_no_message_is_counted_under_its_name(self):
        def history():
            file = self.fill(12, "--mode", "log", "--slots", 12)
            for number in (2, 5, 6):
                file.write(file.slot(number), stamp(number, 3))  # aborted
        self.check(history, consume, ["--messages", 12, "--verify"],
                   consumed(self.name, log_of(12), 9, last=11, aborted=3, verified=True))

    def test_G5_a_loss_is_a_failure_only_where_none_may_be(self):
        def history():
            file = self.fill(4, "--slots", 8)
            for index in (1, 2):  # a producer that did not wait: a lap further
                file.write(file.slot(index), stamp(index + 8, 2))
        for words, complaints in ((["--messages", 4], ["2 messages lost"]), (["--messages", 4, "--observer"], [])):
            self.check(history, consume, words,
                       consumed(self.name, ring_of(8), 2, last=3, lost=2), complaints)

    def put(self, file, number, content, length=None):
        """What a wrong producer does to a published message."""
        file.write(file.slot(number) + 8, len(content) if length is None else length)
        file.write(file.slot(number) + 32, content)

    def test_G4_G9_a_wrong_producers_messages_are_told_by_number_and_difference(self):
        numbered = message + (trailer_form % (1, 4)).encode()
        other = "has {} bytes, expected {}"
        unreadable = "its numbering is unreadable: '{}'"
        for words, content, sentence in (
                ([], message[:-1], other.format(132, 133)),
                ([], message + b"s", other.format(134, 133)),
                ([], b"", other.format(0, 133)),
                ([], numbered, other.format(181, 133)),
                ([], b"H" + message[1:], "byte 0 is 0x48, expected 0x68"),
                ([], message[:-1] + b"\xff", "byte 132 is 0xff, expected 0x73"),
                ([], message[:64] + b"HOLA" + message[68:], "byte 64 is 0x48, expected 0x68"),
                (["--numbered"], message, other.format(133, 181)),
                (["--numbered"], b"x" + numbered[1:], "byte 0 is 0x78, expected 0x68"),
                *[(["--numbered"], message + tail.encode(), unreadable.format(tail)) for tail in (
                    " sendeR=0000000001 sequence=00000000000000000004",
                    " sender=0000000001 sequencE=00000000000000000004",
                    " sender=000000000x sequence=00000000000000000004",
                    " sender=x000000001 sequence=00000000000000000004",
                    " sender=0000000001 sequence=0000000000000000000x",
                    " sender=0000000001 sequence=99999999999999999999")]):
            def history():
                self.put(self.fill(10, "--slots", 16, *words), 4, content)
            wrong = f"message 4: {sentence}"
            size = 181 if words else 133
            self.check(history, consume, ["--messages", 10, "--verify", *words],
                       consumed(self.name, ring_of(16), 10, wrong=1, verified=True, first_wrong=wrong,
                                bytes=9 * size + len(content)),
                       [f"1 messages are not as they were sent; first: {wrong}"])

    def test_G1_G2_a_wrong_producers_numbering_is_found_for_each_sender(self):
        def history():
            file = self.fill(6, "--slots", 16, "--numbered")
            for number, (sender, sequence) in enumerate(((7, 5), (8, 5), (7, 6), (8, 4), (7, 6), (7, 9))):
                self.put(file, number, message + (trailer_form % (sender, sequence)).encode())
        wrong = "message 3: sender 8 sent 4 after 5"
        self.check(history, consume, ["--messages", 6, "--verify", "--numbered"],
                   consumed(self.name, ring_of(16), 6, wrong=2, verified=True, bytes=6 * 181, first_wrong=wrong),
                   [f"2 messages are not as they were sent; first: {wrong}"])

    def test_G3_G9_messages_that_break_a_rule_are_invalid_each(self):
        def history():
            file = self.fill(10, "--slots", 16)
            self.put(file, 2, b"", 1025)
            self.put(file, 3, b"", 2**64 - 1)
            file.write(file.slot(5) + 16, 7)
            self.put(file, 8, b"X")
        wrong = "message 8: has 1 bytes, expected 133"
        self.check(history, consume, ["--messages", 10, "--verify"],
                   consumed(self.name, ring_of(16), 7, last=9, invalid=3, wrong=1, verified=True,
                            bytes=6 * 133 + 1, first_wrong=wrong),
                   [f"1 messages are not as they were sent; first: {wrong}",
                    f"3 messages broke a rule of the segment: see `shmfifo verify {self.name}`"])

    def test_a_consumer_that_gets_too_little_says_how_long_it_waited_and_why(self):
        none = "no message in '{0}' for 0.3 seconds, and "
        dead = none + "no producer is attached: start `message_producer --name {0}`"
        alive = none + "yet a producer is alive: see `shmfifo stat {0}`"
        for living, words, count, sentence in (
                (False, ["--messages", 4], 3, dead), (True, ["--messages", 4], 3, alive),
                (False, ["--until", 3], 3, dead), (False, ["--from", "latest", "--messages", 0], 0, dead),
                (True, ["--from", "latest", "--messages", 0], 0, alive)):
            sentence = sentence.format(self.name)

            def history():
                self.fill(3, "--slots", 8)
                if living:
                    self.spawn(produce, "--name", self.name, "--slots", 8, "--rate", 0.001)
                    self.wait_until(lambda: self.participants("producer"), "the producer")
            self.check(history, consume, [*words, "--timeout", 0.3],
                       consumed(self.name, ring_of(8), count, start=3 - count, error=sentence,
                                complete=False),
                       [sentence])
        sentence = "the log ends here: all its slots were read"
        self.check(lambda: self.fill(3, "--mode", "log"), consume, ["--messages", 4],
                   consumed(self.name, log_of(3), 3, error=sentence, complete=False), [sentence])

    def reading(self, *words):
        """A consumer that has read the three messages there are, and when it began."""
        begin = time.monotonic()
        self.fill(3, "--slots", 8)
        reader = self.spawn(consume, "--name", self.name, "--json", "--timeout", 1000, *words)
        self.wait_until(lambda: [one["cursor"] for one in self.participants("consumer")] == [3], "the reader")
        return reader, begin

    def test_a_stopped_consumer_says_after_how_many_numbers(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for count, complaints in ((0, []), (5, ["stopped after 3 of 5 numbers"]),
                                      (None, ["stopped after 3 of 1000000 numbers"])):
                reader, begin = self.reading(*([] if count is None else ["--messages", count]))
                reader.send_signal(number)
                result = support.answer(reader)
                self.assertEqual(result.code, 1 if complaints else 0)
                self.compare(consume, result, True, time.monotonic() - begin,
                             consumed(self.name, ring_of(8), 3, stopped=True, complete=count == 0), complaints)
                self.assertEqual(self.stat()["participants"], [])
                self.assert_ok(tool("rm", self.name))

    def test_G11_a_consumer_of_a_replaced_segment_says_so_or_follows(self):
        sentence = (f"'{self.name}' was removed and made again: the name means another segment now, and nobody "
                    "publishes in the old one. Start again (message_consumer: or use --follow-name)")
        for words, expected, complaints in (
                ([], consumed(self.name, ring_of(8), 3, name_state="replaced", error=sentence, complete=False),
                 [sentence]),
                (["--follow-name"], consumed(self.name, ring_of(16), 8, last=4, segments=2), [])):
            reader, begin = self.reading("--messages", 8, *words)
            self.assert_ok(tool("rm", self.name))
            self.fill(5, "--slots", 16)
            self.compare(consume, support.answer(reader), True, time.monotonic() - begin, expected, complaints)
            self.assertEqual(reader.returncode, 1 if complaints else 0)
            self.assert_ok(tool("rm", self.name))

    def test_G7_G6_sums_are_those_of_the_history_after_kills(self):
        ring = ["--slots", 64]
        self.assert_ok(tool("create", self.name, *ring))
        reader = self.spawn(consume, "--name", self.name, "--cursor", "audit", "--messages", 0)
        writer = self.spawn(produce, "--name", self.name, *ring, "--messages", 0, "--rate", 5000)

        def cursors():
            return [one["cursor"] for one in self.participants("cursor")]
        self.wait_until(lambda: cursors() > [100], "the stream")
        self.kill(writer)
        self.wait_until(lambda: cursors() >= [self.stat()["producer_cursor"]], "the reader")
        self.kill(reader)
        cursor, = cursors()
        begin = time.monotonic()
        sent = support.run(produce, "--name", self.name, *ring, "--messages", 20, "--batch", 7, "--json")
        last = self.stat()["producer_cursor"] - 1
        self.assertIn(last - cursor, (19, 20))  # a message may have been complete when its producer died
        self.compare(produce, sent, True, time.monotonic() - begin,
                     published(self.name, ring_of(64), 20, last_number=last))
        got = support.run(consume, "--name", self.name, "--cursor", "audit", "--from", "cursor", "--until", last,
                          "--verify", "--json")
        self.compare(consume, got, True, time.monotonic() - begin,
                     consumed(self.name, ring_of(64), last + 1 - cursor, start=cursor, first=cursor, last=last,
                              verified=True))

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
