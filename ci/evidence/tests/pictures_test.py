# SPDX-License-Identifier: MIT
"""Goal: people see the page of the evidence as it is meant, on a phone and at a desk, light and dark, and
a page that shows nothing is noticed. Method: Chromium takes pictures of the page of what was recorded
here (nothing, so that every guarantee is there with its empty marks), and of two that are wrong."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
here = Path(__file__).resolve().parent
sys.path.append(str(here.parent))
import gather  # noqa: E402
import page  # noqa: E402
import pictures as looking  # noqa: E402

SIZE = looking.WIDTHS["phone"]


class pictures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.page = self.folder / "page.html"

    def why(self, text, scheme):
        self.page.write_text(text)
        picture = self.folder / "picture.png"
        looking.take(self.page, picture, SIZE, scheme)
        return looking.blank(picture, scheme)

    def test_the_page_is_seen_at_each_width_and_in_each_scheme(self):
        (self.folder / "nothing").mkdir()
        self.page.write_text(page.make(gather.gather(here.parent.parent.parent, self.folder / "nothing")))
        self.assertEqual(list(looking.look(self.page, self.folder)), [])
        self.assertEqual(len(list(self.folder.glob("*.png"))), 4)

    def test_a_blank_page_is_noticed(self):
        self.assertIn("colours only", self.why("<html></html>", "light"))

    def test_a_page_that_is_never_dark_is_noticed(self):
        text = "<html style='background: white; font-size: 4em'>" + "seen " * 400 + "</html>"
        self.assertEqual(self.why(text, "light"), "")
        self.assertIn("not dark", self.why(text, "dark"))


if __name__ == "__main__":
    unittest.main()
