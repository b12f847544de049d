#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Joins the guarantees with what this run's jobs recorded, and writes the evidence.

usage: ci/evidence/gather.py [--build FOLDER]    reads FOLDER/recorded and others (default: build), writes
                                                 FOLDER/evidence/{evidence,test_result.intoto,sbom.spdx}.json
Exit code: 0 written and nothing recorded failed, 1 something failed, 2 nothing was recorded for these
sources. What was not recorded is listed as not checked; it never counts as passed.
"""
import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

import jsonschema

import citations as citing
import recordings
import sources
import statements

requirements = citing.requirements
METHODS = {
    "model": "every interleaving and weak-memory outcome of small shapes (RC11 model checker)",
    "orders": "each memory order weakened by one step: a model test must notice",
    "crash": "death and pause at every instruction of every operation",
    "fault": "failure of every system call",
    "property": "properties on generated inputs, against a reference",
    "fuzz": "fuzzing",
    "stress": "many processes under an oracle, killed and paused",
    "throughput": "the gate of a million messages",
    "unit": "examples chosen by hand",
    "sanitizers": "the tests under sanitizers and valgrind",
    "coverage": "lines, branches and conditions of the core that the tests reach",
}
ASSUMPTIONS = [
    "The kernel's shared memory, futex, membarrier and OFD locks do what their manual pages say.",
    "Compilers and hardware keep to the C++20 memory model; the model checker takes RC11, which forbids "
    "load buffering, as that model.",
    "Who may write the segment's file is trusted not to truncate it under running processes.",
    "The oracle, the model checker and the reference are right where their own tests, litmus programs and "
    "seeded defects say so.",
    "A recorded outcome belongs to the sources whose hash stands in its stamp; stamps are not signed.",
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


def expected(citations):
    """Which methods have something to say about which guarantee, whether recorded or not."""
    plan = {}
    for name, cited in citations.model.items():
        for g in cited:
            plan.setdefault(g, set()).add("model")
    by_folder = {"property_tests": {"property"}, "core": {"unit", "sanitizers"}}  # the instruments' builds have the core
    for (folder, _), cited in citations.by_end.items():
        for g in cited:
            plan.setdefault(g, set()).update(by_folder.get(folder, {"unit"}))
    for _, method, cited in citing.FAMILIES:
        for g in cited.split():
            if method != "seeded":
                plan.setdefault(g, set()).add(method)
    plan.setdefault("G12", set()).add("orders")
    plan["G14"].discard("sanitizers")  # an instrument's build has nothing to say of speed
    for methods in plan.values():
        methods.add("coverage")
    return plan


def add_up(outcomes):
    counts = {}
    for one in outcomes:
        for key, value in one["counts"].items():
            counts[key] = counts.get(key, 0) + value
    return counts


def judge(requirement, plan, outcomes, proofs, table):
    g = requirement["id"]
    mine = [(i, one) for i, one in enumerate(outcomes) if g in one["requirements"]]
    methods = {}
    for method in METHODS:
        found = [(i, one) for i, one in mine if one["method"] == method]
        if not found and method not in plan.get(g, ()):
            continue
        names = [name for _, one in found for name in one["details"]]
        seen = set(names) if method == "model" else {table.key_of(name) for name in names}
        missing = table.all_of(g, method) - seen if found else set()
        answer = "not checked in this run" if not found else "passed in part" if missing else "passed"
        if not all(one["passed"] for _, one in found):
            answer = "failed"
        methods[method] = {"verdict": answer, "counts": add_up(one for _, one in found),
                           "outcomes": [i for i, _ in found],
                           "commands": sorted({one["command"] for _, one in found}),
                           "missing": sorted(one if isinstance(one, str) else ".".join(one) for one in missing)}
    seeded = [(i, one) for i, one in mine if one["method"] == "seeded"]
    answers = {one["verdict"] for name, one in methods.items() if name != "coverage"}
    if "failed" in answers or not all(one["passed"] for _, one in seeded):
        verdict = "failed"
    elif not answers & {"passed", "passed in part"}:
        verdict = "not checked"
    else:
        verdict = "passed" if answers == {"passed"} else "passed in part"
    return {**requirement, "verdict": verdict, "methods": methods,
            "can_fail": {"recorded": [i for i, _ in seeded], "seeded_defects": proofs.get(g, [])}}


def find_proofs(root, outcomes, table):
    """{guarantee: the seeded defects that its checks are shown to find}, from the lists that tests use."""
    proofs = {}
    sys.path.append(str(root / "property_tests/broken"))
    try:
        import mutants
        seeded = [(one[2], f"{one[0]}: {one[1]}") for one in mutants.MUTANTS]
    except ImportError:
        seeded = []
    for test, told in seeded:
        for g in table.by_end.get(("property_tests", test), ()):
            proofs.setdefault(g, []).append(told)
    for (folder, name), cited in sorted(table.by_end.items()):
        if folder == "harness" and name.startswith("is_caught_by_its_rule/"):
            for g in cited:
                proofs.setdefault(g, []).append("wrong queue " + name.split("/")[1])
    for one in outcomes:
        if one["method"] == "orders":
            proofs.setdefault("G12", []).append(f"{one['counts']['killed']} weakened orders")
    return proofs


def read_cache(folder):
    """Compiler, its version and its flags, of a build folder."""
    cache = folder / "CMakeCache.txt"
    if not cache.is_file():
        return None
    lines = (line.split("=", 1) for line in cache.read_text().split("\n") if "=" in line and ":" in line)
    values = {name.split(":")[0]: value for name, value in lines}
    compiler, kind = values.get("CMAKE_CXX_COMPILER", ""), values.get("CMAKE_BUILD_TYPE", "")
    try:
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    except OSError:
        version = "not found"
    flags = [values.get("CMAKE_CXX_FLAGS", ""), values.get(f"CMAKE_CXX_FLAGS_{kind.upper()}", ""), "-std=c++20"]
    return {"build": folder.name, "compiler": compiler, "version": version, "build_type": kind,
            "compiler_sha256": sources.hash_file(compiler) if Path(compiler).is_file() else "0" * 64,
            "flags": " ".join(part for part in flags if part)}


def version_of(root):
    text = (root / "CMakeLists.txt").read_text()
    return text.split("project(shmfifo VERSION ")[1].split()[0] if "project(shmfifo VERSION " in text else "0"


def gather(root, build):
    root, build = Path(root), Path(build)
    table, files, hashes = citing.Citations(root), sources.manifest(root), sources.hashes(root)
    outcomes, left_out = recordings.read_all(build, hashes, table)
    listed = requirements.of_list((root / requirements.LIST).read_text())
    plan, proofs = expected(table), find_proofs(root, outcomes, table)
    judged = [judge(one, plan, outcomes, proofs, table) for one in listed]
    million = build / "recorded/million.json"
    counted = {one["file"] for one in outcomes}
    return {
        "format": "shmfifo evidence 1", "made": sources.now(), "version": version_of(root),
        "subject": {"sha256": hashes["core"], "checks_sha256": hashes["checks"], "files": files},
        "machine": " ".join((platform.system(), platform.release(), platform.machine())),
        "toolchains": [one for one in map(read_cache, sorted(build.glob("*"))) if one],
        "methods": METHODS, "requirements": judged,
        "outcomes": outcomes, "general": [i for i, one in enumerate(outcomes) if not one["requirements"]],
        "kill_matrix": json.loads((build / "recorded/orders.json").read_text())
        if "recorded/orders.json" in counted else [],
        "crash_matrix": recordings.crash_rows(build) if "recorded/crash.json" in counted else [],
        "throughput": json.loads(million.read_text()) if "recorded/million.json" in counted else {},
        "not_checked_in_this_run": left_out, "assumptions": ASSUMPTIONS, "not_verified": NOT_VERIFIED,
    }


def keep_last(folder, most=20):
    """The evidence of the run before goes to the history, for the trend."""
    last, history = folder / "evidence.json", folder / "history"
    if last.is_file():
        history.mkdir(exist_ok=True)
        last.rename(history / (json.loads(last.read_text())["made"].replace(":", "") + ".json"))
        for old in sorted(history.glob("*.json"))[:-most]:
            old.unlink()


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--build", type=Path, default=sources.ROOT / "build")
    words.add_argument("--root", type=Path, default=sources.ROOT, help=argparse.SUPPRESS)
    given = words.parse_args()
    evidence = gather(given.root, given.build)
    jsonschema.validate(evidence, json.loads((Path(__file__).parent / "schema.json").read_text()))
    folder = given.build / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    keep_last(folder)
    for name, what in (("evidence.json", evidence),
                       ("test_result.intoto.json", statements.make_test_result(evidence)),
                       ("sbom.spdx.json", statements.make_sbom(evidence, given.root))):
        (folder / name).write_text(json.dumps(what, indent=1) + "\n")
    print(statements.summary(evidence))
    answers = [one["verdict"] for one in evidence["requirements"]]
    if set(answers) == {"not checked"}:
        return 2
    return 0 if all(one["passed"] for one in evidence["outcomes"]) else 1


if __name__ == "__main__":
    sys.exit(main())
