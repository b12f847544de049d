#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""For each guarantee, which checks have run here and their result: joins the JUnit of the jobs with the labels of
their tests, and writes the evidence.

Exit code: 0 written and nothing recorded failed, 1 something failed, 2 nothing was recorded for these
sources. What was not recorded is listed as not checked; it never counts as passed.
"""
import argparse
import hashlib
import json
import platform
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import jsonschema

import sources

sys.path.append(str(Path(__file__).resolve().parent.parent))
import jobs  # noqa: E402

# The kinds of shmfifo_add_test, and what jobs that are no ctest call theirs. A canary is no method: it shows that a
# method finds what is planted.
METHODS = {
    "unit": "examples chosen by hand",
    "property": "properties on generated inputs, against a reference",
    "model": "every interleaving and weak-memory outcome of small shapes (RC11 model checker)",
    "orders": "each memory order weakened by one step: a model test must notice",
    "crash": "death and pause at every instruction of every operation, failure of every system call",
    "stress": "many processes under an oracle, killed and paused",
    "fuzz": "fuzzing",
    "throughput": "the gate of a million messages",
    "sanitizers": "the tests under sanitizers and valgrind",
    "coverage": "lines, branches and conditions of the core that the tests reach",
}
ASSUMPTIONS = [
    "The kernel's shared memory, futex, membarrier and OFD locks do what their manual pages say.",
    "Compilers and hardware keep to the C++20 memory model; the model checker uses RC11, which forbids "
    "load buffering, as that model.",
    "Whoever may write the segment's file is trusted not to truncate it under running processes.",
    "The oracle, the model checker and the reference are right where their own tests, litmus programs and "
    "planted bugs say so.",
    "A recorded outcome belongs to the sources whose hash is in its stamp; stamps are not signed.",
]
NOT_VERIFIED = [
    "Sizes above the bounds named with each model test: more threads, slots, messages or crashes at once.",
    "Every pair of deaths: second deaths are enumerated during recovery only.",
    "Machines other than x86-64 by running at full speed; kernels other than the one named here.",
    "Loss of power, machine checks, memory without error correction.",
    "Processes that write into the segment with malice while others read: bounds hold, content does not.",
    "Liveness under unfair scheduling: waits are bounded by the kernel's scheduler only.",
    "Speed on other machines than the one that recorded the throughput.",
]
INSTRUMENTS = re.compile(r"asan|ubsan|tsan|msan|valgrind|hardened")
COVERAGE = {"coverage": "gcc-coverage/report/core/summary.json", "mcdc": "clang19-mcdc/report/summary.json"}
NO_EVIDENCE = ("lint", "docs")  # jobs that check text


def by_number(guarantees):
    return sorted(guarantees, key=lambda g: int(g[1:]))


def labels_of(junit):
    """{test: (method, guarantees)}: those of the whole build, whether they ran or not."""
    found = {}
    for test in json.loads(junit.with_suffix(".json").read_text())["tests"]:
        labels = next((one["value"] for one in test.get("properties", ()) if one["name"] == "LABELS"), [])
        guarantees = by_number(label for label in labels if re.fullmatch(r"G\d+", label))
        method = "canary" if "canary" in labels else next((label for label in METHODS if label in labels), "")
        if method not in ("", "canary") and INSTRUMENTS.search(junit.stem):
            method = "sanitizers"
        found[test["name"]] = (method, guarantees)
    return found


def outcome(method, guarantees, passed, counts, bounds, details):
    return {"method": method, "requirements": list(guarantees), "passed": bool(passed), "counts": counts,
            "bounds": bounds, "details": details}


def read_junit(path):
    """One outcome for each method and set of guarantees."""
    labels, groups = labels_of(path), {}
    for case in xml.parse(path).getroot().iter("testcase"):
        method, guarantees = labels[case.get("name")]
        groups.setdefault((method, tuple(guarantees)), []).append((case.get("name"), case.get("status")))
    for (method, guarantees), tests in sorted(groups.items()):
        # A test that did not run, or was switched off, did not pass.
        bad = [f"{name}: {status}" for name, status in tests if status != "run"]
        yield outcome(method, guarantees, not bad, {"tests": len(tests), "failed": len(bad)}, f"job {path.stem}",
                      bad or [name for name, _ in tests])


def read_coverage(path):
    """The summary of gcovr (--json-summary), or of coverage/mcdc.py."""
    found = json.loads(path.read_text())
    counts = {key: value for key, value in found.items() if key.endswith(("_total", "_covered"))}
    counts.update({f"{figure}_{key}": value[key] for figure, value in found.items() if isinstance(value, dict)
                   for key in ("total", "covered")})
    yield outcome("coverage", [f"G{i}" for i in range(1, 15)], counts["branch_covered"], counts, "of the core", [])


def recordings(build):
    """(file, reader, job that makes it): one row for each file that is there, or should be."""
    for job in jobs.JOBS:
        if job.when != "hand" and job.name not in NO_EVIDENCE:
            names = [f"{p}-crash" for p in job.presets.split()] if job.name == "crash-full" else [job.name]
            yield from ((build / f"recorded/junit/{name}.xml", read_junit, job.name) for name in names)
        if job.name in COVERAGE:
            yield build / COVERAGE[job.name], read_coverage, job.name
    for path in sorted((build / "recorded/junit").glob("*.xml")):
        if (path.stem in jobs.BY_NAME and jobs.BY_NAME[path.stem].when == "hand"):
            yield path, read_junit, path.stem


def read_all(build, hashes):
    """(outcomes, files that were not counted and why)."""
    outcomes, left_out = [], []
    for path, reader, job in recordings(build):
        found, why, stamp = [], "", sources.stamp_of(path)
        told = json.loads(stamp.read_text()) if stamp.is_file() else {}
        if not path.is_file():
            why = "not recorded"
        elif not told:
            why = "not stamped: nothing says for which sources it is"
        elif {key: told[key] for key in hashes} != hashes:
            why = "recorded for other sources"
        else:
            try:
                found = list(reader(path))
                why = "" if found else "says nothing"
            except (OSError, KeyError, ValueError, TypeError, xml.ParseError) as problem:
                why, found = f"not readable: {problem!r}", []
        name, command = path.relative_to(build).as_posix(), f"ci/run.sh {job}"
        if why:
            left_out.append({"file": name, "why": why, "command": command})
        # A nonzero exit code is accepted only if a test explains it; otherwise nothing in this file counts as passed.
        explained = not found or told["exit"] == 0 or (told["exit"] < 128 and not all(one["passed"] for one in found))
        for one in found:
            one.update(passed=one["passed"] and explained, file=name, sha256=sources.hash_file(path),
                       command=command, recorded=told["ended"], recorded_by=" ".join(told["command"]))
        outcomes += found
    return outcomes, left_out


def plan(build, outcomes):
    """{guarantee: {method: its tests}}, as far as a recorded build listed them."""
    found = {f"G{i}": {"coverage": set()} for i in range(1, 15)}
    found["G12"]["orders"] = set()
    for file in {one["file"] for one in outcomes if one["file"].endswith(".xml")}:
        for name, (method, guarantees) in labels_of(build / file).items():
            for g in guarantees:
                methods = found.setdefault(g, {})
                if method not in ("", "canary"):
                    methods.setdefault(method, set()).add(name)
                if method == "unit" and name.startswith("core.") and g != "G14":  # instruments do not measure speed
                    methods.setdefault("sanitizers", set())
    return found


def add_up(outcomes):
    counts = {}
    for one in outcomes:
        for key, value in one["counts"].items():
            counts[key] = counts.get(key, 0) + value
    return counts


def judge(requirement, planned, outcomes):
    g = requirement["id"]
    mine = [(i, one) for i, one in enumerate(outcomes) if g in one["requirements"]]
    methods = {}
    for method in METHODS:
        found = [(i, one) for i, one in mine if one["method"] == method]
        if not found and method not in planned:
            continue
        ran = {name for _, one in found for name in one["details"]}
        # What an instrument's preset does not choose is not missing there.
        missing = planned.get(method, set()) - ran if found and method != "sanitizers" else set()
        answer = "not checked in this run" if not found else "passed in part" if missing else "passed"
        if not all(one["passed"] for _, one in found):
            answer = "failed"
        methods[method] = {"verdict": answer, "counts": add_up(one for _, one in found),
                           "outcomes": [i for i, _ in found],
                           "commands": sorted({one["command"] for _, one in found}), "missing": sorted(missing)}
    canaries = [(i, one) for i, one in mine if one["method"] == "canary"]
    answers = {one["verdict"] for name, one in methods.items() if name != "coverage"}
    if "failed" in answers or not all(one["passed"] for _, one in canaries):
        verdict = "failed"
    elif not answers & {"passed", "passed in part"}:
        verdict = "not checked"
    else:
        verdict = "passed" if answers == {"passed"} else "passed in part"
    return {**requirement, "verdict": verdict, "methods": methods, "can_fail": {"recorded": [i for i, _ in canaries]}}


def requirements(root):
    """The guarantees, from the table of core/DESIGN.md."""
    text = (root / "core/DESIGN.md").read_text(encoding="utf-8")
    return [{"id": g, "text": promise, "sha256": hashlib.sha256(promise.encode()).hexdigest()}
            for g, promise in re.findall(r"^\| (G\d+) \| (.*) \|$", text, re.M)]


def read_cache(folder):
    """Compiler, its version and its flags, of a build folder."""
    cache = folder / "CMakeCache.txt"
    if not cache.is_file():
        return None
    values = dict(re.findall(r"^(\w+):\w+=(.*)$", cache.read_text(), re.M))
    compiler, kind = values.get("CMAKE_CXX_COMPILER", ""), values.get("CMAKE_BUILD_TYPE", "")
    try:
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    except OSError:
        version = "not found"
    flags = [values.get("CMAKE_CXX_FLAGS", ""), values.get(f"CMAKE_CXX_FLAGS_{kind.upper()}", ""), "-std=c++20"]
    return {"build": folder.name, "compiler": compiler, "version": version, "build_type": kind,
            "flags": " ".join(part for part in flags if part)}


def gather(root, build):
    root, build = Path(root), Path(build)
    hashes = sources.hashes(root)
    outcomes, left_out = read_all(build, hashes)
    planned = plan(build, outcomes)
    counted = {one["file"] for one in outcomes}

    def figures(job, otherwise):
        """What a job measured, if its JUnit counts."""
        path = build / f"recorded/{job}.json"
        counts = f"recorded/junit/{job}.xml" in counted and path.is_file()
        return json.loads(path.read_text()) if counts else otherwise

    version = re.search(r"project\(shmfifo VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text())
    return {
        "format": "shmfifo evidence 1", "made": sources.now(), "version": version.group(1),
        "subject": {"sha256": hashes["core"], "checks_sha256": hashes["checks"], "files": sources.manifest(root)},
        "machine": " ".join((platform.system(), platform.release(), platform.machine())),
        "toolchains": [one for one in map(read_cache, sorted(build.glob("*"))) if one], "methods": METHODS,
        "requirements": [judge(one, planned.get(one["id"], {}), outcomes) for one in requirements(root)],
        "outcomes": outcomes, "general": [i for i, one in enumerate(outcomes) if not one["requirements"]],
        "kill_matrix": figures("orders", []), "throughput": figures("million", {}),
        "mutation": figures("mutation", {}).get("scopes", {}),
        "not_checked_in_this_run": left_out, "assumptions": ASSUMPTIONS, "not_verified": NOT_VERIFIED,
    }


def summary(evidence):
    """A line for each guarantee, then what was not checked."""
    yield (f"shmfifo {evidence['version']}, core {evidence['subject']['sha256'][:16]}, "
           f"{len(evidence['subject']['files'])} files, {evidence['made']}")
    for one in evidence["requirements"]:
        by = {}
        for method, found in one["methods"].items():
            by.setdefault(found["verdict"], []).append(method)
        yield f"{one['id']:4}{one['verdict']:15} " + "; ".join(f"{v}: {' '.join(m)}" for v, m in by.items())
    for one in evidence["not_checked_in_this_run"]:
        yield f"not counted: {one['file']} ({one['why']}; {one['command']})"


def main():
    parser = argparse.ArgumentParser(prog="ci/evidence/gather.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=sources.ROOT / "build", metavar="FOLDER",
                        help="reads FOLDER/recorded, writes FOLDER/evidence/evidence.json (default: build)")
    parser.add_argument("--root", type=Path, default=sources.ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    evidence = gather(options.root, options.build)
    jsonschema.validate(evidence, json.loads((Path(__file__).parent / "schema.json").read_text()))
    file = options.build / "evidence/evidence.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_file():
        file.replace(file.with_name("previous.json"))
    file.write_text(json.dumps(evidence, indent=1) + "\n")
    print("\n".join(summary(evidence)))
    if {one["verdict"] for one in evidence["requirements"]} == {"not checked"}:
        return 2
    return 0 if all(one["passed"] for one in evidence["outcomes"]) else 1


if __name__ == "__main__":
    sys.exit(main())
