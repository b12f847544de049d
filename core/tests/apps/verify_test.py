# SPDX-License-Identifier: MIT
"""Goal: `shmfifo verify` names each broken rule of a segment, and never calls a sound one broken.

Method: one word at a time is changed in a sound segment and put right again, so each rule is shown
to be able to fail; beside live streams, and after kills, nothing may be found.
"""
import support
from support import stamp, tool

produce = "message_producer"
consume = "message_consumer"


class segment_check(support.case):
    def test_verify_finds_nothing_in_sound_segments(self):
        for words in (["--mode", "log"], ["--when-full", "overwrite", "--slots", 16],
                      ["--slots", 64], ["--producers-role", "many", "--slots", 64]):
            with self.subTest(words=words):
                self.fill(50, *words)
                report = self.assert_ok(tool("verify", self.name, "--json")).json
                self.assertEqual(report["broken"], 0)
                self.assertEqual(report["published"], min(50, report["slots"]))
                self.assert_ok(tool("rm", self.name))

    def test_verify_raises_no_false_alarm_beside_a_live_stream(self):
        for words in (["--slots", 16], ["--when-full", "overwrite", "--slots", 16],
                      ["--slots", 16, "--producers-role", "many"],
                      ["--when-full", "overwrite", "--slots", 16, "--producers-role", "many"]):
            with self.subTest(words=words):
                shared = ["--name", self.name, "--messages", 0]
                many = 2 if "many" in words else 1
                running = [self.spawn(produce, *shared, *words) for _ in range(many)]
                running.append(self.spawn(consume, *shared))
                self.wait_until(lambda: self.participants("consumer"), "the stream")
                for _ in range(25):
                    self.assert_ok(tool("verify", self.name))
                for process in running:
                    self.kill(process)
                self.assert_ok(tool("verify", self.name))  # killed anywhere is no broken rule
                self.assert_ok(tool("recover", self.name))
                self.assert_ok(tool("verify", self.name))
                self.assert_ok(tool("rm", self.name))

    def check_broken(self, words, offset, value, rule, found, expected):
        """One corruption: told by its rule and both values; put right again, nothing is told."""
        file = self.fill(20, *words)
        offset = offset(file) if callable(offset) else offset
        before = file.read(offset)
        file.write(offset, value(before) if callable(value) else value)
        result = self.assert_failed(tool("verify", self.name, "--json"))
        first = result.json["findings"][0]
        self.assertEqual((first["rule"], first["found"], first["expected"]),
                         (rule, found, expected))
        self.assertIn(f"rule {rule}: found {found}, expected {expected}",
                      tool("verify", self.name).out)
        file.write(offset, before)
        self.assert_ok(tool("verify", self.name))
        self.assert_ok(tool("rm", self.name))

    def test_G9_verify_names_each_broken_rule_of_a_slot(self):
        log = ["--mode", "log", "--slots", 32]
        ring = ["--when-full", "overwrite", "--slots", 16]
        many = ring + ["--producers-role", "many"]
        lossless = ["--slots", 32, "--producers-role", "many"]
        for words, slot, field, value, rule, found, expected in (
                (log, 3, 0, 0, "unused_below_cursor", 0, stamp(3, 2)),
                (log, 3, 0, stamp(3, 7), "slot_state", 7, 4),
                (log, 3, 0, stamp(3, 0), "slot_state", 0, 1),
                (log, 3, 0, stamp(4, 2), "slot_number", 4, 3),
                (log, 3, 0, stamp(3, 1), "slot_state", 1, 2),
                (log, 25, 0, stamp(25, 2), "message_number", 0, 25),
                (log, 25, 0, stamp(25, 3), "number_ahead", 25, 20),
                (log, 3, 0, stamp(3, 2, 9), "stamp_owner", 9, 0),
                (log, 3, 8, 1025, "value_length", 1025, 1024),
                (log, 3, 8, 2**64 - 1, "value_length", 2**64 - 1, 1024),
                (log, 3, 16, 7, "message_number", 7, 3),
                (log, 3, 24, 7 << 8, "status_word", 7, 3),
                (ring, 2, 0, stamp(2, 2), "number_behind", 2, 18),
                (ring, 3, 0, stamp(35, 3), "number_ahead", 35, 20),
                (ring, 2, 0, stamp(19, 2), "slot_number", 19, 18),
                (ring, 3, 0, stamp(19, 1), "claimed_below_cursor", 19, 20),
                (ring, 3, 0, stamp(19, 4), "slot_state", 4, 3),
                (lossless, 3, 0, stamp(3, 4), "slot_state", 4, 3),
                (many, 3, 0, stamp(19, 1, 200), "stamp_owner", 200, 63),
                (many, 3, 0, stamp(19, 1, 7), "claim_owner", 0, 1)):
            with self.subTest(rule=rule, found=found):
                self.check_broken(words, lambda file: file.slot(slot) + field, value, rule, found,
                                  expected)

    def test_G9_verify_names_each_broken_rule_of_control_and_participants(self):
        ring = ["--slots", 32]
        line = support.participants_offset + 5 * support.line_size
        self.check_broken(["--mode", "log", "--slots", 32], support.floor_offset, 3, "gate_floor",
                          3, 0)
        self.check_broken(ring, line, 9, "participant_kind", 9, 3)
        file = self.fill(20, *ring)
        file.write(line + 8, 33)
        file.write(line, 2)
        found = tool("verify", self.name, "--json").json["findings"]
        self.assertEqual([(one["rule"], one["found"], one["expected"]) for one in found],
                         [("consumer_cursor", 33, 21)])
        file.write(line + 8, 20)
        file.write(line, 3)
        found = tool("verify", self.name, "--json").json["findings"]
        self.assertEqual([one["rule"] for one in found], ["cursor_name"])
        for index in (5, 6):
            file.write(support.participants_offset + index * support.line_size + 28, b"twin")
        file.write(line + support.line_size, 3)
        found = tool("verify", self.name, "--json").json["findings"]
        self.assertEqual([(one["rule"], one["found"], one["expected"]) for one in found],
                         [("cursor_name", 6, 5)])

    def test_verify_finds_unread_messages_overwritten(self):
        file = self.fill(20, "--slots", 32)
        for index in range(20):  # a lap further than the gate allows
            number = index + 32
            file.write(file.slot(index), stamp(number, 2))
            file.write(file.slot(index) + 16, number)
            file.write(file.slot(index) + 24, number << 8)
        for index in range(20, 32):
            file.write(file.slot(index), stamp(index, 3))
        file.write(support.control_offset, 52)
        found = tool("verify", self.name, "--json").json["findings"]
        self.assertEqual([(one["rule"], one["found"], one["expected"]) for one in found],
                         [("gate", 52, 32)])

    def test_verify_finds_a_claim_that_its_owner_denies(self):
        self.assert_ok(tool("create", self.name, "--slots", 16, "--producers-role", "many"))
        writer = self.spawn(produce, "--name", self.name, "--messages", 0, "--slots", 16,
                            "--producers-role", "many", "--rate", 0.001)
        self.wait_until(lambda: self.participants("producer"), "the producer")
        self.fill(10, "--slots", 16, "--producers-role", "many")
        file = support.segment_file(self.name)
        owner = self.participants("producer")[0]["line"]
        intent = support.participants_offset + owner * support.line_size + 16
        file.write(file.slot(5), stamp(5, 1, owner))
        file.write(intent, 5)
        self.assert_ok(tool("verify", self.name))
        file.write(intent, 6)
        found = tool("verify", self.name, "--json").json["findings"]
        self.assertEqual([(one["rule"], one["found"], one["expected"]) for one in found],
                         [("claim_intent", 6, 5)])
        self.kill(writer)

    def test_G6_G8_a_reader_may_be_gone_before_the_cursor_moves(self):
        # As after the death of a producer between its last message's stamp and its cursor.
        file = self.fill(1, "--slots", 16)
        self.assert_ok(support.run(consume, "--name", self.name, "--messages", 1))
        self.assertEqual(file.read(support.floor_offset), 1)
        file.write(support.control_offset, 0)
        self.assertEqual(self.stat()["producer_cursor"], 0)
        self.assert_ok(tool("verify", self.name))
        self.fill(1, "--slots", 16)
        self.assertEqual(self.stat()["producer_cursor"], 2)
        file.write(support.control_offset, 1)
        file.write(support.floor_offset, 3)
        self.assert_failed(tool("verify", self.name), "gate_floor: found 3")


if __name__ == "__main__":
    support.main()
