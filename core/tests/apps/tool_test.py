# SPDX-License-Identifier: MIT
"""Goal: `shmfifo` shows what is so, changes only what it is asked to, and is safe on any bytes.

Method: each subcommand is run on segments in known states and on files that are none; what it says
is compared with what was done.
"""
import os
import pwd
import signal
import stat as file_modes

import support
from support import tool

produce = "message_producer"
consume = "message_consumer"


class operator_tool(support.case):
    def put_file(self, data):
        with open(f"/dev/shm/{self.name}", "wb") as file:
            file.write(data)

    # ---- create, ls, rm

    def test_create_takes_every_option(self):
        made = tool("create", self.name, "--mode", "ring", "--when-full", "overwrite",
                    "--producers-role", "many", "--slots", "2K", "--content-size", "1K",
                    "--participants", 5, "--permissions", 640, "--pretouch", "--huge-pages",
                    "--json")
        self.assert_ok(made)
        mode = os.stat(f"/dev/shm/{self.name}").st_mode
        self.assertEqual(file_modes.S_IMODE(mode), 0o640)
        self.assertEqual(os.stat(f"/dev/shm/{self.name}").st_size, made.json["segment_size"])
        shown = self.stat()
        self.assertEqual((shown["mode"], shown["when_full"], shown["producers_role"]),
                         ("ring", "overwrite", "many"))
        self.assertEqual((shown["slots"], shown["content_size"]), (2048, 1024))
        self.assertEqual(support.segment_file(self.name).participants, 5)

    def test_create_refuses_an_existing_name_unless_told_to_attach(self):
        self.assert_ok(tool("create", self.name))
        self.assert_failed(tool("create", self.name), "exists already")
        self.assert_ok(tool("create", self.name, "--attach"))
        self.assert_failed(tool("create", self.name, "--attach", "--slots", 64), "slot_count")

    def test_G10_create_without_space_says_so_and_leaves_nothing(self):
        made = tool("create", self.name, "--slots", "16M", "--content-size", "1M", "--json")
        self.assert_failed(made, "in /dev/shm failed", "That file system is full")
        self.assertEqual(made.json["error"]["rule"], "fallocate")
        self.assertFalse(os.path.exists(f"/dev/shm/{self.name}"))

    def test_ls_lists_segments_and_broken_ones_but_no_foreign_files(self):
        self.assert_ok(tool("create", self.name, "--slots", 64))
        row, = [one for one in tool("ls", "--json").json if one["name"] == self.name]
        self.assertEqual((row["mode"], row["when_full"], row["slots"], row["alive"]),
                         ("ring", "wait", 64, 0))
        support.segment_file(self.name).write(64, 63)
        row, = [one for one in tool("ls", "--json").json if one["name"] == self.name]
        self.assertEqual(row["broken"], "slot_count")
        self.assertIn("broken: ", self.assert_ok(tool("ls")).out)
        self.put_file(b"not a segment")
        self.assertNotIn(self.name, self.assert_ok(tool("ls", "--json")).out)

    def test_rm_removes_segments_and_leaves_foreign_files_alone(self):
        self.fill()
        self.assert_ok(tool("rm", self.name, "--json"))
        self.assert_failed(tool("rm", self.name), "There is no segment of this name")
        self.put_file(b"somebody else's")
        self.assert_failed(tool("rm", self.name), "does not look like a segment", "--force")
        self.assertTrue(os.path.exists(f"/dev/shm/{self.name}"))
        self.assert_ok(tool("rm", self.name, "--force"))
        self.assertFalse(os.path.exists(f"/dev/shm/{self.name}"))

    def test_rm_removes_a_broken_segment(self):
        self.fill().write(64, 63)
        self.assert_ok(tool("rm", "/" + self.name))

    def test_G10_a_directory_is_taken_from_the_environment_or_an_option(self):
        here = ("--directory", "/dev/shm")
        os.environ["SHMFIFO_DIRECTORY"] = "/dev/nowhere"
        self.addCleanup(os.environ.pop, "SHMFIFO_DIRECTORY")
        for words in (("create", self.name), ("ls",), ("stat", self.name), ("tail", self.name), ("dump", self.name),
                      ("verify", self.name), ("recover", self.name), ("forget", self.name, "any"), ("rm", self.name)):
            self.assert_failed(tool(*words), "/dev/nowhere", "There is no such directory")
            self.assert_usage(tool(*words, "--directory", "shm"), "it must be absolute")
        self.assert_ok(tool("create", self.name, *here))
        self.assertIn(self.name, self.assert_ok(tool("ls", *here)).out)
        self.assert_ok(tool("stat", self.name, *here))
        for program in ("message_producer", "message_consumer"):
            words = ("--name", self.name, "--messages", 1, "--timeout", 0)
            self.assert_failed(support.run(program, *words), "There is no such directory")
            self.assert_ok(support.run(program, *words[:-1], 5, *here))
        self.assert_ok(tool("rm", self.name, *here))

    def test_G9_another_users_segment_is_attached_only_if_asked_for(self):
        self.assert_ok(tool("create", self.name))
        self.fill(3)
        here, self_uid = f"/dev/shm/{self.name}", os.geteuid()
        # Without root's right to give a file away, a rule that the caller itself breaks.
        root = self_uid == 0
        if root:
            os.chown(here, 65534, -1)
        wrong = [] if root else ["--owner", self_uid + 1]
        owner = 65534 if root else self_uid
        commands = (["stat", self.name], ["verify", self.name], ["tail", self.name, "--count", 1],
                    ["dump", self.name], ["recover", self.name], ["forget", self.name, "none"])
        for words in commands:
            with self.subTest(words=words):
                self.assert_failed(tool(*words, *wrong), f"belongs to uid {owner}", f"--owner {owner}")
        for program in (produce, consume):
            words = ("--name", self.name, "--messages", 1)
            self.assert_failed(support.run(program, *words, *wrong), f"belongs to uid {owner}")
            self.assert_ok(support.run(program, *words, "--owner", owner))
        self.assert_failed(tool("create", self.name, "--attach", *wrong), f"belongs to uid {owner}")
        self.assert_ok(tool("create", self.name, "--attach", "--owner", "any"))
        row, = [one for one in tool("ls", "--json", *wrong).json if one["name"] == self.name]
        self.assertEqual(row["refused"], "owner")
        self.assertIn(f"refused: '{self.name}' belongs to uid", tool("ls", *wrong).out)
        row, = [one for one in tool("ls", "--json", "--owner", "any").json if one["name"] == self.name]
        self.assertEqual(row["alive"], 0)
        for words in commands[:-1]:
            self.assert_ok(tool(*words, "--owner", pwd.getpwuid(owner).pw_name))
        self.assert_failed(tool(*commands[-1], "--owner", owner), "has no cursor 'none'")
        self.assert_usage(tool("stat", self.name, "--owner", "no such user"),
                          "neither a uid, a user's name, nor any")
        self.assert_ok(tool("rm", self.name))  # maps nothing

    def test_G11_tail_ends_when_the_segment_was_replaced(self):
        self.fill(3)
        reader = self.spawn("shmfifo", "tail", self.name)
        self.assertIn("0 status=0", reader.stdout.readline())
        self.assert_ok(tool("rm", self.name))
        self.assert_ok(tool("create", self.name))
        self.assert_failed(support.answer(reader), "was removed and made again")

    # ---- stat

    def test_G11_stat_tells_a_killed_consumer_and_who_holds_back(self):
        self.assert_ok(tool("create", self.name, "--slots", 64))
        reader = self.spawn(consume, "--name", self.name, "--rate", 0.001)
        self.wait_until(lambda: self.participants("consumer"), "the consumer")
        before, = self.participants("consumer")
        self.assertEqual((before["state"], before["pid"], before["holds_back"]),
                         ("alive", reader.pid, False))
        self.fill(64, "--slots", 64)
        self.kill(reader)
        after, = self.participants("consumer")
        self.assertEqual((after["state"], after["alive"], after["lag"], after["holds_back"]),
                         ("dead", False, 64, True))
        text = self.assert_ok(tool("stat", self.name)).out
        self.assertIn("holds producers back", text)
        self.assertIn("dead", text)
        recovered = self.assert_ok(tool("recover", self.name, "--json"))
        self.assertEqual(recovered.json["recovered"], 1)
        self.assertEqual(self.participants("consumer"), [])
        self.assertEqual(tool("recover", self.name, "--json").json["recovered"], 0)

    def test_G11_stat_tells_a_paused_consumer_alive(self):
        self.assert_ok(tool("create", self.name))
        reader = self.spawn(consume, "--name", self.name)
        self.wait_until(lambda: self.participants("consumer"), "the consumer")
        reader.send_signal(signal.SIGSTOP)
        self.assertEqual(self.participants("consumer")[0]["state"], "alive")
        self.assertEqual(tool("recover", self.name, "--json").json["recovered"], 0)

    def test_stat_tells_a_cursor_away_alive_and_dead(self):
        self.fill(10)
        words = ["--name", self.name, "--cursor", "audit", "--messages"]
        self.assert_ok(support.run(consume, *words, 4))
        cursor, = self.participants("cursor")
        self.assertEqual((cursor["name"], cursor["state"], cursor["cursor"], cursor["lag"]),
                         ("audit", "away", 4, 6))
        reader = self.spawn(consume, *words, 0)
        self.wait_until(lambda: self.participants("cursor")[0]["state"] == "alive", "the reader")
        self.kill(reader)
        self.assertEqual(self.participants("cursor")[0]["state"], "dead")

    def test_stat_watch_shows_again_until_a_signal(self):
        self.fill(10)
        watcher = self.spawn("shmfifo", "stat", "--watch", "0.05", self.name, "--json")
        lines = [watcher.stdout.readline() for _ in range(3)]
        watcher.send_signal(signal.SIGINT)
        result = self.assert_ok(support.answer(watcher))
        for line in lines + result.out.splitlines():
            self.assertEqual(support.json.loads(line)["producer_cursor"], 10)

    def test_stat_watch_shows_a_second_time_after_a_second(self):
        self.fill(10)
        watcher = self.spawn("shmfifo", "stat", "--watch", self.name, "--json")
        watcher.stdout.readline()
        watcher.send_signal(signal.SIGTERM)
        result = self.assert_ok(support.answer(watcher))
        self.assertEqual(result.out, "")  # the word after --watch is the name, not the seconds

    def test_stat_watch_minds_its_words(self):
        for words in (["--watch"], ["--watch", self.name, "--watch", 2, "x"],
                      [self.name, "--watch", "soon"], [self.name, "--watch", 0]):
            self.assert_usage(tool("stat", *words))

    # ---- tail, dump

    def test_dump_prints_a_range(self):
        self.fill(10, "--mode", "log")
        rows = self.assert_ok(tool("dump", self.name, "--first", 3, "--count", 2, "--json")).lines
        self.assertEqual([row["number"] for row in rows], [3, 4])
        self.assertEqual(rows[0]["text"], support.text_content.decode())
        words = ["--format", "hex", "--bytes", 2, "--json"]
        rows = tool("dump", self.name, "--first", 8, *words).lines
        self.assertEqual([(row["number"], row["hex"]) for row in rows], [(8, "686f"), (9, "686f")])
        self.assertEqual(len(self.assert_ok(tool("dump", self.name)).out.splitlines()), 10)
        self.assertEqual(self.assert_ok(tool("dump", self.name, "--first", 99)).out, "")

    def test_dump_tells_lost_invalid_and_claimed_numbers(self):
        file = self.fill(20, "--slots", 16, "--when-full", "overwrite", "--producers-role", "many")
        file.write(file.slot(5) + 8, 1 << 40)
        rows = self.assert_ok(tool("dump", self.name, "--first", 0, "--json")).lines
        self.assertEqual(rows[0], {"number": 0, "count": 4, "no_message": "lost"})
        self.assertEqual(rows[2], {"number": 5, "count": 1, "no_message": "invalid"})
        self.assertEqual([row["number"] for row in rows[3:]], list(range(6, 20)))

    def test_dump_goes_past_a_claim_that_stays_open(self):
        file = self.fill(10, "--slots", 16, "--producers-role", "many")
        writer = self.spawn(produce, "--name", self.name, "--messages", 0, "--slots", 16,
                            "--producers-role", "many", "--rate", 0.001)
        self.wait_until(lambda: self.participants("producer"), "the producer")
        file.write(file.slot(5), support.stamp(5, 1, self.participants("producer")[0]["line"]))
        rows = tool("dump", self.name, "--json").lines
        self.assertEqual(rows[5], {"number": 5, "count": 1, "no_message": "claimed"})
        self.assertEqual(rows[6]["number"], 6)
        self.kill(writer)  # and the claim of a dead one will never be committed
        self.assertEqual(tool("dump", self.name, "--json").lines[5]["no_message"], "aborted")

    def test_messages_cannot_drive_the_terminal(self):
        file = self.fill(1, "--mode", "log")
        file.write(file.slot(0) + 32, b"\x1b[2J\\\xff\n")
        shown = self.assert_ok(tool("dump", self.name)).out
        self.assertIn("\\x1b[2J\\x5c\\xff\\x0a", shown)
        self.assertEqual(tool("dump", self.name, "--json").lines[0]["length"], 133)

    def test_tail_shows_the_last_and_follows(self):
        self.fill(10)
        rows = self.assert_ok(tool("tail", self.name, "-n", 2, "--count", 2, "--json")).lines
        self.assertEqual([row["number"] for row in rows], [8, 9])
        follower = self.spawn("shmfifo", "tail", self.name, "--from", "latest", "--count", 3)
        support.time.sleep(0.05)
        self.fill(5)
        result = support.answer(follower)
        self.assert_ok(result)
        self.assertEqual(len(result.out.splitlines()), 3)
        self.assert_failed(tool("tail", self.name, "--from", "latest", "--count", 1, "--timeout",
                                0.3), "0 of 1 were shown")
        self.assert_ok(tool("tail", self.name, "-n", 3, "--timeout", 0.3))

    # ---- forget

    def test_forget_removes_a_cursor_that_nobody_uses(self):
        self.fill(10)
        words = ["--name", self.name, "--cursor", "audit", "--messages"]
        reader = self.spawn(consume, *words, 0)
        self.wait_until(lambda: self.participants("cursor"), "the cursor")
        self.assert_failed(tool("forget", self.name, "audit"), "in use", f"pid {reader.pid}")
        self.kill(reader)
        self.assert_ok(tool("forget", self.name, "audit", "--json"))
        self.assertEqual(self.participants("cursor"), [])
        self.assert_failed(tool("forget", self.name, "audit"), "has no cursor 'audit'")

    # ---- bytes that are no segment

    def refused_everywhere(self, *words):
        for command in (["stat"], ["tail"], ["dump"], ["verify"], ["recover"]):
            with self.subTest(command=command):
                result = tool(*command, self.name, "--json")
                self.assert_failed(result, *words)
                self.assertIn(result.json["error"]["text"], result.err)
        self.assert_failed(tool("forget", self.name, "audit"), *words)
        self.assert_ok(tool("ls"))

    def test_a_missing_segment_is_a_clear_error(self):
        self.refused_everywhere("There is no segment of this name")

    def test_G9_garbage_is_refused(self):
        for data in (b"", b"x", b"\0" * 5000, os.urandom(100000)):
            self.put_file(data)
            self.refused_everywhere("breaks the rule " + ("magic" if len(data) > 200 else ""))

    def test_G9_a_truncated_segment_is_refused(self):
        self.fill()
        size = os.stat(f"/dev/shm/{self.name}").st_size
        os.truncate(f"/dev/shm/{self.name}", size - 4096)
        self.refused_everywhere("breaks the rule file_size", f"found {size - 4096}",
                                f"expected {size}")

    def test_G13_another_layout_version_is_refused_with_both_values(self):
        self.fill().write(8, (1).to_bytes(4, "little"))
        self.refused_everywhere("layout_version: found 1, expected 2")

    def test_a_foreign_kind_of_file_is_refused(self):
        os.mkfifo(f"/dev/shm/{self.name}")
        self.refused_everywhere("no regular file")
        os.unlink(f"/dev/shm/{self.name}")
        os.symlink("/dev/null", f"/dev/shm/{self.name}")
        self.refused_everywhere("symbolic link")

    def test_G9_random_damage_never_crashes_the_tool(self):
        # A repeatable walk over the words behind the header; exit code 0 or 1, never a signal.
        seed = 12345
        for round_number in range(40):
            file = self.fill(20, "--slots", 32, *(["--producers-role", "many"]
                                                  if round_number % 2 else []))
            for _ in range(20):
                seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
                offset = support.control_offset + (seed >> 20) % 6000 // 8 * 8
                file.write(offset, seed >> (seed % 60))
            for command in (["stat"], ["dump"], ["verify"], ["ls"]):
                words = command if command == ["ls"] else [*command, self.name]
                self.assertIn(tool(*words).code, (0, 1), (round_number, command))
            self.assert_ok(tool("rm", self.name))

    # ---- usage

    def test_nonsense_is_a_usage_error(self):
        for words in ([], ["explode"], ["stat"], ["create", self.name, "--slots", 1000],
                      ["create", self.name, "--permissions", 1777],
                      ["dump", self.name, "--count", 0],
                      ["dump", self.name, "--format", "morse"], ["tail", self.name, "--from", "x"],
                      ["tail", self.name, "--from", "cursor"], ["forget", self.name],
                      ["stat", self.name, "--watch", "soon"], ["rm", "a/b"], ["ls", "surplus"]):
            if words[:1] == ["tail"]:
                tool("create", self.name)
            self.assert_usage(tool(*words))
        self.assertIn("Exit codes", self.assert_ok(tool("--help")).out)
        for command in ("create", "ls", "stat", "tail", "dump", "verify", "recover", "forget",
                        "rm"):
            self.assertIn("--json", self.assert_ok(tool(command, "--help")).out)


if __name__ == "__main__":
    support.main()
