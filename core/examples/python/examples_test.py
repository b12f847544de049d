# SPDX-License-Identifier: MIT
# Goal: the Python examples work on a live segment, and what they print is what was written.
# Method: each runs as a process of its own beside a writer; lost and aborted numbers, which need a
# moment of their own, are made in this process between two steps of the observer.
import os
import signal
import subprocess
import sys
from unittest import mock

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "../../tests/apps")]
import observe  # noqa: E402
import shmfifo_ctypes as fifo  # noqa: E402
import support  # noqa: E402


def prepare():
    support.die_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it


class python_examples(support.case):
    def example(self, script, *words):
        child = subprocess.Popen([sys.executable, "-B", os.path.join(here, script), *map(str, words)],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True,
                                 **{**support.tie_to_test(), "preexec_fn": prepare})
        self.children.append(child)
        return child

    def write(self, producer, *texts):
        for text in texts:
            fifo.publish(producer, text.encode())

    def abort_one(self, producer):
        content = fifo.c_void_p()
        fifo.check(fifo.library.shmfifo_claim(producer, fifo.byref(content), 0))
        fifo.check(fifo.library.shmfifo_abort(producer))

    def test_G1_G2_G4_reader_prints_what_the_writer_wrote(self):
        reader = self.example("shmfifo_ctypes.py", "read", self.name, 500)
        writer = self.example("shmfifo_ctypes.py", "write", self.name, 500)
        self.assertEqual(support.answer(writer).code, 0)
        seen = self.assert_ok(support.answer(reader))
        self.assertEqual(seen.out.splitlines(), [f"{n} message {n} from Python" for n in range(500)])

    def test_failure_becomes_an_exception_with_the_sentence(self):
        with self.assertRaisesRegex(OSError, "create it first"):
            fifo.call("attach", self.name.encode(), 0)
        with self.assertRaisesRegex(OSError, "found 5, expected 8"):
            fifo.create(self.name, slot_count=5)

    def test_G11_ctrl_c_ends_a_wait_without_a_message(self):
        segment = fifo.create(self.name, when_full=fifo.WAIT, slot_count=16)
        reader = self.example("shmfifo_ctypes.py", "read", self.name, 1)
        self.wait_until(lambda: self.participants("consumer"), "the reader")
        self.end_by_ctrl_c(reader)
        fifo.library.shmfifo_close(segment)

    def test_G11_ctrl_c_ends_a_wait_for_room(self):
        writer = self.example("shmfifo_ctypes.py", "write", self.name, 17)
        self.wait_until(lambda: self.participants("producer") and self.stat()["producer_cursor"] == 16, "a full ring")
        self.end_by_ctrl_c(writer)

    def end_by_ctrl_c(self, child):
        child.send_signal(signal.SIGINT)
        seen = support.answer(child)
        self.assertEqual((seen.code, seen.out, seen.err), (128 + signal.SIGINT, "", ""))

    def test_G4_a_long_message_comes_whole(self):
        segment = fifo.create(self.name, content_size=8000)
        producer = fifo.call("attach_producer", segment)
        self.write(producer, "long " * 1600)
        reader = self.example("shmfifo_ctypes.py", "read", self.name, 1)
        seen = self.assert_ok(support.answer(reader))
        self.assertEqual(seen.out, "0 " + "long " * 1600 + "\n")
        fifo.library.shmfifo_close_producer(producer)
        fifo.library.shmfifo_close(segment)

    def test_G1_G2_G4_observer_follows_a_live_log(self):
        producer = self.spawn("message_producer", "--name", self.name, "--mode", "log", "--messages",
                              400, "--rate", 2000)
        self.wait_until(lambda: os.path.exists(f"/dev/shm/{self.name}"), "the segment")
        observer = self.example("observe.py", self.name, 400)
        self.assert_ok(support.answer(producer))
        seen = self.assert_ok(support.answer(observer))
        text = support.text_content.decode()
        self.assertEqual(seen.out.splitlines(), [f"{n} ok {text}" for n in range(400)])

    def test_G2_G5_observer_tells_what_was_lost_and_aborted(self):
        segment = fifo.create(self.name, when_full=fifo.OVERWRITE, slot_count=4, content_size=16)
        producer = fifo.call("attach_producer", segment)
        observed = observe.follow(self.name)
        self.write(producer, "a", "b")
        self.assertEqual(next(observed), (0, "ok", b"a"))
        self.write(producer, *"cdefghij")  # numbers 2 to 9: 6 to 9 are left
        self.assertEqual(next(observed), (1, "lost", 5))
        self.abort_one(producer)  # number 10, in the slot that held 6
        self.assertEqual([next(observed) for _ in range(5)],
                         [(6, "lost", 1), (7, "ok", b"h"), (8, "ok", b"i"), (9, "ok", b"j"), (10, "aborted", b"")])
        fifo.library.shmfifo_close_producer(producer)
        fifo.library.shmfifo_close(segment)

    def test_G13_observer_refuses_another_layout_version(self):
        fifo.library.shmfifo_close(fifo.create(self.name))
        support.segment_file(self.name).write(8, b"\x01\0\0\0")
        seen = support.answer(self.example("observe.py", self.name, 1))
        self.assertNotEqual(seen.code, 0)
        self.assertIn("layout version 2, found 1", seen.err)

    def test_G9_observer_refuses_another_users_segment(self):
        fifo.library.shmfifo_close(fifo.create(self.name))
        stranger = mock.patch.object(os, "geteuid", lambda: os.getuid() + 1)
        here = mock.patch.object(os, "fstat", lambda number: mock.Mock(st_uid=os.getuid() + 2))
        with stranger, here, self.assertRaisesRegex(ValueError, f"belongs to uid {os.getuid() + 2}"):
            next(observe.follow(self.name))

    def test_nonsense_is_told_in_a_sentence(self):
        for words, sentence in ((("observe.py",), "usage:"), (("observe.py", self.name, "x"), "usage:"),
                                (("observe.py", self.name, 1), "No such file"),
                                (("shmfifo_ctypes.py", "write", self.name), "usage:"),
                                (("shmfifo_ctypes.py", "read", self.name, "x"), "usage:"),
                                (("shmfifo_ctypes.py", "write", "a/b", 1), "shmfifo_ctypes.py: ")):
            with self.subTest(words=words):
                seen = support.answer(self.example(*words))
                self.assertEqual(seen.code, 1)
                self.assertIn(sentence, seen.err)
                self.assertNotIn("Traceback", seen.err)

    def test_a_library_that_is_not_there_is_named(self):
        seen = subprocess.run([sys.executable, "-B", os.path.join(here, "shmfifo_ctypes.py")], text=True,
                              env={**os.environ, "SHMFIFO_LIBRARY": "/no.so"}, stderr=subprocess.PIPE)
        self.assertEqual(seen.returncode, 1)
        self.assertRegex(seen.stderr, "^/no.so: .*; install the library, or name its file in SHMFIFO_LIBRARY$")


if __name__ == "__main__":
    support.main()
