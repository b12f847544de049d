# SPDX-License-Identifier: MIT
"""Goal: message_consumer finds every gap in the numbers that it gets, whatever makes it.

Method: a core that keeps its promises leaves none, so message_consumer is compiled with one that does not
(wrong_core.hpp); its summary is compared whole with that of a sound run, and what must differ.
"""
import os

import support
from support import stamp

consume = os.environ["SHMFIFO_WRONG_CORE_CONSUMER"]


class wrong_core(support.case):
    def read(self, words, wrong):
        """The summary, without what depends on the clock, and what is on standard error; 12 numbers of a log, of which
        4 and 5 are aborted and 8 is invalid."""
        env = {**os.environ, "SHMFIFO_WRONG": wrong}
        result = support.answer(support.start(consume, "--name", self.name, "--json", *words, env=env))
        summary = result.json
        del summary["seconds"], summary["messages_per_second"]
        return summary, result.err, result.code

    def test_G1_G2_a_gap_in_the_numbers_is_a_failure(self):
        file = self.fill(12, "--mode", "log")
        for number in (4, 5):
            file.write(file.slot(number), stamp(number, 3))
        invalid = f"message_consumer: 1 messages broke a rule of the segment: see `shmfifo verify {self.name}`\n"
        file.write(file.slot(8) + 8, 1025)
        words = ["--messages", 12]
        sound, err, code = self.read(words, "")
        self.assertEqual((sound["gaps"], sound["complete"], err, code), (0, True, invalid, 1))
        for wrong, gaps, changes in (
                ("message 3 5", 2, {}),  # a hole, and back
                ("message 3 2", 2, {}),  # twice the same
                ("message 0 1", 2, {"first": 1}),
                ("message 11 13", 1, {"last": 13}),
                ("message 2 3 message 3 2", 3, {}),
                ("first 4 3", 2, {}), ("first 5 6", 2, {}), ("first 8 9", 2, {}),
                ("count 8 2", 1, {"invalid": 2, "messages": 8, "last": 10, "bytes": 1064}),
                ("message 7 9 first 8 10", 2, {}), ("message 9 8 first 8 7 message 7 6 first 5 4 first 4 3", 4, {})):
            with self.subTest(wrong=wrong):
                found, err, code = self.read(words, wrong)
                self.assertEqual(found, {**sound, "gaps": gaps, **changes})
                twice = invalid.replace("1 messages", f"{found['invalid']} messages")
                self.assertEqual((err, code), (f"message_consumer: {gaps} gaps in the numbers\n" + twice, 1))

    def test_G1_G2_gaps_alone_are_a_failure(self):
        self.fill(5, "--slots", 8)
        found, err, code = self.read(["--messages", 5, "--verify", "--observer"], "message 2 3")
        self.assertEqual((found["gaps"], found["complete"], err, code),
                         (2, True, "message_consumer: 2 gaps in the numbers\n", 1))

    def test_an_answer_about_no_number_is_a_failure(self):
        file = self.fill(6, "--mode", "log")
        for number, kind in ((1, "aborted"), (3, "invalid")):
            file.write(file.slot(number), stamp(number, 3) if kind == "aborted" else stamp(number, 7))
            found, err, code = self.read(["--messages", 6], f"count {number} 0")
            sentence = f"poll answered {kind}"
            self.assertEqual((found["error"], found["complete"], found["messages"], found[kind], err, code),
                             (sentence, False, number if number == 1 else 2, 0, f"message_consumer: {sentence}\n", 1))


if __name__ == "__main__":
    support.main()
