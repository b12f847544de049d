# SPDX-License-Identifier: MIT
"""The evidence in the words of others: an in-toto statement with the test-result predicate, an SPDX 2.3
bill of materials; and in a few lines for a terminal."""
import hashlib
import uuid
from pathlib import Path

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
            "configuration": [{"name": one["build"], "digest": {"sha256": one["compiler_sha256"]},
                               "annotations": {"version": one["version"], "flags": one["flags"]}}
                              for one in evidence["toolchains"]],
            "passedTests": by_verdict.get("passed", []),
            "warnedTests": unsure,
            "failedTests": failed,
        },
    }


def make_sbom(evidence, root):
    """One package, its files with their hashes; it needs nothing but the C and C++ run time. SPDX 2.3 asks
    for SHA-1 beside what else there is, and makes of those the package's verification code."""
    name = f"shmfifo-{evidence['version']}"
    unique = uuid.uuid5(NAMESPACE, evidence["subject"]["sha256"] + evidence["made"])
    paths = sorted(evidence["subject"]["files"].items())
    old = [hashlib.sha1((Path(root) / path).read_bytes()).hexdigest() for path, _ in paths]
    files = [{"SPDXID": f"SPDXRef-File-{i}", "fileName": "./" + path, "licenseConcluded": "MIT",
              "licenseInfoInFiles": ["MIT"], "copyrightText": "NOASSERTION",
              "checksums": [{"algorithm": "SHA1", "checksumValue": sha1},
                            {"algorithm": "SHA256", "checksumValue": sha256}]}
             for i, ((path, sha256), sha1) in enumerate(zip(paths, old))]
    related = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-Package"}]
    related += [{"spdxElementId": "SPDXRef-Package", "relationshipType": "CONTAINS",
                 "relatedSpdxElement": one["SPDXID"]} for one in files]
    code = hashlib.sha1("".join(sorted(old)).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
        "documentNamespace": f"urn:uuid:{unique}",
        "creationInfo": {"created": evidence["made"], "creators": ["Tool: shmfifo-gather"]},
        "packages": [{"SPDXID": "SPDXRef-Package", "name": "shmfifo", "versionInfo": evidence["version"],
                      "downloadLocation": "NOASSERTION", "filesAnalyzed": True,
                      "packageVerificationCode": {"packageVerificationCodeValue": code},
                      "licenseInfoFromFiles": ["MIT"], "licenseConcluded": "MIT", "licenseDeclared": "MIT",
                      "copyrightText": "NOASSERTION"}],
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
