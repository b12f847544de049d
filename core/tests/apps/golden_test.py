# SPDX-License-Identifier: MIT
"""Goal: whatever `shmfifo` prints, as JSON, as text or as metrics, is what the segment's history says: each
key, column, unit, sum and exit code, and nothing else.

Method: segments whose history is known to the last number, with participants of every kind and state; the
output is compared whole with a table of it. The two fields that no history determines, uid and time of
creation, are written into the header.
"""
import json
import os
import subprocess
import tempfile

import support
from support import stamp, tool

produce = "message_producer"
consume = "message_consumer"
uid = 0x00c0ffee12345678
created_ns = 981173106_007000009  # 2001-02-03 04:05:06 and some, UTC


def set_header(file):
    """Puts uid and created_ns into a header, and its checksum right (core/README.md)."""
    file.write(24, uid)
    file.write(32, created_ns)
    with open(file.path, "rb") as bytes_of:
        header = bytes_of.read(128)
    checksum = 0xcbf29ce484222325
    for byte in header:
        checksum = (checksum ^ byte) * 0x100000001b3 % 2**64
    file.write(128, checksum)


class golden(support.comparing, support.case):
    def make(self, *words):
        """A segment with a known header."""
        self.assert_ok(tool("create", self.name, *words))
        file = support.segment_file(self.name)
        set_header(file)
        return file

    def row(self, line, kind, state, pid, cursor="-", lag="-", rest=""):
        return f"{line:>4}  {kind:<8}  {state:<5}  {pid:>8}  {cursor:>14}  {lag:>10}  {rest}\n"

    # ---- participants of every kind and state

    def put_everybody(self):
        """Cursor 2 of 18 numbers away, 18 of 18 dead; a consumer and a producer that live, a producer that
        died. The pids of the last four."""
        ring = ["--producers-role", "many", "--slots", 16]
        self.make(*ring, "--participants", 9)
        ring += ["--participants", 9]
        self.fill(10, *ring)
        self.assert_ok(support.run(consume, "--name", self.name, "--cursor", "audit", "--messages", 2))
        pids = []
        for words, kind, count in (
                ([consume, "--cursor", "night", "--messages", 0], "cursor", 2), ([consume, "--messages", 0], "consumer", 1),
                ([produce, *ring, "--rate", 0.001], "producer", 1), ([produce, *ring, "--rate", 0.001], "producer", 2)):
            child = self.spawn(words[0], "--name", self.name, *words[1:])
            pids.append(child.pid)
            self.wait_until(lambda: len(self.participants(kind)) == count, kind)
        self.fill(8, *ring)
        self.wait_until(lambda: [one["cursor"] for one in self.stat()["participants"][1:3]] == [18, 18], "readers")
        night, _, _, died = self.children
        self.kill(night)
        self.kill(died)
        return pids

    def test_G11_stat_says_who_is_attached_in_every_column(self):
        night, reader, writer, died = self.put_everybody()
        os.environ["TZ"] = "XYZ-3"  # three hours east
        self.addCleanup(os.environ.pop, "TZ")
        size = os.stat(f"/dev/shm/{self.name}").st_size
        for words in (["stat", self.name], ["stat", "/" + self.name]):
            self.check_json(words, {
                "name": self.name, "uid": "00c0ffee12345678", "created_ns": created_ns, "mode": "ring",
                "when_full": "wait", "producers_role": "many", "slots": 16, "content_size": 1024,
                "segment_size": size, "huge_bytes": 0, "producer_cursor": 18, "oldest": 2, "participants": [
                    {"line": 0, "kind": "cursor", "state": "away", "alive": False, "pid": 0, "cursor": 2, "lag": 16,
                     "holds_back": True, "name": "audit"},
                    {"line": 1, "kind": "cursor", "state": "dead", "alive": False, "pid": night, "cursor": 18,
                     "lag": 0, "holds_back": False, "name": "night"},
                    {"line": 2, "kind": "consumer", "state": "alive", "alive": True, "pid": reader, "cursor": 18,
                     "lag": 0, "holds_back": False},
                    {"line": 3, "kind": "producer", "state": "alive", "alive": True, "pid": writer},
                    {"line": 4, "kind": "producer", "state": "dead", "alive": False, "pid": died}]})
            self.check(words, f"{self.name}: ring, wait when full, many producers, 16 slots of 1024 bytes; {size} bytes, "
                       "created 2001-02-03 07:05:06\nnext number 18, oldest 2\n"
                       + self.row("LINE", "KIND", "STATE", "PID", "CURSOR", "LAG", "NAME")
                       + self.row(0, "cursor", "away", 0, 2, 16, "audit (holds producers back)")
                       + self.row(1, "cursor", "dead", night, 18, 0, "night")
                       + self.row(2, "consumer", "alive", reader, 18, 0)
                       + self.row(3, "producer", "alive", writer)
                       + self.row(4, "producer", "dead", died))

    def test_stat_says_how_much_lies_in_huge_pages(self):
        """On a mount of its own, if that may be; nothing, where the kernel has no such pages."""
        unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
        with tempfile.TemporaryDirectory() as place:
            mount = ["sh", "-c", 'mount -t tmpfs tmpfs "$0"', place]
            if subprocess.run([*unshare, *mount], capture_output=True, check=False).returncode != 0:
                unshare, place = [], "/dev/shm"
            script = ('[ "$1" = /dev/shm ] || mount -t tmpfs -o huge=always tmpfs "$1" || mount -t tmpfs tmpfs "$1";'
                      '"$0" create "$2" --directory "$1" --slots 4K --pretouch --json &&'
                      '"$0" stat "$2" --directory "$1" --json && "$0" stat "$2" --directory "$1"')
            done = subprocess.run([*unshare, "sh", "-c", script, *support.command_line("shmfifo"), place, self.name],
                                  capture_output=True, text=True, timeout=support.deadline_seconds,
                                  **support.tie_to_test())
        self.assertEqual(done.returncode, 0, done.stderr)
        _, told, *text = done.stdout.splitlines()
        size = json.loads(told)["huge_bytes"]
        self.assertEqual([line for line in text if line.startswith("in huge")], [f"in huge pages: {size} bytes"] if size else [])

    def put_three(self):
        """A ring with everybody, a log, and one that breaks a rule; the names of the last two."""
        self.put_everybody()
        broken, log = self.name + "-broken", self.name + "-log"
        for name in (broken, log):
            self.assert_ok(tool("create", name, "--mode", "log", "--slots", 3, "--content-size", 100))
        support.segment_file(broken).write(8, (9).to_bytes(4, "little"))
        return broken, log

    def ls(self, *words):
        """This test's rows, in JSON and as text."""
        found = [list(one.items()) for one in self.assert_ok(tool("ls", "--json", *words)).json]
        text = self.assert_ok(tool("ls", *words)).out.splitlines()
        self.assertEqual(text[0], self.ls_form.format("NAME", "MODE", "WHEN FULL", "ROLE", "SLOTS", "CONTENT", "SIZE",
                                                      "ALIVE"))
        return ([one for one in found if one[0][1].startswith(self.name)],
                [line for line in text if line.startswith(self.name)])

    ls_form = "{:<24} {:<5} {:<10} {:<7} {:>10} {:>8} {:>14} {:>6}"

    def test_G9_ls_has_a_row_of_each_segment_in_every_column(self):
        broken, log = self.put_three()
        size = os.stat(f"/dev/shm/{self.name}").st_size
        rows = [[("name", self.name), ("mode", "ring"), ("when_full", "wait"), ("producers_role", "many"),
                 ("slots", 16), ("content_size", 1024), ("segment_size", size), ("participants", 5), ("alive", 2)],
                [("name", log), ("mode", "log"), ("when_full", "reject"), ("producers_role", "single"), ("slots", 3),
                 ("content_size", 100), ("segment_size", 12288), ("participants", 0), ("alive", 0)]]
        lines = [self.ls_form.format(self.name, "ring", "wait", "many", 16, 1024, size, 2),
                 self.ls_form.format(log, "log", "reject", "single", 3, 100, 12288, 0)]
        wrong = tool("stat", broken).err.removeprefix("shmfifo: ").rstrip("\n")
        found, text = self.ls()
        self.assertCountEqual(found, [*rows, [("name", broken), ("broken", "layout_version"), ("error", wrong)]])
        self.assertCountEqual(text, [*lines, f"{broken} broken: {wrong}"])

    def test_G9_ls_refuses_the_segments_of_strangers(self):
        for name in (self.name, self.name + "-log"):
            self.assert_ok(tool("create", name, "--slots", 2))
        stranger = ["--owner", os.geteuid() + 1]
        refused = {name: tool("stat", name, *stranger).err.removeprefix("shmfifo: ").rstrip("\n")
                   for name in (self.name, self.name + "-log")}
        found, text = self.ls(*stranger)
        self.assertCountEqual(found, [[("name", name), ("refused", "owner"), ("error", error)]
                                      for name, error in refused.items()])
        self.assertCountEqual(text, [f"{name} refused: {error}" for name, error in refused.items()])

    def test_metrics_say_everything_about_a_known_segment(self):
        night, reader, writer, died = self.put_everybody()
        size = os.stat(f"/dev/shm/{self.name}").st_size
        of = f'segment="{self.name}"'
        labels = [of + f',line="{line}",kind="{kind}",cursor="{cursor}",pid="{pid}"' for line, kind, cursor, pid in (
            (0, "cursor", "audit", 0), (1, "cursor", "night", night), (2, "consumer", "", reader),
            (3, "producer", "", writer), (4, "producer", "", died))]

        def family(name, kind, unit, help_text, *samples):
            head = f"# HELP shmfifo_{name} {help_text}\n# TYPE shmfifo_{name} {kind}\n"
            head += f"# UNIT shmfifo_{name} {unit}\n" if unit else ""
            return head + "".join(f"shmfifo_{name}{{{which}}} {value}\n" for which, value in samples)
        self.check(
            ["stat", "--openmetrics", "/" + self.name],
            family("segment_readable", "gauge", "",
                   "1 if the segment could be read, 0 if it breaks a rule of its layout or is forbidden.", (of, 1))
            + family("segment_info", "gauge", "", "What kind of segment it is; always 1.",
                     (of + ',uid="00c0ffee12345678",mode="ring",when_full="wait",producers_role="many"', 1))
            + family("segment_slots", "gauge", "", "Messages that fit.", (of, 16))
            + family("segment_content_size_bytes", "gauge", "bytes", "The longest message.", (of, 1024))
            + family("segment_size_bytes", "gauge", "bytes", "Size of the segment's file.", (of, size))
            + family("segment_created_timestamp_seconds", "gauge", "seconds",
                     "When the segment was created, since the epoch.", (of, "981173106.007000009"))
            + family("messages_published_total", "counter", "",
                     "Message numbers that producers have taken since the creation, aborted ones included.", (of, 18))
            + family("oldest_message_number", "gauge", "", "The first number that a new reader can get.", (of, 2))
            + family("participants", "gauge", "", "Entries of the participant table that are used.",
                     *((of + f',kind="{kind}"', count)
                       for kind, count in (("producer", 2), ("consumer", 1), ("cursor", 2))))
            + family("participant_alive", "gauge", "",
                     "1 if the kernel says that the owner lives, 0 if it is dead or away.",
                     *zip(labels, (0, 0, 1, 1, 0)))
            + family("participant_next_message_number", "gauge", "", "The number that the reader will release next.",
                     *zip(labels, (2, 18, 18)))
            + family("participant_lag_messages", "gauge", "messages", "How far the reader is behind the producers.",
                     *zip(labels, (16, 0, 0)))
            + family("participant_holds_back", "gauge", "",
                     "1 if producers wait for this reader, because the ring is full.", *zip(labels, (1, 0, 0)))
            + "# EOF\n")

    def test_G6_G7_recover_counts_what_it_frees_and_forget_ends_cursors(self):
        self.put_everybody()
        mine = [child.pid for child in self.children]
        self.kill(self.children[1])
        self.check_json(["recover", self.name], {"name": self.name, "recovered": 2})
        self.check(["recover", self.name], f"name                 {self.name}\nrecovered            0\n")
        self.assertEqual([(one["line"], one["kind"], one["pid"]) for one in self.stat()["participants"]],
                         [(0, "cursor", 0), (1, "cursor", mine[0]), (3, "producer", mine[2])])
        self.check_json(["forget", self.name, "audit"], {"name": self.name, "forgotten": "audit"})
        self.check(["forget", self.name, "night"], f"name                 {self.name}\nforgotten            night\n")
        self.assertEqual([one["line"] for one in self.stat()["participants"]], [3])

    # ---- making and removing

    def test_create_says_what_it_made(self):
        for words, told, size in (
                ([], "ring, wait when full, single producer, 1024 slots of 1024 bytes", 8192 + 1024 * 1088),
                (["--mode", "log", "--slots", "1K", "--content-size", "1K"],
                 "log, reject when full, single producer, 1024 slots of 1024 bytes", 8192 + 1024 * 1088),
                (["--when-full", "reject", "--slots", 8, "--content-size", 7, "--producers-role", "many",
                  "--participants", 1], "ring, reject when full, many producers, 8 slots of 7 bytes", 4096 + 4096),
                (["--mode", "log", "--content-size", 8],
                 "log, reject when full, single producer, 1000000 slots of 8 bytes", 8192 + 64_000_000)):
            self.check_json(["create", self.name, *words], {"name": self.name, "segment": told, "segment_size": size})
            self.assertEqual(os.stat(f"/dev/shm/{self.name}").st_size, size)
            shown = self.stat()
            self.assertEqual(f"{shown['mode']}, {shown['when_full']} when full", told.split(", single")[0]
                             .split(", many")[0])
            self.assert_ok(tool("rm", "/" + self.name))

    def test_create_and_rm_name_what_they_made_and_removed(self):
        self.check(["create", self.name, "--slots", 2],
                   f"name                 {self.name}\n"
                   "segment              ring, wait when full, single producer, 2 slots of 1024 bytes\n"
                   "segment_size         12288\n")
        self.check_json(["rm", self.name], {"removed": self.name})
        self.assert_ok(tool("create", self.name, "--slots", 2))
        self.check(["rm", self.name], f"removed              {self.name}\n")
        self.assertFalse(os.path.exists(f"/dev/shm/{self.name}"))
        self.check_json(["create", "/" + self.name, "--slots", 2], {
            "name": self.name, "segment": "ring, wait when full, single producer, 2 slots of 1024 bytes",
            "segment_size": 12288})

    def test_an_error_in_json_is_the_one_on_standard_error(self):
        self.fill(3, "--slots", 4)
        absent = self.name + "-none"
        for words, code, rule in (
                (["create", self.name], 17, "name"), (["stat", absent], 2, "open"), (["verify", absent], 2, "open"),
                (["dump", absent], 2, "open"), (["tail", absent], 2, "open"), (["recover", absent], 2, "open"),
                (["forget", absent, "c"], 2, "open"), (["forget", self.name, "c"], 2, "cursor_name"),
                (["rm", absent], 2, "unlink"),
                (["tail", self.name, "--from", "latest", "--count", 1, "--timeout", 0.01], 0, "timeout")):
            result = tool(*words, "--json")
            text = result.err.removeprefix("shmfifo: ").rstrip("\n")
            self.assertEqual((result.code, result.json), (1, {"error": {"code": code, "rule": rule, "text": text}}))
            self.assertEqual(result.err, f"shmfifo: {text}\n")
        self.assertEqual(text, f"'{self.name}' brought no message for 0.01 seconds; 0 of 1 were shown")

    def test_a_name_that_no_segment_can_have_is_a_usage_error_in_json_too(self):
        for words in (["create", "a/b"], ["stat", "a/b"], ["stat", "x" * 256], ["create", self.name, "--directory", "shm"]):
            result = tool(*words, "--json")
            self.assertEqual(result.code, 2)
            self.assertEqual(result.err, f"shmfifo: {result.json['error']['text']}\n")

    # ---- verify

    def check_verify(self, findings, **counts):
        summary = {"name": self.name, "slots": 0, "unused": 0, "claimed": 0, "published": 0, "aborted": 0,
                   "changing": 0, "broken": len(findings), **counts}
        broken = summary["broken"]
        err = f"shmfifo: '{self.name}' breaks the rules of its layout in {broken} places\n" if broken else ""
        rows = "".join("{where} breaks the rule {rule}: found {found}, expected {expected}\n".format(**one)
                       for one in findings)
        rows += "".join(f"{key:<20} {value}\n" for key, value in summary.items())
        self.check(["verify", self.name], rows, err, bool(broken))
        self.check_json(["verify", self.name], {**summary, "findings": findings}, err=err, code=bool(broken))

    def finding(self, rule, where, found, expected):
        return {"rule": rule, "where": where, "found": found, "expected": expected}

    def test_verify_counts_each_kind_of_slot(self):
        file = self.fill(11, "--slots", 16, "--when-full", "overwrite", "--producers-role", "many")
        for number, state in ((2, 3), (3, 3), (4, 4)):
            file.write(file.slot(number), stamp(number, state))
        self.check_verify([], slots=16, unused=5, published=8, aborted=3)
        self.assert_ok(tool("rm", self.name))
        file = self.fill(11, "--slots", 16)
        file.write(file.slot(11), stamp(11, 1))  # a single producer that died before its stamp
        self.check_verify([], slots=16, unused=4, published=11, claimed=1)

    def test_G9_verify_counts_all_findings_and_names_the_first_hundred(self):
        file = self.fill(130, "--mode", "log", "--slots", 140)
        file.write(support.floor_offset, 3)
        line = support.participants_offset + 5 * support.line_size
        file.write(line, 9)
        file.write(line + support.line_size, 3)  # a durable cursor without a name
        for number in range(110):
            file.write(file.slot(number) + 8, 1025 + number)
        self.check_verify(
            [self.finding("gate_floor", "control", 3, 0), self.finding("participant_kind", "participant 5", 9, 3),
             self.finding("cursor_name", "participant 6: a durable cursor without a name", 0, 1),
             *(self.finding("value_length", f"slot {number}", 1025 + number, 1024) for number in range(97))],
            slots=140, unused=10, published=20, broken=113)

    def test_G9_verify_allows_the_last_sound_value_of_each_word_and_not_the_next(self):
        """Of the words that no slot has: what may be in flight, at its most, and one more."""
        line = support.participants_offset + 5 * support.line_size
        for words, count, offset, sound, rule, where in (
                (["--slots", 32], 20, line + 8, 21, "consumer_cursor", "participant 5"),
                (["--when-full", "overwrite", "--slots", 16], 20, support.floor_offset, 0, "gate_floor", "control")):
            file = self.fill(count, *words)
            file.write(line, 2)  # a consumer
            file.write(offset, sound)
            self.assertEqual(self.assert_ok(tool("verify", self.name, "--json")).json["findings"], [])
            file.write(offset, sound + 1)
            found = self.assert_failed(tool("verify", self.name, "--json")).json["findings"]
            self.assertEqual(found, [self.finding(rule, where, sound + 1, sound)])
            self.assert_ok(tool("rm", self.name))
        file = self.fill(32, "--slots", 32)  # the gate: full, and one message more than full
        self.assert_ok(tool("verify", self.name))
        file.write(file.slot(0), stamp(32, 2))
        file.write(file.slot(0) + 16, 32)
        file.write(file.slot(0) + 24, 32 << 8)
        file.write(support.control_offset, 33)
        self.assertEqual(self.assert_failed(tool("verify", self.name, "--json")).json["findings"],
                         [self.finding("gate", "control", 33, 32)])

    # ---- what is asked of the kernel

    def mapping_of(self, child):
        """The rights of the child's mapping, and the kernel's two-letter notes on it."""
        inode = str(os.stat(f"/dev/shm/{self.name}").st_ino)
        rights, notes, inside = set(), set(), False
        with open(f"/proc/{child.pid}/smaps", encoding="utf-8") as maps:
            for line in maps:
                words = line.split()
                if len(words) > 4 and "-" in words[0]:
                    inside = words[4] == inode and words[1] != "---s"
                    rights |= {words[1]} if inside else set()
                elif inside and words[0] == "VmFlags:":
                    notes |= set(words[1:])
        return rights, notes

    def check_mappings(self, *expected):
        self.fill(3, "--slots", 4)
        for words, rights, advised in expected:
            with self.subTest(words=words):
                child = self.spawn(*words)
                self.wait_until(lambda: self.mapping_of(child)[0], "the mapping")
                self.wait_until(lambda: ("hg" in self.mapping_of(child)[1]) or not advised, "the advice")
                self.assertEqual(self.mapping_of(child)[0], {rights})
                self.assertEqual("hg" in self.mapping_of(child)[1], advised)
                self.kill(child)
                self.assert_ok(tool("recover", self.name))

    def test_who_only_looks_maps_read_only(self):
        self.check_mappings(([consume, "--name", self.name, "--observer"], "r--s", False),
                            ([consume, "--name", self.name], "rw-s", False),
                            (["shmfifo", "tail", self.name], "r--s", False))

    def test_pages_are_huge_if_asked_for(self):
        write = [produce, "--name", self.name, "--slots", 4, "--timeout", 99]
        self.check_mappings(([consume, "--name", self.name, "--observer", "--huge-pages"], "r--s", True),
                            ([consume, "--name", self.name, "--huge-pages"], "rw-s", True),
                            (write, "rw-s", False), ([*write, "--huge-pages"], "rw-s", True))

    def test_a_batch_is_released_at_once(self):
        """The consumer stands still when nobody reads what it prints: some 460 messages fill the pipe."""
        self.fill(600, "--mode", "log")
        for words, released in (([], 256), (["--batch", 100], 400)):
            self.spawn(consume, "--name", self.name, "--print", "--cursor", f"c{released}", *words)
            self.wait_until(lambda: released in [one["cursor"] for one in self.participants("cursor")], "the batches")


if __name__ == "__main__":
    support.main()
