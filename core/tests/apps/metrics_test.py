# SPDX-License-Identifier: MIT
"""Goal: what `shmfifo stat --openmetrics` prints is true, and every reader of the format takes it.

Method: a strict parser of our own (fast; Prometheus's tools pass over repeated series and torn
families, which the parser is shown to refuse); promtool and node_exporter themselves (slow).
"""
import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile

import support
from support import tool

produce = "message_producer"
consume = "message_consumer"
name_form = re.compile(r"[a-z][a-z0-9_]*")
label_form = re.compile(r'([a-z][a-z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(,|$)')
sample_form = re.compile(r"([a-z0-9_]+)\{(.*)\} (\S+)")
units = ("bytes", "seconds", "messages")


class malformed(Exception):
    pass


def demand(condition, sentence, line):
    if not condition:
        raise malformed(f"{sentence}: {line}")


class exposition:
    """The samples of a text, {name: {labels: value}}; raises malformed."""

    def __init__(self, text):
        self.families = {}
        self.types = {}
        demand(text.endswith("# EOF\n") and text.count("# EOF") == 1, "EOF ends it", text[-20:])
        demand(all(" " <= c <= "~" or c == "\n" for c in text), "printable ASCII", ascii(text))
        self.lines = text.splitlines()[:-1]
        while self.lines:
            self.take_family()

    def take_comment(self, word, name=None):
        line = self.lines.pop(0) if self.lines else ""
        found = re.fullmatch(rf"# {word} (\S+) (.+)", line)
        demand(found and (name is None or found[1] == name), f"{word} of {name}", line)
        return found.groups()

    def take_family(self):
        name, _ = self.take_comment("HELP")
        kind = self.take_comment("TYPE", name)[1]
        demand(name_form.fullmatch(name) and name not in self.families, "a new family", name)
        demand(kind in ("counter", "gauge"), "a type", kind)
        demand((kind == "counter") == name.endswith("_total"), "_total is of counters", name)
        ending = name.rsplit("_", 1)[1]
        if ending in units:
            demand(self.take_comment("UNIT", name)[1] == ending, "the unit ends the name", name)
        self.families[name] = {}
        self.types[name] = kind
        while self.lines and not self.lines[0].startswith("#"):
            self.take_sample(name)

    def take_sample(self, family):
        line = self.lines.pop(0)
        found = sample_form.fullmatch(line)
        demand(found and found[1] == family, f"a sample of {family}", line)
        labels, rest = {}, found[2]
        while rest:
            label = label_form.match(rest)
            demand(label and label[1] not in labels, "a label", line)
            labels[label[1]] = re.sub(r"\\(.)", r"\1", label[2])
            rest = rest[label.end():]
        demand(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", found[3]), "a value, and no timestamp", line)
        series = tuple(sorted(labels.items()))
        demand(series not in self.families[family], "no series twice", line)
        known = next(iter(self.families[family]), series)
        demand([key for key, _ in known] == [key for key, _ in series], "the same labels", line)
        self.families[family][series] = float(found[3])

    def value(self, name, **labels):
        wanted = set(labels.items())
        found = [value for series, value in self.families[name].items() if wanted <= set(series)]
        demand(len(found) == 1, f"one {name} of {labels}", str(self.families[name]))
        return found[0]


good = """# HELP a_bytes Help.
# TYPE a_bytes gauge
# UNIT a_bytes bytes
a_bytes{b="c",d="e\\\\\\"\\n"} 1
# HELP f_total Help.
# TYPE f_total counter
f_total{b="c"} 1.5
f_total{b="d"} 2
# EOF
"""
faults = [("# EOF\n", ""), ("# EOF\n", "# EOF\n# EOF\n"), ("f_total", "f"), ("gauge", "info"),
          ("gauge", "counter"), ("# HELP f_total Help.\n", ""), ("# TYPE f_total counter\n", ""),
          ("# UNIT a_bytes bytes\n", ""), ("a_bytes bytes", "a_bytes seconds"), ('b="d"', 'b="c"'),
          ('"d"} 2', '"d"} 2 1700000000'), ('"d"} 2', '"d"} two'), ("f_total{b=\"d\"", "a_bytes{b=\"d\""),
          ('b="d"', 'c="d"'), ('"c"', '"c\x1b"'), ("\\n", "\\x"), ('"d"', '"d'), ('b="c",d', 'b="c",b'),
          ("# EOF", "\n# EOF"), ('"d"', '"\xe9"'), ("# EOF", "# HELP a_bytes Help.\n# TYPE a_bytes gauge\n# EOF")]


class metrics(support.case):
    def read(self, *words):
        return exposition(self.assert_ok(tool("stat", "--openmetrics", *words)).out)

    def put_everything(self):
        """A ring with a consumer that lives, a cursor with a harmful name that holds back, and a dead
        producer; beside it a broken segment. The consumer's pid."""
        words = ["--name", self.name, "--slots", 64, "--producers-role", "many"]
        self.assert_ok(tool("create", self.name, *words[2:]))
        self.assert_ok(support.run(produce, *words, "--messages", 10))
        self.assert_ok(support.run(consume, *words[:2], "--cursor", "c", "--messages", 2))
        support.segment_file(self.name).write(support.cursor_name_offset,
                                              support.harmful + b"\0")
        reader = self.spawn(consume, *words[:2], "--messages", 0)
        self.wait_until(lambda: self.participants("consumer"), "the consumer")
        writer = self.spawn(produce, *words, "--messages", 0)
        self.wait_until(lambda: self.stat()["producer_cursor"] == 66, "a full ring")
        self.kill(writer)
        self.assert_ok(tool("create", self.name + '-"broken\\'))
        support.segment_file(self.name + '-"broken\\').write(64, 63)
        return reader.pid

    def test_metrics_say_what_stat_says(self):
        pid = self.put_everything()
        of = dict(segment=self.name)
        told = self.stat()
        for text in (self.read(self.name), self.read()):
            self.assertEqual(text.types["shmfifo_messages_published_total"], "counter")
            for metric, value in (
                    ("segment_readable", 1), ("segment_slots", 64), ("messages_published_total", 66),
                    ("segment_content_size_bytes", 1024), ("oldest_message_number", told["oldest"]),
                    ("segment_size_bytes", os.stat(f"/dev/shm/{self.name}").st_size)):
                self.assertEqual(text.value("shmfifo_" + metric, **of), value, metric)
            self.assertAlmostEqual(text.value("shmfifo_segment_created_timestamp_seconds", **of),
                                   told["created_ns"] / 1e9, 3)
            text.value("shmfifo_segment_info", mode="ring", when_full="wait", producers_role="many",
                       uid=told["uid"], **of)
            for kind in ("producer", "consumer", "cursor"):
                one = dict(kind=kind, **of)
                self.assertEqual(text.value("shmfifo_participants", **one), 1)
                self.assertEqual(text.value("shmfifo_participant_alive", **one), kind == "consumer")
            text.value("shmfifo_participant_alive", kind="consumer", pid=str(pid), cursor="", **of)
            cursor = dict(kind="cursor", pid="0", line="0", **of)
            for metric, value in (("next_message_number", 2), ("lag_messages", 64),
                                  ("holds_back", 1)):
                self.assertEqual(text.value("shmfifo_participant_" + metric, **cursor), value)

    def test_G9_all_segments_are_shown_also_the_broken_ones(self):
        self.put_everything()
        text = self.read()
        self.assertEqual(text.value("shmfifo_segment_readable", segment=self.name), 1)
        self.assertEqual(text.value("shmfifo_segment_readable",
                                    segment=self.name + r'-"broken\x5c'), 0)
        self.assert_failed(tool("stat", "--openmetrics", self.name + '-"broken\\'), "slot_count")
        self.assert_failed(tool("stat", "--openmetrics", self.name + "-none"), "no segment")

    def test_metrics_exclude_other_forms(self):
        self.assert_usage(tool("stat", "--openmetrics", "--json"), "--json")
        self.assert_usage(tool("stat", "--openmetrics", "--watch", 1, self.name), "--watch")
        self.assert_usage(tool("stat"), "NAME is required")

    def test_the_parser_refuses_what_is_wrong(self):
        exposition(good)
        for there, instead in faults:
            with self.subTest(there=there, instead=instead):
                self.assertIn(there, good)
                self.assertRaises(malformed, exposition, good.replace(there, instead))

    def test_promtool_finds_nothing(self):
        self.put_everything()
        for words in ((), (self.name,)):
            told = tool("stat", "--openmetrics", *words).out
            done = subprocess.run(["promtool", "check", "metrics"], input=told, text=True,
                                  capture_output=True, timeout=support.deadline_seconds)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_the_textfile_collector_passes_everything_on(self):
        self.put_everything()
        with tempfile.TemporaryDirectory() as folder:
            told = tool("stat", "--openmetrics", self.name).out
            with open(f"{folder}/shmfifo.prom", "w", encoding="ascii") as file:
                file.write(told)
            passed_on = self.collect(folder)
        self.assertIn("node_textfile_scrape_error 0", passed_on)
        ours = [line for line in passed_on if "shmfifo_" in line and "node_" not in line]
        comments = [line for line in told.splitlines() if re.match("# (HELP|TYPE)", line)]
        self.assertEqual(sorted(line for line in ours if line.startswith("#")), sorted(comments))
        text = exposition(told)
        samples = [found.groups() for found in map(sample_form.fullmatch, ours) if found]
        self.assertEqual(sorted((name, float(value)) for name, _, value in samples),
                         sorted((name, value) for name, family in text.families.items()
                                for value in family.values()))

    def collect(self, folder):
        """The lines of node_exporter's answer. It inherits its socket, so no port can be taken."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            exporter = subprocess.Popen(
                ["sh", "-c", 'exec 3<&"$0"; LISTEN_PID=$$ LISTEN_FDS=1 exec prometheus-node-exporter '
                 '--web.systemd-socket --collector.disable-defaults --collector.textfile '
                 '--collector.textfile.directory="$1"', str(server.fileno()), folder],
                pass_fds=[server.fileno()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                preexec_fn=support.die_with_parent)
            self.children.append(exporter)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=support.deadline_seconds)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        exporter.send_signal(signal.SIGTERM)
        return lines


if __name__ == "__main__":
    support.main()
