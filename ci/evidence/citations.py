# SPDX-License-Identifier: MIT
"""Which guarantees a CTest name stands for: what its source cites (`// checks G4`), what a model test is
registered with, what the table of properties says, and, for the programs that judge everything they
meet, what FAMILIES says. Also the method by which it checks, told from the name."""
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
import requirements  # noqa: E402

FOLDERS = ("core", "harness", "property_tests", "stress", "sanitizers", "coverage", "ci/packaging")
# Tests that are the runs of one program, which judges by all of these: name, method, guarantees.
FAMILIES = [
    (r"stress\.crash\.catches_", "seeded", "G2 G4 G6 G7 G8 G11"),
    (r"stress\.crash\.", "crash", "G2 G4 G6 G7 G8 G11"),
    (r"stress\.fault\.catches_", "seeded", "G10"),
    (r"stress\.fault\.(every_failed_call|a_full_file_system)", "fault", "G10"),
    (r"stress\.matrix\.(recoverer|creator|churn)", "stress", "G8"),
    (r"stress\.matrix\.", "stress", "G1 G2 G3 G4 G5 G6 G7 G11"),
    (r"stress\.million_messages\.gate$", "throughput", "G14"),
    (r"stress\.million_messages\.self_test_catches", "seeded", "G14"),
    (r"ci\.packages\.they_are_made", "unit", "G1 G2 G4"),
    (r"property_tests\.broken\.each_seeded_bug", "seeded", "G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G13"),
    (r"property_tests\.fuzz_(attach|poll|toctou)\.", "fuzz", "G3 G9"),
    (r"property_tests\.fuzz_ops\.", "fuzz", "G1 G2 G3 G4 G5 G7"),
]
# The checker of memory orders itself, and the oracle: defects that were put there to be found.
SEEDED = re.compile(r"\.(harness|each/)?(wrong_queues\.is_caught|catches_)|_is_caught$|is_caught_by_its_rule")


def _gtest_cases(text):
    """(suite.case, guarantees) of the tests in a file; a citation before the first stands for all."""
    tests = list(re.finditer(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)[^\n]*", text, re.M))
    common = set(re.findall(r"G\d+", " ".join(requirements.CITED.findall(
        text[:tests[0].start()].split("#include")[0])))) if tests else set()
    last = 0
    for test in tests:
        near = text[last:test.end()]
        near = near[near.rfind("\n}\n") + 1:]
        cited = set(re.findall(r"G\d+", " ".join(requirements.CITED.findall(near))))
        last = test.end()
        yield f"{test.group(1)}.{test.group(2)}", common | cited


def _python_and_c_cases(text):
    lines = text.split("\n")
    for i, line in enumerate(lines):
        found = re.match(r"\s*def test_(\w+)|static (?:void|int) (\w+)\(", line)
        if found:
            near = line + " " + (lines[i - 1] if i else "")
            yield found.group(1) or found.group(2), set(re.findall(r"G\d+", " ".join(
                requirements.CITED.findall(near))))


def _test_files(root):
    """(name, text) of the files that hold tests; a walk of the whole tree would go through the builds."""
    for top in FOLDERS:
        for path in sorted((root / top).rglob("*_test.*")):
            name = path.relative_to(root).as_posix()
            if name.endswith((".cpp", ".py", ".c")) and not requirements.NOT_TESTS.search(name):
                yield name, path.read_text()


def model_tests(root):
    """{name of a model test: guarantees} as they are registered."""
    found = {}
    for path in (Path(root) / "property_tests/model").glob("model_*.cpp"):
        for name, cited in re.findall(r'\{\{\s*"([\w.]+)",\s*"(G[\dG ]+)"', path.read_text()):
            found[name] = set(cited.split())
    return found


class Citations:
    def __init__(self, root):
        self.by_end = {}
        root = Path(root)
        for name, text in _test_files(root):
            cases = _gtest_cases(text) if name.endswith(".cpp") else _python_and_c_cases(text)
            folder = name.split("/")[0]
            for wrong, cited in re.findall(r'\{"(\w+)",\s*\{[^/]*//\s*(checks [G\d ,]+)', text):
                self.by_end[(folder, "is_caught_by_its_rule/" + wrong)] = set(re.findall(r"G\d+", cited))
            for end, cited in cases:
                if cited:
                    self.by_end.setdefault((folder, end), set()).update(cited)
        table = root / "property_tests/README.md"
        for line in table.read_text().split("\n") if table.is_file() else []:
            row = re.match(r"^\| P\d+ \|[^|]*\|([^|]*)\| `([\w.]+)` \|", line)
            if row:
                self.by_end[("property_tests", row.group(2))] = set(row.group(1).split())
        self.model = model_tests(root)

    def of(self, test):
        """(method, guarantees) of a CTest name."""
        name = test.split("  # ")[0]
        for pattern, method, cited in FAMILIES:
            if re.match(pattern, name):
                return method, set(cited.split())
        folder = name.split(".")[0]
        group = re.match(r"property_tests\.model\.(\w+)_keeps_the_guarantees", name)
        if group:
            kin = [g for n, g in self.model.items() if n.startswith(group.group(1) + ".")
                   or n.split(".")[1] == group.group(1)]
            return "model", set().union(*kin)
        cited = self.by_end.get(self.key_of(name), set())
        if SEEDED.search(name):
            return "seeded", cited
        return "property" if folder == "property_tests" else "unit", cited

    def key_of(self, test):
        """Where by_end has this CTest name."""
        name = test.split("  # ")[0]
        # What stands behind a slash is a parameter, except before the name of the suite.
        if "each/" not in name:
            name = re.sub(r"\.\w+/(?=\w+\.)", ".", name).split("/")[0]
        parts = name.split(".")
        whole = (parts[0], ".".join(parts[-2:]))
        return whole if whole in self.by_end else (parts[0], parts[-1])

    def all_of(self, requirement, method):
        """The tests that must be among what was recorded, or the method did not do all it can."""
        if method == "model":
            return {name for name, cited in self.model.items() if requirement in cited}
        if method not in ("unit", "property"):
            return set()
        return {key for key, cited in self.by_end.items() if requirement in cited
                and (key[0] == "property_tests") == (method == "property") and "/" not in key[1]
                and not SEEDED.search(".".join(key))}
