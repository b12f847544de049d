# SPDX-License-Identifier: MIT
"""Goal: each length of time that a program takes or has, as an option or by itself, is as long as it says.

Method: the program runs under a clock that only its own sleeps move (core/tests/support/virtual_clock.c), so
nothing is waited for and nothing depends on the machine: what it asked the kernel for is seen exactly.
"""
import os
import pty
import signal
from collections import Counter

import support
from support import stamp, tool

produce = "message_producer"
consume = "message_consumer"
clock = os.environ["SHMFIFO_VIRTUAL_CLOCK"]
ms = 1_000_000  # nanoseconds


def slices(seconds):
    """What a participant asks for in so many seconds: sleeps of at most 20 ms, a signal being looked for after each
    250 ms."""
    return Counter({("futex", 20 * ms): int(seconds * 4) * 12, ("futex", 10 * ms): int(seconds * 4)})


class lengths_of_time(support.case):
    def run_with_clock(self, program, *words, signals=(), **options):
        """What the program printed, and its sleeps with their number."""
        path = f"/dev/shm/{self.name}-sleeps"
        told = " ".join(f"{number} {nanoseconds}" for number, nanoseconds in signals)
        env = {**os.environ, "LD_PRELOAD": clock, "SHMFIFO_CLOCK_LOG": path, "SHMFIFO_CLOCK_SIGNALS": told}
        result = support.answer(support.start(program, *words, env=env, **options))
        sleeps = []
        if os.path.exists(path):
            with open(path, encoding="ascii") as log:
                sleeps = [line.split() for line in log]
            os.unlink(path)
        return result, Counter((how, int(length)) for how, length in sleeps)

    def total(self, sleeps):
        return sum(length * count for (_, length), count in sleeps.items())

    def stream(self, program, *words, **options):
        """The summary of a stream, the exit code, and its sleeps."""
        result, sleeps = self.run_with_clock(program, "--name", self.name, "--json", *words, **options)
        summary = result.json
        self.assertAlmostEqual(summary["seconds"], self.total(sleeps) / 1e9, 6)
        count = summary["published" if program == produce else "messages"]
        if summary["seconds"]:
            self.assertAlmostEqual(summary["messages_per_second"], count / summary["seconds"], 6)
        return summary, result.code, sleeps

    # ---- --timeout

    def test_G11_a_consumer_waits_for_messages_as_long_as_told(self):
        self.fill(1, "--slots", 4)
        for words, seconds in ((["--timeout", 2], 2), ([], 10), (["--timeout", 0.5], 0.5), (["--timeout", 0], 0)):
            summary, code, sleeps = self.stream(consume, "--messages", 2, "--observer", *words)
            self.assertEqual((code, summary["messages"], summary["seconds"]), (1, 1, seconds))
            self.assertEqual(self.total(sleeps), seconds * 1e9)
            summary, code, sleeps = self.stream(consume, "--messages", 2, *words)
            self.assertEqual((code, sleeps), (1, slices(seconds)))

    def test_G11_a_consumer_sleeps_no_longer_than_is_left(self):
        self.fill(1, "--slots", 4)
        summary, _, sleeps = self.stream(consume, "--messages", 2, "--timeout", 0.013)
        self.assertEqual((summary["seconds"], sleeps), (0.013, Counter({("futex", 13 * ms): 1})))

    def test_a_consumer_looks_for_its_segment_every_hundredth_of_a_second(self):
        for words, seconds in ((["--timeout", 0.3], 0.3), ([], 10)):
            result, sleeps = self.run_with_clock(consume, "--name", self.name, *words)
            self.assert_failed(result, f"no segment '{self.name}' after {seconds} seconds")
            self.assertEqual(sleeps, Counter({("nanosleep", 10 * ms): seconds * 100}))

    def check_room(self, *expected):
        for words, seconds in expected:
            summary, code, sleeps = self.stream(produce, "--slots", 2, "--messages", 3, *words)
            self.assertEqual((code, summary["seconds"], sleeps), (1, seconds, slices(seconds)))

    def test_G11_a_producer_waits_for_room_as_long_as_told(self):
        self.assert_ok(tool("create", self.name, "--slots", 2))
        self.check_room(([], 30), (["--timeout", 2], 2), (["--timeout", 0.3], 0.5))

    def test_G11_a_producer_waits_for_a_living_consumer_as_long_as_told(self):
        self.assert_ok(tool("create", self.name, "--slots", 2))
        self.spawn(consume, "--name", self.name, "--rate", 0.001)
        self.wait_until(lambda: self.participants("consumer"), "the consumer")
        self.check_room((["--timeout", 2], 2), (["--timeout", 0.3], 0.5))

    def test_time_with_success_counts_towards_no_timeout(self):
        summary, code, _ = self.stream(produce, "--slots", 4, "--messages", 5, "--rate", 1, "--timeout", 2)
        self.assertEqual((code, summary["published"]), (1, 4))
        self.assertAlmostEqual(summary["seconds"], 6, 6)  # the last success was after 4

    def stopped_at(self, at, act, program, *words):
        """The result of a program that stops itself when its clock says so, and goes on after `act`."""
        env = {**os.environ, "LD_PRELOAD": clock, "SHMFIFO_CLOCK_SIGNALS": f"{int(signal.SIGSTOP)} {at}"}
        child = support.start(program, *words, env=env)
        self.children.append(child)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED)
        act()
        child.send_signal(signal.SIGCONT)
        return support.answer(child)

    def test_refused_messages_use_their_sequence_up(self):
        words = ["--name", self.name, "--slots", 2, "--when-full", "reject"]
        self.assert_ok(tool("create", self.name, *words[2:]))
        read = ["--name", self.name, "--cursor", "c", "--messages"]
        self.assert_failed(support.run(consume, *read, 1, "--timeout", 0))  # makes the cursor
        sent = self.stopped_at(3500 * ms, lambda: self.assert_ok(support.run(consume, *read, 2)), produce, *words,
                               "--messages", 6, "--rate", 1, "--numbered", "--json")
        self.assertEqual((sent.json["published"], sent.json["refused"]), (4, 2))
        rows = tool("dump", self.name, "--json").lines  # the third came when there was no room
        self.assertEqual([int(row["text"].split("sequence=")[1]) for row in rows], [3, 4])

    def test_G11_news_begin_a_timeout_anew(self):
        self.fill(1, "--slots", 4)
        words = ["--name", self.name, "--json", "--timeout", 1]
        result = self.stopped_at(600 * ms, lambda: self.fill(1, "--slots", 4), consume, *words, "--messages", 3)
        self.assertEqual((result.json["messages"], result.json["seconds"]), (2, 1.6))
        path = f"/dev/shm/{self.name}-sleeps"
        os.environ["SHMFIFO_CLOCK_LOG"] = path
        self.addCleanup(os.environ.pop, "SHMFIFO_CLOCK_LOG")
        self.assert_ok(self.stopped_at(600 * ms, lambda: self.fill(1, "--slots", 4), "shmfifo", "tail", self.name,
                                       "--timeout", 1))
        with open(path, encoding="ascii") as log:
            self.assertEqual(sum(int(line.split()[1]) for line in log), 1600 * ms)

    def test_a_consumer_says_at_the_deadline_that_the_name_was_removed(self):
        self.fill(1, "--slots", 4)
        result = self.stopped_at(300 * ms, lambda: self.assert_ok(tool("rm", self.name)), consume, "--name", self.name,
                                 "--json", "--timeout", 2, "--messages", 3, "--follow-name")
        sentence = (f"no message in '{self.name}' for 2 seconds, and the name was removed: "
                    "nobody can attach to this segment any more")
        self.assertEqual((result.code, result.err), (1, f"message_consumer: {sentence}\n"))
        summary = result.json
        self.assertEqual((summary["error"], summary["name_state"], summary["segments"], summary["seconds"]),
                         (sentence, "removed", 1, 2))

    def test_a_producer_says_at_the_deadline_that_the_segment_was_removed(self):
        for made_again in (False, True):
            def act():
                self.assert_ok(tool("rm", self.name))
                if made_again:
                    self.assert_ok(tool("create", self.name))
            result = self.stopped_at(300 * ms, act, produce, "--name", self.name, "--slots", 2, "--json",
                                     "--timeout", 2)
            sentence = (f"no room in '{self.name}' for 2 seconds, and the segment was removed: no consumer can attach "
                        "to it any more; start again")
            self.assertEqual((result.code, result.err), (1, f"message_producer: {sentence}\n"))
            self.assertEqual((result.json["error"], result.json["seconds"]), (sentence, 2))

    def keep_a_producer(self):
        self.spawn(produce, "--name", self.name, "--slots", 4, "--rate", 0.001)
        self.wait_until(lambda: self.participants("producer"), "the producer")

    def test_a_timeout_does_not_end_a_stream_whose_producer_lives(self):
        self.fill(1, "--slots", 4)
        self.keep_a_producer()
        summary, code, _ = self.stream(consume, "--messages", 0, "--timeout", 1, "--observer", "--from", 0,
                                       signals=[(signal.SIGTERM, 3000 * ms)])
        self.assertEqual((code, summary["messages"], summary["complete"], summary["stopped"], summary["seconds"]),
                         (0, 1, True, True, 3))
        result = self.stopped_at(2100 * ms, lambda: self.kill(self.children[0]), consume, "--name", self.name,
                                 "--messages", 0, "--timeout", 1, "--json")
        self.assertEqual((result.code, result.json["complete"], result.json["seconds"]), (0, True, 2.25))

    def test_a_segment_that_was_replaced_is_read_on_while_its_producer_lives(self):
        self.fill(1, "--slots", 4)
        self.keep_a_producer()

        def act():
            self.assert_ok(tool("rm", self.name))
            self.assert_ok(tool("create", self.name))
        result = self.stopped_at(300 * ms, act, "shmfifo", "tail", self.name, "--timeout", 1)
        self.assertEqual((result.code, result.err, len(result.out.splitlines())), (0, "", 1))
        self.assert_ok(tool("rm", self.name))
        self.kill(self.children.pop(0))
        self.fill(1, "--slots", 4)
        self.keep_a_producer()
        result = self.stopped_at(300 * ms, act, consume, "--name", self.name, "--timeout", 1, "--messages", 2, "--json")
        self.assertEqual((result.code, result.json["seconds"], result.json["name_state"]), (1, 1, "replaced"))
        self.assertEqual(result.json["error"], f"no message in '{self.name}' for 1 seconds, and the name was replaced: "
                         "nobody can attach to this segment any more")

    def test_tail_does_not_wait_behind_the_last_number(self):
        self.fill(1, "--slots", 4)
        result, sleeps = self.run_with_clock("shmfifo", "tail", self.name, "--count", 1)
        self.assertEqual((result.code, sleeps), (0, Counter()))

    def test_tail_shows_what_comes_with_the_end_of_its_timeout(self):
        self.fill(1, "--slots", 4)
        result = self.stopped_at(500 * ms, lambda: self.fill(1, "--slots", 4), "shmfifo", "tail", self.name,
                                 "--timeout", 0.5)
        self.assertEqual((result.code, [line.split()[0] for line in result.out.splitlines()]), (0, ["0", "1"]))

    def test_tail_waits_as_long_as_told(self):
        self.fill(1, "--slots", 4)
        for seconds in (0.5, 3):
            result, sleeps = self.run_with_clock("shmfifo", "tail", self.name, "--timeout", seconds)
            self.assertEqual((result.code, sleeps), (0, Counter({("nanosleep", ms): seconds * 1000})))
            result, sleeps = self.run_with_clock("shmfifo", "tail", self.name, "--timeout", seconds, "--count", 2)
            self.assert_failed(result, f"no message for {seconds} seconds; 1 of 2 were shown")
            self.assertEqual(self.total(sleeps), seconds * 1e9)

    def test_dump_gives_a_claim_a_fiftieth_of_a_second(self):
        file = self.fill(5, "--slots", 8, "--producers-role", "many")
        self.spawn(produce, "--name", self.name, "--slots", 8, "--producers-role", "many", "--rate", 0.001)
        self.wait_until(lambda: self.participants("producer"), "the producer")
        for number in (1, 3):
            file.write(file.slot(number), stamp(number, 1, self.participants("producer")[0]["line"]))
        result, sleeps = self.run_with_clock("shmfifo", "dump", self.name, "--json")
        self.assertEqual([one.get("no_message") for one in result.lines], [None, "claimed", None, "claimed", None])
        self.assertEqual(sleeps, Counter({("nanosleep", ms): 40}))
        rows = self.assert_ok(tool("dump", self.name, "--count", 4, "--json")).lines
        self.assertEqual([one["number"] for one in rows], [0, 1, 2, 3])

    def test_dump_shows_what_is_committed_while_it_waits(self):
        file = self.fill(3, "--slots", 8, "--producers-role", "many")
        self.spawn(produce, "--name", self.name, "--slots", 8, "--producers-role", "many", "--rate", 0.001)
        self.wait_until(lambda: self.participants("producer"), "the producer")
        file.write(file.slot(1), stamp(1, 1, self.participants("producer")[0]["line"]))
        result = self.stopped_at(5 * ms, lambda: file.write(file.slot(1), stamp(1, 2)), "shmfifo", "dump", self.name,
                                 "--json")
        self.assertEqual([(one["number"], one.get("length")) for one in result.lines], [(0, 133), (1, 133), (2, 133)])

    # ---- --rate

    def test_a_rate_is_in_messages_a_second(self):
        for count, rate, words in ((5, 10, []), (200, 1000, []), (2, 0.5, []), (64, 100, ["--batch", 7]), (9, 0, [])):
            seconds = count / rate if rate else 0
            summary, code, sleeps = self.stream(produce, "--messages", count, "--rate", rate, *words)
            self.assertEqual((code, summary["published"]), (0, count))
            self.assertAlmostEqual(summary["seconds"], seconds, 6)
            self.assertTrue(all(how == "nanosleep" and length <= 50 * ms for how, length in sleeps), sleeps)
            summary, code, _ = self.stream(consume, "--messages", count, "--rate", rate, *words)
            self.assertEqual((code, summary["messages"]), (0, count))
            self.assertAlmostEqual(summary["seconds"], seconds, 6)
            self.assert_ok(tool("rm", self.name))

    def test_refused_messages_keep_to_the_rate_too(self):
        for words in ([], ["--batch", 3]):
            summary, _, _ = self.stream(produce, "--slots", 4, "--when-full", "reject", "--messages", 8, "--rate", 10,
                                        *words)
            self.assertEqual((summary["published"], summary["refused"]), (4, 4))
            self.assertAlmostEqual(summary["seconds"], 0.8, 6)
            self.assert_ok(tool("rm", self.name))

    def test_numbers_without_a_message_keep_to_the_rate_too(self):
        file = self.fill(8, "--mode", "log")
        for number in range(2, 6):
            file.write(file.slot(number), stamp(number, 3))
        summary, _, _ = self.stream(consume, "--messages", 8, "--rate", 10)
        self.assertEqual((summary["messages"], summary["aborted"]), (4, 4))
        self.assertAlmostEqual(summary["seconds"], 0.8, 6)

    def test_the_time_that_a_rate_takes_counts_towards_no_timeout(self):
        self.fill(2, "--slots", 4)
        summary, _, _ = self.stream(consume, "--messages", 3, "--rate", 0.5, "--timeout", 1)
        self.assertEqual(summary["messages"], 2)
        self.assertAlmostEqual(summary["seconds"], 3 * 2 + 1, 6)  # the third is looked for when it is due

    # ---- signals

    def check_slices(self, program, *runs):
        """A signal of each kind at this time ends the program at that."""
        for number in (signal.SIGINT, signal.SIGTERM):
            for at, end, *words in runs:
                self.fill(2, "--slots", 2)
                summary, code, _ = self.stream(program, "--messages", 5, *words, signals=[(number, at * ms)])
                self.assertEqual((summary["stopped"], summary["complete"], code), (True, False, 1))
                self.assertAlmostEqual(summary["seconds"], end, 9)
                self.assert_ok(tool("rm", self.name))

    def test_a_signal_to_a_consumer_waits_for_the_end_of_a_slice(self):
        self.check_slices(consume, (10, 0.25), (251, 0.5), (1020, 1.05, "--rate", 0.01, "--observer"))

    def test_a_signal_to_a_producer_waits_for_the_end_of_a_slice(self):
        words = ["--slots", 2, "--timeout", 9]
        self.check_slices(produce, (10, 0.25, *words), (251, 0.5, *words), (1020, 1.05, *words, "--rate", 0.01))

    def test_a_signal_waits_for_the_end_of_a_slice_without_messages_too(self):
        self.fill(2, "--slots", 2)
        for number in (signal.SIGINT, signal.SIGTERM):
            result, sleeps = self.run_with_clock("shmfifo", "tail", self.name, signals=[(number, 260 * ms)])
            self.assertEqual((result.code, self.total(sleeps)), (0, 500 * ms))
            result, sleeps = self.run_with_clock(consume, "--name", self.name + "-none", signals=[(number, 75 * ms)])
            self.assert_failed(result, "no segment")
            self.assertEqual(self.total(sleeps), 80 * ms)

    def test_a_second_signal_ends_a_program_at_once(self):
        self.fill(2, "--slots", 2)
        for number in (signal.SIGINT, signal.SIGTERM):
            for program, words in ((consume, ["--name", self.name, "--observer"]),
                                   (produce, ["--name", self.name, "--slots", 2]),
                                   ("shmfifo", ["tail", self.name]), ("shmfifo", ["stat", self.name, "--watch"])):
                result, sleeps = self.run_with_clock(program, *words, signals=[(number, 100 * ms), (number, 100 * ms)])
                self.assertEqual((result.code, self.total(sleeps)), (-number, 100 * ms))

    # ---- --watch, progress

    def test_stat_watch_shows_again_after_so_many_seconds(self):
        self.fill(2, "--slots", 2)
        for words, at, shown in ((["--watch"], 2.5, 3), (["--watch", 2], 5, 3), (["--watch", 0.5], 0.7, 2),
                                 (["--watch", 60], 61, 2)):
            for form in ([], ["--json"]):
                result, sleeps = self.run_with_clock("shmfifo", "stat", self.name, *words, *form,
                                                     signals=[(signal.SIGINT, int(at * 1e9))])
                rows = result.out.split("\n\n") if not form else result.out.splitlines()
                self.assertEqual((result.code, len([row for row in rows if row])), (0, shown), words)
                self.assertEqual(self.total(sleeps), at * 1e9)
                self.assertTrue(all(length <= 50 * ms for _, length in sleeps))

    def on_terminal(self, program, *words, signals=()):
        return self.to_terminal("stderr", program, "--name", self.name, *words, signals=signals)

    def to_terminal(self, stream, program, *words, signals=()):
        """The exit code, and what the program wrote to a terminal that is this stream of its."""
        master, terminal = pty.openpty()
        with os.fdopen(master, "rb", 0) as end:
            result, _ = self.run_with_clock(program, *words, signals=signals, **{stream: terminal})
            os.close(terminal)
            told = b""
            try:
                while some := end.read(65536):
                    told += some
            except OSError:  # the other end is closed, and everything was read
                pass
            return result.code, told.decode()

    def test_stat_watch_begins_at_the_top_of_a_terminal_each_time(self):
        self.fill(2, "--slots", 2)
        watch = ["stat", self.name, "--watch"]
        for words, before in (([], "\x1b[H\x1b[2J"), (["--json"], "")):
            shown = self.assert_ok(tool("stat", self.name, *words)).out.replace("\n", "\r\n")
            self.assertEqual(self.to_terminal("stdout", "shmfifo", *watch, *words, signals=[(signal.SIGINT, 1500 * ms)]),
                             (0, 2 * (before + shown)))

    def test_progress_is_shown_twice_a_second(self):
        def told(*lines):
            return "".join(f"\r{line}\x1b[K" for line in lines) + "\r\x1b[K"
        three = ["--rate", 3]  # looked at after 16/30 and 33/30 seconds
        self.assertEqual(self.on_terminal(produce, *three, "--messages", 4), (0, told(
            "published 1 of 4 (25 %)  2 msg/s  lag -  ETA 0:00:01", "published 3 of 4 (75 %)  4 msg/s  lag -  ETA 0:00:00")))
        self.assertEqual(self.on_terminal(consume, *three, "--messages", 3, "--cursor", "c"), (0, told(
            "consumed 1 of 3 (33 %)  2 msg/s  lag 3  ETA 0:00:01")))
        self.assert_ok(support.run(consume, "--name", self.name, "--messages", 1, "--cursor", "far"))
        self.assert_ok(support.run(consume, "--name", self.name, "--messages", 2, "--cursor", "near"))
        stopped = [(signal.SIGTERM, 600 * ms)]
        self.assertEqual(self.on_terminal(produce, *three, "--messages", 20001, signals=stopped), (1, told(
            "published 1 of 20001 (0 %)  2 msg/s  lag 4  ETA 2:57:46")))
        self.assertEqual(self.on_terminal(produce, *three, "--messages", 0, signals=stopped), (0, told(
            "published 1  2 msg/s  lag 5")))
        for cursor in ("c", "far", "near"):
            self.assert_ok(tool("forget", self.name, cursor))
        nameless = self.spawn(consume, "--name", self.name, "--rate", 0.001)
        self.wait_until(lambda: self.participants("consumer"), "the consumer")
        self.assertEqual(self.on_terminal(produce, *three, "--messages", 0, signals=stopped), (0, told(
            "published 1  2 msg/s  lag 5")))
        self.kill(nameless)
        self.assertEqual(self.on_terminal(consume, *three, "--messages", 9, "--observer", signals=stopped), (
            1, told("consumed 1 of 9 (11 %)  2 msg/s  lag 6  ETA 0:00:04")
            + "message_consumer: stopped after 1 of 9 numbers\r\n"))


if __name__ == "__main__":
    support.main()
