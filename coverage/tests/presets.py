# SPDX-License-Identifier: MIT
"""What the coverage presets give to compiler and linker, for the tests that build with it."""
import json
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "presets.json"


def flags_of(preset, name="CMAKE_CXX_FLAGS_DEBUG"):
    presets = json.loads(FILE.read_text())["configurePresets"]
    return next(p for p in presets if p["name"] == preset)["cacheVariables"][name].split()
