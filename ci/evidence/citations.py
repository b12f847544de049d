# SPDX-License-Identifier: MIT
"""Which guarantees a CTest name stands for, which the name itself says (core.claim.G6_G8_a_sentence), which tests the
sources name, and by which method a test checks, told from its name."""
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
import requirements  # noqa: E402

FOLDERS = ("core", "harness", "property_tests", "stress", "sanitizers", "coverage", "ci/packaging")
# Tests that are the runs of one program, which judges by all of these: name, method, guarantees.
FAMILIES = [
    (r"stress\.crash\..*catches_", "seeded", "G2 G4 G6 G7 G8 G11"),
    (r"stress\.crash\.", "crash", "G2 G4 G6 G7 G8 G11"),
    (r"stress\.fault\..*catches_", "seeded", "G10"),
    (r"stress\.fault\..*(every_failed_call|a_full_file_system)", "fault", "G10"),
    (r"stress\.matrix\.", "stress", "G1 G2 G3 G4 G5 G6 G7 G8 G11"),
    (r"stress\.million_messages\..*gate$", "throughput", "G14"),
    (r"stress\.million_messages\..*self_test_catches", "seeded", "G14"),
    (r"property_tests\.broken\..*each_seeded_bug", "seeded", "G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G13"),
    (r"property_tests\.fuzz_(attach|poll|toctou)\.", "fuzz", "G3 G9"),
    (r"property_tests\.fuzz_ops\.", "fuzz", "G1 G2 G3 G4 G5 G7"),
    (r"property_tests\.model\.", "model", ""),
]
# The checker of memory orders itself, and the oracle: defects that were put there to be found.
SEEDED = re.compile(r"\.(harness|each/)?(wrong_queues\.is_caught|catches_)|_is_caught$|is_caught_by_its_rule")


def guarantees(name):
    """Those that begin the sentence, or the name of its parameter."""
    return set(re.findall(r"G\d+", " ".join(re.findall(r"(?:^|[./])((?:G\d+[._])+)", name))))


def _cases(name, text):
    """suite.case of the tests in a file; of Python and C only the case."""
    if name.endswith(".cpp"):
        for suite, case in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)", text, re.M):
            yield f"{suite}.{case}"
    else:
        yield from re.findall(r"^ +def test_(\w+)|TEST\((\w+)\)[,}]", text, re.M)


def _test_files(root):
    """(name, text) of the files that hold tests; a walk of the whole tree would go through the builds."""
    for top in FOLDERS:
        for path in sorted((root / top).rglob("*.*")):
            name = path.relative_to(root).as_posix()
            if re.search(r"_test\.(cpp|py|c)$|properties/\w+\.cpp$", name) and not requirements.NOT_TESTS.search(name):
                yield name, path.read_text()


def model_tests(root):
    """{name of a model test: guarantees}."""
    found = {}
    for path in (Path(root) / "property_tests/model").glob("model_*.cpp"):
        for name in re.findall(r'registration \w+\{\s*\{\s*"([\w.]+)"', path.read_text()):
            found[name] = guarantees(name)
    return found


class Citations:
    def __init__(self, root):
        self.by_end = {}
        root = Path(root)
        for name, text in _test_files(root):
            folder = name.split("/")[0]
            for wrong in re.findall(r'\{"(G\d+_\w+)",', text):
                self.by_end[(folder, "is_caught_by_its_rule/" + wrong)] = guarantees(wrong)
            for case in _cases(name, text):
                case = case if isinstance(case, str) else case[0] or case[1]
                if guarantees(case):
                    self.by_end[(folder, case)] = guarantees(case)
        self.model = model_tests(root)

    def of(self, test):
        """(method, guarantees) of a CTest name."""
        name = test.split("  # ")[0]
        for pattern, method, cited in FAMILIES:
            if re.match(pattern, name):  # the name of a program ends in a dot
                return method, set(cited.split()) if name.endswith(".") else guarantees(name)
        if SEEDED.search(name):
            return "seeded", guarantees(name)
        return "property" if name.startswith("property_tests.") else "unit", guarantees(name)

    def key_of(self, test):
        """Where by_end has this CTest name."""
        name = re.sub(r"(G\d+)\.(?=G\d)", r"\1_", test.split("  # ")[0])
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
