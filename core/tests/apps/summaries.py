# SPDX-License-Identifier: MIT
"""What the summaries of message_producer and message_consumer must be, and how a run is compared with that."""
import json
import re
import time

import support
from support import tool

produce = "message_producer"
consume = "message_consumer"
message = support.text_content
trailer_form = " sender=%010d sequence=%020d"


def published(name, segment, count, **changes):
    """The summary of a producer that published `count` texts; `changes` go where they belong."""
    fields = {"name": name, "segment": segment, "kind": "text", "published": count, "refused": 0,
              "last_number": count - 1, "bytes": count * len(message), "seconds": None,
              "messages_per_second": None, "stopped": False, "complete": True}
    return {**fields, **changes}


def consumed(name, segment, count, **changes):
    """The summary of a consumer that got `count` texts from number 0 on."""
    fields = {"name": name, "segment": segment, "kind": "text", "start": 0, "messages": count,
              "first": 0 if count else -1, "last": count - 1, "gaps": 0, "aborted": 0, "lost": 0, "invalid": 0,
              "wrong": 0, "bytes": count * len(message), "seconds": None, "messages_per_second": None,
              "verified": False, "segments": 1, "name_state": "same", "stopped": False, "complete": True}
    return {**fields, **changes}


def log_of(slots, content_size=1024):
    return f"log, reject when full, single producer, {slots} slots of {content_size} bytes"


def ring_of(slots, policy="wait", role="single producer"):
    return f"ring, {policy} when full, {role}, {slots} slots of 1024 bytes"


def as_text(value):
    if isinstance(value, str):
        return value
    return f"{value:.3f}" if isinstance(value, float) else json.dumps(value)


class comparing:
    """Of a support.case."""

    def compare(self, program, result, as_json, elapsed, expected, complaints=()):
        """`complaints` are the sentences on standard error; there is one if and only if the run failed, or the
        program was stopped early."""
        self.assertEqual(result.err, "".join(f"{program}: {one}\n" for one in complaints))
        if as_json:
            found = json.loads(result.out)
            self.assertEqual(result.out.count("\n"), 1)
        else:
            rows = [re.fullmatch(r"(.{20}) (.*)", line).groups() for line in result.out.splitlines()]
            found = {key.rstrip(): value for key, value in rows}
            for key in ("seconds", "messages_per_second"):
                self.assertRegex(found[key], r"^\d+\.\d{3}$")
                found[key] = float(found[key])
        count = expected["published"] if program == produce else expected["messages"]
        self.assertTrue(0 <= found["seconds"] <= elapsed + 0.0005, (found["seconds"], elapsed))
        if as_json and found["seconds"]:
            self.assertAlmostEqual(found["messages_per_second"] * found["seconds"], count, 6)
        expected = {**expected, "seconds": found["seconds"],
                    "messages_per_second": found["messages_per_second"]}
        if not as_json:
            expected = {key: as_text(value) for key, value in expected.items()}
            found = {key: as_text(value) for key, value in found.items()}
        self.assertEqual(list(found.items()), list(expected.items()))

    def check(self, history, program, words, expected, complaints=(), code=None):
        for form in ((), ("--json",)):
            with self.subTest(words=words, form=form):
                history()
                begin = time.monotonic()
                result = support.run(program, "--name", self.name, *words, *form)
                elapsed = time.monotonic() - begin
                self.assertEqual(result.code, (1 if complaints else 0) if code is None else code, result.err)
                self.compare(program, result, form != (), elapsed, expected, complaints)
                self.assert_ok(tool("rm", self.name))
