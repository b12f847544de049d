#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What evidence is about: the core's sources, file by file, and the checks that looked at them.

A recorded outcome counts only for the sources that it was recorded with. `record` runs a command that
writes FILE and puts FILE.stamp beside it: the hashes, the command, its exit code. If the sources change
meanwhile there is no stamp, and ci/evidence/gather.py will not count the file.

usage: ci/evidence/sources.py                      print the hash of the core's sources
       ci/evidence/sources.py record [--fresh | --stdout | --keep] FILE COMMAND...
  --fresh    the command makes FILE; the default
  --stdout   FILE is what the command prints
  --keep     the command goes on with a FILE that is there; without a stamp for these sources it gets none
"""
import datetime
import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CORE = ("core/include", "core/src", "core/c/include", "core/c/src")
CHECKS = ("harness", "property_tests", "stress", "sanitizers", "core/tests", "core/c/tests")
ENDINGS = (".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".cmake", ".txt", ".json", ".csv")


def hash_file(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def files_below(root, folders):
    found = {}
    for folder in folders:
        for path in sorted((Path(root) / folder).rglob("*")):
            if path.is_file() and path.name.endswith(ENDINGS) and "__pycache__" not in path.parts:
                found[path.relative_to(root).as_posix()] = hash_file(path)
    return found


def digest(manifest):
    """One hash for a manifest: that of its lines as `sha256sum` prints them, sorted by name."""
    lines = "".join(f"{value}  {name}\n" for name, value in sorted(manifest.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def manifest(root=ROOT):
    return files_below(root, CORE)


def hashes(root=ROOT):
    return {"core": digest(manifest(root)), "checks": digest(files_below(root, CHECKS))}


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def run(command, output):
    """Runs it; what it prints is shown, and kept in `output` if that is a path."""
    with subprocess.Popen(command, stdout=subprocess.PIPE if output else None, text=True) as child:
        # An interrupt reaches the command by itself; it decides how to end.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        if output:
            with open(output, "w", encoding="utf-8") as kept:
                for line in child.stdout:
                    kept.write(line)
                    print(line, end="", flush=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def record(file, command, how="", root=ROOT):
    path, stamp = Path(file), Path(file + ".stamp")
    path.parent.mkdir(parents=True, exist_ok=True)
    before, begun = hashes(root), now()
    trusted = True
    if how == "--keep" and path.is_file():
        old = json.loads(stamp.read_text()) if stamp.is_file() else {}
        trusted = {key: old.get(key) for key in before} == before
        begun = old.get("begun", begun)
    else:
        path.unlink(missing_ok=True)
    stamp.unlink(missing_ok=True)
    code = run(command, path if how == "--stdout" else None)
    if trusted and path.is_file() and hashes(root) == before:
        words = [word.replace(str(root) + "/", "") for word in command]
        stamp.write_text(json.dumps({**before, "command": words, "exit": code, "begun": begun,
                                     "ended": now()}) + "\n")
    return code


def main():
    words = sys.argv[1:]
    if not words:
        print(hashes()["core"])
        return 0
    if words[0] == "record":
        how = words.pop(1) if words[1:2] in (["--fresh"], ["--stdout"], ["--keep"]) else ""
        if len(words) > 2:
            return record(words[1], words[2:], how)
    print(__doc__)
    return 0 if words in (["-h"], ["--help"]) else 2


if __name__ == "__main__":
    sys.exit(main())
