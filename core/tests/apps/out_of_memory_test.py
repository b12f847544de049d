# SPDX-License-Identifier: MIT
"""Goal: a program without memory says so in one sentence, after all that it had printed before, and fails.

Method: its data may have a few MiB (RLIMIT_DATA), and it is given more to do than fits into them.
"""
import os
import resource
import tempfile

import support
from support import tool

limit = 8 << 20  # bytes of data
large = 16 << 20  # of a message


class out_of_memory(support.case):
    def run_limited(self, program, *words, kind=resource.RLIMIT_DATA, most=limit):
        def begin():
            support.die_with_parent()
            resource.setrlimit(kind, (most, most))
        return support.answer(support.subprocess.Popen(
            support.command_line(program, *words), stdin=support.subprocess.DEVNULL, preexec_fn=begin, text=True,
            pass_fds=[support.names.lock], stdout=support.subprocess.PIPE, stderr=support.subprocess.PIPE))

    def put_large(self):
        """A short message, and one that is printed only with more memory."""
        self.assert_ok(tool("create", self.name, "--mode", "log", "--slots", 2, "--content-size", large))
        file = self.fill(2, "--mode", "log", "--content-size", large)
        file.write(file.slot(1) + 8, large)

    def check(self, out, program, *words):
        result = self.run_limited(program, *words)
        self.assertEqual((result.out, result.err, result.code), (out, f"{program}: out of memory\n", 1))

    def test_what_was_printed_before_is_written(self):
        self.put_large()
        hola = support.text_content.decode()
        self.check(f"0 status=0 length=133 {hola}\n", "shmfifo", "dump", self.name)
        self.check(f"0 {hola}\n", "message_consumer", "--name", self.name, "--messages", 2, "--print")

    def test_a_batch_that_does_not_fit_publishes_nothing(self):
        self.check("", "message_producer", "--name", self.name, "--slots", 4, "--batch", 65536, "--numbered")
        self.assertEqual(self.stat()["producer_cursor"], 0)
        self.assert_ok(self.run_limited("message_producer", "--name", self.name, "--slots", 4, "--messages", 4))

    def test_a_segment_that_there_is_no_room_to_map_is_not_called_broken(self):
        with tempfile.TemporaryDirectory() as place:  # without the segments of others, which ls would map first
            alone = ("--directory", place)
            self.assert_ok(tool("create", self.name, "--slots", "64K", *alone))
            size = os.stat(os.path.join(place, self.name)).st_size
            room = {"kind": resource.RLIMIT_AS, "most": size}
            why = self.run_limited("shmfifo", "stat", self.name, *alone, **room).err
            self.assertIn(f"mmap of the segment ({size} bytes) failed", why)
            for words in (["ls"], ["ls", "--json"]):
                result = self.run_limited("shmfifo", *words, *alone, **room)
                self.assertEqual((result.err, result.code), (why, 1))
                self.assertNotIn("broken", result.out)


if __name__ == "__main__":
    support.main()
