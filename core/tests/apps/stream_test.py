# SPDX-License-Identifier: MIT
"""Goal: message_producer and message_consumer keep their promises as two real processes.

Method: each mode and policy is run end to end with every byte verified; either side is killed with
SIGKILL in the middle of a stream and a new one goes on; absence, refusal and corruption must show
in exit code and words.
"""
import os
import signal

import support

produce = "message_producer"
consume = "message_consumer"
wrong_option = "Run with --help"


class stream(support.case):
    def both(self, count, produce_words=(), consume_words=()):
        """Producer and consumer at once; their summaries."""
        reader = self.spawn(consume, "--name", self.name, "--messages", count, "--verify", "--json",
                            *consume_words)
        sent = support.run(produce, "--name", self.name, "--messages", count, "--json",
                           *produce_words)
        return sent, support.answer(reader)

    def check_all(self, count, sent, got):
        self.assert_ok(sent)
        self.assert_ok(got)
        self.assertEqual(sent.json["published"], count)
        self.assertEqual(got.json["messages"], count)
        self.assertEqual((got.json["first"], got.json["last"]), (0, count - 1))
        for nothing in ("gaps", "aborted", "lost", "invalid", "wrong"):
            self.assertEqual(got.json[nothing], 0, nothing)

    def test_G5_G1_G2_G4_a_waiting_ring_delivers_all_text(self):
        self.check_all(60000, *self.both(60000, ["--slots", 64]))

    def test_G1_G2_G4_a_waiting_ring_delivers_all_structures_in_batches(self):
        words = ["--kind", "structured"]
        self.check_all(60000, *self.both(60000, words + ["--batch", 32, "--slots", 64], words))

    def test_G1_G2_G4_a_waiting_ring_delivers_all_serialized_numbered_messages(self):
        words = ["--kind", "serialized", "--numbered"]
        self.check_all(30000, *self.both(30000, words, words))

    def test_G1_G2_G4_a_log_is_read_while_it_is_written(self):
        self.check_all(20000, *self.both(20000, ["--mode", "log"], ["--batch", 7]))

    def test_G1_G2_G4_a_log_is_read_after_its_producer_has_gone(self):
        words = ["--name", self.name, "--messages", 5000, "--json"]
        sent = support.run(produce, *words, "--mode", "log")
        self.check_all(5000, sent, support.run(consume, *words, "--verify"))

    def test_G1_a_ring_for_many_producers_delivers_each_ones_order(self):
        words = ["--name", self.name, "--numbered", "--json"]
        reader = self.spawn(consume, *words, "--messages", 40000, "--verify")
        writers = [self.spawn(produce, *words, "--messages", 20000, "--producers-role", "many",
                              "--slots", 128) for _ in range(2)]
        for writer in writers:
            self.assert_ok(support.answer(writer))
        got = self.assert_ok(support.answer(reader)).json
        self.assertEqual((got["messages"], got["wrong"], got["gaps"]), (40000, 0, 0))

    def test_G5_an_overwriting_ring_never_waits_and_every_loss_is_told(self):
        words = ["--name", self.name, "--json", "--messages", 3000]
        sent = self.assert_ok(support.run(produce, *words, "--when-full", "overwrite", "--slots",
                                          128))
        self.assertEqual(sent.json["published"], 3000)
        got = self.assert_ok(support.run(consume, *words, "--from", 0, "--verify", "--observer"))
        self.assertEqual(got.json["lost"], 3000 - 128)
        self.assertEqual(got.json["messages"], 128)

    def test_an_overwriting_ring_under_load_accounts_for_each_number(self):
        sent, got = self.both(60000, ["--when-full", "overwrite", "--slots", 64],
                              ["--until", 59999])
        self.assert_ok(sent)
        self.assert_ok(got)
        seen = got.json
        self.assertEqual(seen["messages"] + seen["lost"], 60000 - seen["start"])
        self.assertEqual((seen["wrong"], seen["gaps"], seen["invalid"]), (0, 0, 0))

    def test_G5_a_rejecting_ring_counts_what_it_refused(self):
        sent = support.run(produce, "--name", self.name, "--messages", 100, "--when-full", "reject",
                           "--slots", 64, "--json")
        self.assert_failed(sent, "36 messages were refused")
        self.assertEqual((sent.json["published"], sent.json["refused"]), (64, 36))

    def test_a_full_log_refuses_the_rest(self):
        sent = support.run(produce, "--name", self.name, "--messages", 100, "--mode", "log",
                           "--slots", 10, "--json")
        self.assert_failed(sent, "the log is full", "90 messages were refused")
        self.assertEqual((sent.json["published"], sent.json["refused"]), (10, 90))

    def test_a_waiting_producer_gives_up_without_a_consumer(self):
        sent = support.run(produce, "--name", self.name, "--messages", 100, "--slots", 64,
                           "--timeout", 0.3)
        self.assert_failed(sent, "no room", "no living consumer")

    def test_a_consumer_without_a_segment_fails_at_its_deadline(self):
        got = support.run(consume, "--name", self.name, "--timeout", 0.3, "--json")
        self.assert_failed(got, "no segment", "message_producer")
        self.assertEqual(got.json["error"]["rule"], "name")

    def test_a_consumer_without_a_producer_fails_at_its_deadline(self):
        self.assert_ok(support.tool("create", self.name))
        for count in (10, 0):
            got = support.run(consume, "--name", self.name, "--timeout", 0.3, "--messages", count,
                              "--json")
            self.assert_failed(got, "no message", "no producer is attached")
            self.assertEqual(got.json["messages"], 0)

    def read_three(self, *words):
        """A consumer that has read all there is, and waits."""
        self.fill(3, "--slots", 8)
        reader = self.spawn(consume, "--name", self.name, "--json", "--verify", *words)
        self.wait_until(lambda: [one["cursor"] for one in self.participants("consumer")] == [3], "the reader")
        return reader

    def test_G11_a_replaced_segment_is_reported(self):
        reader = self.read_three("--messages", 0, "--timeout", 1000)
        self.assert_ok(support.tool("rm", self.name))
        self.assert_ok(support.tool("create", self.name))
        seen = self.assert_failed(support.answer(reader), "was removed and made again", "--follow-name")
        self.assertEqual((seen.json["name_state"], seen.json["segments"], seen.json["messages"]), ("replaced", 1, 3))

    def test_G1_G2_G4_a_replaced_segment_is_followed_if_asked_for(self):
        reader = self.read_three("--messages", 8, "--timeout", 1000, "--follow-name")
        self.assert_ok(support.tool("rm", self.name))
        self.fill(5, "--slots", 16)
        seen = self.assert_ok(support.answer(reader))
        self.assertEqual((seen.json["name_state"], seen.json["segments"]), ("same", 2))
        self.assertEqual((seen.json["messages"], seen.json["last"], seen.json["gaps"]), (8, 4, 0))

    def test_what_cannot_be_followed_is_a_failure(self):
        reader = self.read_three("--messages", 0, "--timeout", 1000, "--follow-name", "--content-size", 1024)
        self.assert_ok(support.tool("rm", self.name))
        self.assert_ok(support.tool("create", self.name, "--content-size", 8))
        self.assert_failed(support.answer(reader), "content_size", "found 8, expected 1024")

    def test_a_removed_segment_is_named_at_the_deadline(self):
        reader = self.read_three("--messages", 5, "--timeout", 10)
        reader.send_signal(signal.SIGSTOP)
        self.assert_ok(support.tool("rm", self.name))
        reader.send_signal(signal.SIGCONT)
        seen = self.assert_failed(support.answer(reader), "the name was removed")
        self.assertEqual(seen.json["name_state"], "removed")

    def test_a_producer_without_room_names_the_removed_segment(self):
        self.assert_ok(support.tool("create", self.name, "--slots", 2))
        writer = self.spawn(produce, "--name", self.name, "--slots", 2, "--timeout", 10)
        self.wait_until(lambda: self.participants("producer"), "the producer")
        writer.send_signal(signal.SIGSTOP)
        self.assert_ok(support.tool("rm", self.name))
        writer.send_signal(signal.SIGCONT)
        self.assert_failed(support.answer(writer), "the segment was removed")

    def test_too_few_messages_are_a_failure(self):
        support.run(produce, "--name", self.name, "--messages", 10)
        got = support.run(consume, "--name", self.name, "--messages", 11, "--timeout", 0.3,
                          "--json")
        self.assert_failed(got, "no message")
        self.assertEqual((got.json["messages"], got.json["complete"]), (10, False))

    def test_a_log_read_to_its_end_says_so(self):
        support.run(produce, "--name", self.name, "--messages", 10, "--mode", "log")
        got = support.run(consume, "--name", self.name, "--messages", 11)
        self.assert_failed(got, "the log ends here")

    def test_start_positions(self):
        support.run(produce, "--name", self.name, "--messages", 100, "--mode", "log", "--slots",
                    200)
        words = ["--name", self.name, "--timeout", 0.3, "--json", "--messages"]
        self.assertEqual(support.run(consume, *words, 5).json["first"], 0)
        self.assertEqual(support.run(consume, *words, 5, "--from", 42).json["first"], 42)
        self.assert_failed(support.run(consume, *words, 5, "--from", "latest"), "no message")
        self.assertEqual(support.run(consume, *words, 1, "--until", 49, "--from", 40)
                         .json["messages"], 10)

    def test_G6_a_killed_producer_is_followed_by_another(self):
        words = ["--name", self.name, "--json"]
        reader = self.spawn(consume, *words, "--messages", 0, "--verify", "--timeout", 1)
        for _ in range(3):
            writer = self.spawn(produce, *words, "--messages", 0, "--slots", 64)
            before = self.stat_cursor()
            self.wait_until(lambda: self.stat_cursor() > before + 2000, "the stream")
            self.kill(writer)
        got = self.assert_ok(support.answer(reader)).json
        self.assertEqual(got["messages"], self.stat()["producer_cursor"])
        self.assertEqual((got["gaps"], got["wrong"], got["lost"]), (0, 0, 0))

    def test_G6_a_killed_one_of_many_producers_loses_at_most_its_claim(self):
        words = ["--name", self.name, "--numbered", "--json"]
        reader = self.spawn(consume, *words, "--messages", 0, "--verify", "--timeout", 1)
        steady = self.spawn(produce, *words, "--messages", 0, "--slots", 64, "--producers-role",
                            "many")
        kills = 4
        for _ in range(kills):
            writer = self.spawn(produce, *words, "--messages", 0, "--slots", 64,
                                "--producers-role", "many")
            before = self.stat_cursor()
            self.wait_until(lambda: self.stat_cursor() > before + 2000, "the stream")
            self.kill(writer)
        steady.send_signal(signal.SIGTERM)
        self.assert_ok(support.answer(steady))
        got = self.assert_ok(support.answer(reader)).json
        self.assertLessEqual(got["aborted"], kills)
        self.assertEqual((got["gaps"], got["wrong"], got["lost"]), (0, 0, 0))

    def test_G7_a_killed_consumers_cursor_resumes_with_nothing_skipped(self):
        words = ["--name", self.name, "--json"]
        writer = self.spawn(produce, *words, "--messages", 0, "--slots", 64, "--rate", 50000)
        reading = [*words, "--messages", 0, "--verify", "--cursor", "audit", "--print"]
        self.wait_until(lambda: self.participants("producer"), "the producer")
        seen = -1
        for _ in range(3):
            reader = self.spawn(consume, *reading)
            out = [reader.stdout.readline() for _ in range(500)]
            reader.kill()
            out += reader.stdout.readlines()
            numbers = [int(line.split()[0]) for line in out]
            self.assertLessEqual(numbers[0], seen + 1)
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
            seen = numbers[-1]
        # Something must be left for the last consumer: the third may have read all there was. Its
        # cursor may also be a whole ring behind what it printed, and then no more is published.
        self.wait_until(lambda: self.participants("cursor")[0]["lag"] > 10, "more messages")
        writer.send_signal(signal.SIGINT)
        self.assert_ok(support.answer(writer))
        last = self.stat()["producer_cursor"] - 1
        got = self.assert_ok(support.run(consume, *words, "--cursor", "audit", "--until", last,
                                         "--verify")).json
        self.assertLessEqual(got["first"], seen + 1)
        self.assertEqual((got["last"], got["gaps"], got["lost"]), (last, 0, 0))

    def test_G7_a_killed_nameless_consumer_blocks_nobody(self):
        self.assert_ok(support.tool("create", self.name, "--slots", 64))
        idle = self.spawn(consume, "--name", self.name, "--rate", 0.001)
        reader = self.spawn(consume, "--name", self.name, "--messages", 100)
        self.wait_until(lambda: len(self.participants("consumer")) == 2, "the consumers")
        writer = self.spawn(produce, "--name", self.name, "--slots", 64, "--messages", 100)
        self.wait_until(lambda: self.stat_cursor() == 64, "a full ring")
        self.kill(idle)
        self.assert_ok(support.answer(writer))
        self.assert_ok(support.answer(reader))

    def test_G4_a_changed_byte_is_found(self):  # proof that --verify can fail
        words = ["--name", self.name, "--messages", 10]
        support.run(produce, *words, "--mode", "log")
        file = support.segment_file(self.name)
        self.assert_ok(support.run(consume, *words, "--verify"))
        file.write(file.slot(7) + 32 + 100, b"X")
        got = support.run(consume, *words, "--verify", "--json")
        self.assert_failed(got, "message 7: byte 100 is 0x58, expected 0x68")
        self.assertEqual((got.json["wrong"], got.json["messages"]), (1, 10))
        self.assert_ok(support.run(consume, *words))  # not asked for, not looked for

    def test_a_repeated_sequence_is_found(self):  # proof that --numbered can fail
        words = ["--name", self.name, "--messages", 10, "--numbered"]
        support.run(produce, *words, "--mode", "log")
        self.assert_ok(support.run(consume, *words, "--verify"))
        file = support.segment_file(self.name)
        file.write(file.slot(5) + 32 + 133 + 18 + 10 + 19, b"3")
        self.assert_failed(support.run(consume, *words, "--verify"), "message 5", "sent 3 after 4")

    def test_G9_a_broken_record_is_told_as_invalid(self):
        words = ["--name", self.name, "--messages", 10]
        support.run(produce, *words, "--mode", "log")
        file = support.segment_file(self.name)
        file.write(file.slot(3) + 8, 1 << 40)
        got = support.run(consume, *words, "--json")
        self.assert_failed(got, "1 messages broke a rule")
        self.assertEqual((got.json["invalid"], got.json["messages"], got.json["gaps"]), (1, 9, 0))

    def test_the_wrong_kind_is_found(self):
        words = ["--name", self.name, "--messages", 3]
        support.run(produce, *words)
        self.assert_failed(support.run(consume, *words, "--verify", "--kind", "serialized"),
                           "message 0: has 133 bytes")

    def test_a_signal_ends_both_with_a_summary(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            words = ["--name", self.name, "--messages", 0, "--json"]
            writer = self.spawn(produce, *words, "--rate", 10000)
            reader = self.spawn(consume, *words)
            self.wait_until(lambda: self.participants("consumer"), "the consumer")
            before = self.stat_cursor()
            self.wait_until(lambda: self.stat_cursor() > before + 100, "the stream")
            for process in (reader, writer):
                process.send_signal(number)
                result = self.assert_ok(support.answer(process))
                self.assertTrue(result.json["stopped"])
            self.assertEqual(self.stat()["participants"], [])

    def test_a_signal_before_the_end_is_a_failure(self):
        writer = self.spawn(produce, "--name", self.name, "--rate", 100, "--json")
        self.wait_until(lambda: self.stat_cursor() > 3, "the stream")
        writer.send_signal(signal.SIGTERM)
        result = support.answer(writer)
        self.assertEqual((result.code, result.json["complete"]), (1, False))

    def test_a_second_single_producer_is_refused(self):
        first = self.spawn(produce, "--name", self.name, "--messages", 0, "--rate", 10)
        self.wait_until(lambda: self.participants("producer"), "the producer")
        self.assert_failed(support.run(produce, "--name", self.name), "has a producer already",
                           f"pid {first.pid}")

    def test_another_geometry_is_refused_with_both_values(self):
        self.assert_ok(support.tool("create", self.name, "--slots", 64))
        self.assert_failed(support.run(produce, "--name", self.name, "--slots", 128),
                           "slot_count: found 64, expected 128")
        self.assert_failed(support.run(consume, "--name", self.name, "--content-size", 10),
                           "content_size: found 1024, expected 10")

    def test_nonsense_is_a_usage_error(self):
        for words in (["--mode", "heap"], ["--slots", 1000], ["--slots", 0.5], ["--messages", -4],
                      ["--slots", "4x"], ["--mode", "log", "--when-full", "wait"], ["--rate", "x"],
                      ["--batch", 0], ["--content-size", 132], ["--permissions", 888], ["surplus"],
                      ["--participants", 257], ["--kind", "parcel"], ["--timeout", -1]):
            self.assert_usage(support.run(produce, "--name", self.name, *words), wrong_option)
        for words in (["--from", "cursor"], ["--from", -1], ["--from", "1x"], ["--batch", 0],
                      ["--observer", "--cursor", "c"], ["--until", -2], ["--kind", ""]):
            self.assert_usage(support.run(consume, "--name", self.name, *words), wrong_option)
        self.assert_usage(support.run(consume, "--name", "a/b"), "only the first character")
        self.assertFalse(os.path.exists(f"/dev/shm/{self.name}"))

    def test_help_tells_exit_codes_and_examples(self):
        for program in (produce, consume):
            text = self.assert_ok(support.run(program, "--help")).out
            self.assertIn("Exit codes:", text)
            self.assertIn("Examples:", text)

    def test_progress_shows_on_a_terminal_and_not_in_a_pipe(self):
        words = ["--name", self.name, "--messages", 1500, "--rate", 1000, "--slots", "4K"]
        self.assertEqual(self.assert_ok(support.run(produce, *words)).err, "")
        master, terminal = os.openpty()
        child = support.start(produce, *words)
        self.children.append(child)
        self.kill(child)
        child = support.subprocess.Popen(
            [os.path.join(support.programs, produce), *map(str, words)], stderr=terminal,
            stdout=support.subprocess.DEVNULL, **support.tie_to_test())
        self.children.append(child)
        os.close(terminal)
        self.assertEqual(child.wait(support.deadline_seconds), 0)
        shown = os.read(master, 65536).decode()
        os.close(master)
        self.assertIn("of 1500", shown)
        self.assertIn("msg/s  lag -  ETA 0:00:0", shown)

    def stat_cursor(self):
        if not os.path.exists(f"/dev/shm/{self.name}"):
            return 0
        return self.stat()["producer_cursor"]


if __name__ == "__main__":
    support.main()
