#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks at a page in Chromium without a screen, at the width of a phone and of a desk, light and dark,
and says which pictures show nothing.

usage: ci/evidence/pictures.py PAGE.html FOLDER    writes FOLDER/{phone,desk}-{light,dark}.png
Exit code: 0 all four show a page, 1 one does not, 2 usage. Needs Chromium and netpbm.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = {"phone": (412, 2600), "desk": (1280, 2200)}
SCHEMES = {"light": "1", "dark": "0"}
COLOURS_MIN = 30  # text alone has more, by the smoothing of its edges
SHARE_MAX = 0.97  # of the picture in one colour


def take(page, picture, size, scheme):
    """Nothing outside the page can be reached: every name resolves to nowhere."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        raise FileNotFoundError("no Chromium")
    with tempfile.TemporaryDirectory(prefix="shmfifo-pictures-") as profile:
        words = ["setpriv", "--pdeathsig", "KILL", browser, "--headless", "--no-sandbox", "--disable-gpu",
                 "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={profile}",
                 f"--window-size={size[0]},{size[1]}", f"--screenshot={picture}", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                 "--host-resolver-rules=MAP * ~NOTFOUND",
                 "--disable-extensions", "--no-first-run", Path(page).resolve().as_uri()]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=300)


def colours(picture):
    """[(pixels, brightness)], most first."""
    with open(picture, "rb") as file:
        pixels = subprocess.run(["pngtopam"], stdin=file, check=True, capture_output=True).stdout
    told = subprocess.run(["ppmhist", "-noheader"], input=pixels, check=True, capture_output=True, text=False).stdout
    rows = [line.split() for line in told.decode().splitlines()]
    return sorted(((int(row[4]), int(row[3])) for row in rows), reverse=True)


def blank(picture, scheme):
    """Why this is no picture of a page of that scheme; nothing if it is."""
    found = colours(picture)
    share = found[0][0] / sum(count for count, _ in found)
    if len(found) < COLOURS_MIN:
        return f"{len(found)} colours only"
    if share > SHARE_MAX:
        return f"{100 * share:.1f} % of it is one colour"
    if (found[0][1] < 128) != (scheme == "dark"):
        return f"its background is not {scheme}"
    return ""


def look(page, folder):
    """A sentence for each picture that shows nothing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, size in WIDTHS.items():
        for scheme in SCHEMES:
            picture = folder / f"{name}-{scheme}.png"
            picture.unlink(missing_ok=True)
            take(page, picture, size, scheme)
            why = blank(picture, scheme) if picture.is_file() else "was not made"
            if why:
                yield f"{picture}: {why}"


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    problems = list(look(*sys.argv[1:]))
    print("\n".join(problems) or f"pictures: {sys.argv[2]}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
