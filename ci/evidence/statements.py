# SPDX-License-Identifier: MIT
"""The evidence in the words of others: an in-toto statement with the test-result predicate, an SPDX 2.3
bill of materials; and in a few lines for a terminal."""
import uuid

NAMESPACE = uuid.UUID("6f5c1d1e-0f5b-5d0c-9a68-7d4f0e5a3b11")


def make_test_result(evidence):
    """https://github.com/in-toto/attestation: statement 1, predicate test-result 0.1."""
    by_verdict = {}
    for one in evidence["requirements"]:
        by_verdict.setdefault(one["verdict"], []).append(one["id"])
    general = [evidence["outcomes"][i] for i in evidence["general"]]
    failed = by_verdict.get("failed", []) + sorted({one["file"] for one in general if not one["passed"]})
    unsure = by_verdict.get("passed in part", []) + by_verdict.get("not checked", [])
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": value}}
                    for name, value in evidence["subject"]["files"].items()],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "FAILED" if failed else "WARNED" if unsure else "PASSED",
            "configuration": [{"name": one["build"], "digest": {},
                               "annotations": {"version": one["version"], "flags": one["flags"]}}
                              for one in evidence["toolchains"]],
            "passedTests": by_verdict.get("passed", []),
            "warnedTests": unsure,
            "failedTests": failed,
        },
    }


def make_sbom(evidence):
    """One package, its files with their hashes; it needs nothing but the C and C++ run time."""
    name = f"shmfifo-{evidence['version']}"
    unique = uuid.uuid5(NAMESPACE, evidence["subject"]["sha256"] + evidence["made"])
    files = [{"SPDXID": f"SPDXRef-File-{i}", "fileName": "./" + path, "licenseConcluded": "MIT",
              "licenseInfoInFiles": ["MIT"], "copyrightText": "NOASSERTION",
              "checksums": [{"algorithm": "SHA256", "checksumValue": value}]}
             for i, (path, value) in enumerate(sorted(evidence["subject"]["files"].items()))]
    related = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-Package"}]
    related += [{"spdxElementId": "SPDXRef-Package", "relationshipType": "CONTAINS",
                 "relatedSpdxElement": one["SPDXID"]} for one in files]
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
        "documentNamespace": f"urn:uuid:{unique}",
        "creationInfo": {"created": evidence["made"], "creators": ["Tool: shmfifo-gather"]},
        "packages": [{"SPDXID": "SPDXRef-Package", "name": "shmfifo", "versionInfo": evidence["version"],
                      "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "MIT",
                      "licenseDeclared": "MIT", "copyrightText": "NOASSERTION"}],
        "files": files, "relationships": related,
    }


def summary(evidence):
    """A line for each guarantee, then what was not checked."""
    lines = [f"shmfifo {evidence['version']}, core {evidence['subject']['sha256'][:16]}, "
             f"{len(evidence['subject']['files'])} files, {evidence['made']}"]
    for one in evidence["requirements"]:
        by = {}
        for method, found in one["methods"].items():
            by.setdefault(found["verdict"], []).append(method)
        told = "; ".join(f"{verdict}: {' '.join(methods)}" for verdict, methods in by.items())
        lines.append(f"{one['id']:4}{one['verdict']:15} {told}")
    for one in evidence["not_checked_in_this_run"]:
        lines.append(f"not counted: {one['file']} ({one['why']}; {one['command']})")
    return "\n".join(lines)
