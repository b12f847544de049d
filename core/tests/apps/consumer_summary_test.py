# SPDX-License-Identifier: MIT
"""Goal: every field of the summaries of message_consumer, its complaints and exit codes are what the history of
the segment says.

Method: a known history is made, also by a wrong producer (bytes put in behind the library's back); the
program runs on it twice, with and without --json, and all that it prints is compared with a table. Only
the two fields that depend on the clock are checked by what holds of them.
"""
import json
import signal
import time

import summaries
import support
from summaries import consume, consumed, log_of, message, produce, published, ring_of, trailer_form
from support import stamp, tool


class consumer_summary(summaries.comparing, support.case):
    def test_G1_G2_a_consumers_summary_says_what_was_read(self):
        log = ["--mode", "log", "--slots", 30]
        for filled, words, expected in (
                (["--slots", 32], ["--messages", 20, "--verify"],
                 consumed(self.name, ring_of(32), 20, verified=True)),
                (log, ["--messages", 3, "--from", 4],
                 consumed(self.name, log_of(30), 3, start=4, first=4, last=6)),
                (log, ["--until", 11, "--messages", 2, "--from", 4, "--batch", 3],
                 consumed(self.name, log_of(30), 8, start=4, first=4, last=11)),
                (log, ["--until", 3, "--from", 4],
                 consumed(self.name, log_of(30), 0, start=4, last=-1)),
                (log, ["--messages", 0, "--timeout", 0], consumed(self.name, log_of(30), 20))):
            self.check(lambda: self.fill(20, *filled), consume, words, expected)

    def test_G1_G2_a_consumers_summary_says_what_a_kind_or_a_ring_had(self):
        log = ["--mode", "log", "--slots", 30]
        ring = ["--slots", 16, "--when-full", "overwrite"]
        for filled, words, expected in (
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

    numbered = message + (trailer_form % (1, 4)).encode()

    def check_wrong(self, content, sentence, *words):
        def history():
            self.put(self.fill(10, "--slots", 16, *words), 4, content)
        wrong = f"message 4: {sentence}"
        size = 181 if words else 133
        self.check(history, consume, ["--messages", 10, "--verify", *words],
                   consumed(self.name, ring_of(16), 10, wrong=1, verified=True, first_wrong=wrong,
                            bytes=9 * size + len(content)),
                   [f"1 messages are not as they were sent; first: {wrong}"])

    def test_G4_G9_a_message_of_another_length_is_told_by_number_and_lengths(self):
        for content, expected, *words in (
                (message[:-1], 133), (message + b"s", 133), (b"", 133), (self.numbered, 133), (message, 181, "--numbered")):
            self.check_wrong(content, f"has {len(content)} bytes, expected {expected}", *words)

    def test_G4_G9_a_message_that_differs_is_told_by_its_first_other_byte(self):
        for content, sentence, *words in (
                (b"H" + message[1:], "byte 0 is 0x48, expected 0x68"),
                (message[:-1] + b"\xff", "byte 132 is 0xff, expected 0x73"),
                (message[:64] + b"HOLA" + message[68:], "byte 64 is 0x48, expected 0x68"),
                (b"x" + self.numbered[1:], "byte 0 is 0x78, expected 0x68", "--numbered")):
            self.check_wrong(content, sentence, *words)

    def check_unreadable(self, *tails):
        for tail in tails:
            self.check_wrong(message + tail.encode(), f"its numbering is unreadable: '{tail}'", "--numbered")

    def test_G4_G9_numbering_without_its_words_is_shown(self):
        self.check_unreadable(" sendeR=0000000001 sequence=00000000000000000004",
                              " sender=0000000001 sequencE=00000000000000000004",
                              "xsender=0000000001 sequence=00000000000000000004",
                              " sender=0000000001xsequence=00000000000000000004")

    def test_G4_G9_numbering_without_numbers_is_shown(self):
        self.check_unreadable(" sender=000000000x sequence=00000000000000000004",
                              " sender=x000000001 sequence=00000000000000000004",
                              " sender=0000000001 sequence=0000000000000000000x",
                              " sender=0000000001 sequence=99999999999999999999")

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

    def check_too_little(self, living, why, *runs):
        sentence = f"no message in '{self.name}' for 0.01 seconds, and {why}"

        def history():
            self.fill(3, "--slots", 8)
            if living:
                self.spawn(produce, "--name", self.name, "--slots", 8, "--rate", 0.001)
                self.wait_until(lambda: self.participants("producer"), "the producer")
        for count, *words in runs:
            self.check(history, consume, [*words, "--timeout", 0.01],
                       consumed(self.name, ring_of(8), count, start=3 - count, error=sentence, complete=False),
                       [sentence])

    def test_a_consumer_that_gets_too_little_says_that_there_is_no_producer(self):
        self.check_too_little(
            False, f"no producer is attached: start `message_producer --name {self.name}`",
            (3, "--messages", 4), (3, "--until", 3), (0, "--from", "latest", "--messages", 0))

    def test_a_consumer_that_gets_too_little_says_that_a_producer_is_alive(self):
        self.check_too_little(True, f"yet a producer is alive: see `shmfifo stat {self.name}`",
                              (3, "--messages", 4), (0, "--from", "latest", "--messages", 0))

    def test_a_consumer_that_gets_too_little_says_that_the_log_ends(self):
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

    def check_stopped(self, number, *runs):
        for words, complaints in runs:
            reader, begin = self.reading(*words)
            reader.send_signal(number)
            result = support.answer(reader)
            self.assertEqual(result.code, 1 if complaints else 0)
            self.compare(consume, result, True, time.monotonic() - begin,
                         consumed(self.name, ring_of(8), 3, stopped=True, complete=not complaints), complaints)
            self.assertEqual(self.stat()["participants"], [])
            self.assert_ok(tool("rm", self.name))

    def test_an_interrupted_consumer_says_after_how_many_numbers(self):
        self.check_stopped(signal.SIGINT, (["--messages", 0], []),
                           (["--messages", 5], ["stopped after 3 of 5 numbers"]))

    def test_a_terminated_consumer_says_after_how_many_numbers(self):
        self.check_stopped(signal.SIGTERM, (["--messages", 0], []), ([], ["stopped after 3 of 1000000 numbers"]))

    def check_replaced(self, expected, complaints, *words):
        reader, begin = self.reading("--messages", 8, *words)
        self.assert_ok(tool("rm", self.name))
        self.fill(5, "--slots", 16)
        self.compare(consume, support.answer(reader), True, time.monotonic() - begin, expected, complaints)
        self.assertEqual(reader.returncode, 1 if complaints else 0)

    def test_G11_a_consumer_of_a_replaced_segment_says_so(self):
        sentence = (f"'{self.name}' was removed and made again: the name means another segment now, and nobody "
                    "publishes in the old one. Start again (message_consumer: or use --follow-name)")
        self.check_replaced(
            consumed(self.name, ring_of(8), 3, name_state="replaced", error=sentence, complete=False), [sentence])

    def test_G11_a_consumer_of_a_replaced_segment_follows_if_asked_for(self):
        self.check_replaced(consumed(self.name, ring_of(16), 8, last=4, segments=2), [], "--follow-name")

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


if __name__ == "__main__":
    support.main()
