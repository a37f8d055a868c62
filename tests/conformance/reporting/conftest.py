"""A results.json small enough to read, with one row of every verdict."""

import pytest

ISSUER = "https://tx.example"
SSF = "https://openid.net/specs/openid-sharedsignals-framework-1_0-final.html#section-"
BROKEN = "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"
STARTED = "2026-11-21T23:00:00Z"


def exchange(number, operation, method, path, status, **more):
    return {
        "number": number,
        "operation": operation,
        "method": method,
        "url": f"{ISSUER}{path}",
        "request_headers": {
            "host": "tx.example",
            "authorization": "Bearer ***",
            "x-ssf-channel": "management",
        },
        "request_body": None,
        "status": status,
        "response_headers": {"content-type": "application/json"},
        "response_body": None,
        "error": None,
        "duration_s": 0.01,
        "broke": False,
        "captures": [],
    } | more


def case(name, verdict, **more):
    return {
        "case": f"test_ssf.py::{name}",
        "claim": "A PATCH updates what it carries and leaves every other property alone.",
        "verdict": verdict,
        "reason": None,
        "started": STARTED,
        "duration_s": 0.5,
        "examples": 20,
        "checks": 40,
        "expected": None,
        "got": None,
        "exchanges": [],
        "observations": [],
        "reproducer": None,
    } | more


def requirement(identifier, verdict, *cases, **more):
    section = identifier.split("-")[1]
    return {
        "id": identifier,
        "level": "MUST",
        "kind": "obligation",
        "grade": "fail",
        "spec": "OpenID SSF 1.0",
        "section": section,
        "citation": f"SSF 1.0 section {section}",
        "url": f"{SSF}{section}",
        "summary": "A PATCH leaves every property that it does not name as it was.",
        "verdict": verdict,
        "reason": None,
        "known_failure": None,
        "cases": list(cases),
    } | more


def patch_exchanges():
    stream_id = "f67e39a0a4d34d56b3aa1bc4cff0069f"
    json_header = {"content-type": "application/json"}
    common = {"authorization": "Bearer ***", "x-ssf-channel": "management"} | json_header
    return [
        exchange(
            1,
            "create_stream",
            "POST",
            "/ssf/stream",
            201,
            request_headers=common,
            request_body='{"description": "it\'s $HOME `here`", "iss": "https://tx.example"}',
            response_body=f'{{"stream_id": "{stream_id}"}}',
            captures=[{"variable": "STREAM_ID_1", "path": ".stream_id", "value": stream_id}],
        ),
        exchange(
            2,
            "update_stream",
            "PATCH",
            "/ssf/stream",
            200,
            request_headers=common,
            request_body=f'{{"stream_id": "{stream_id}", "description": "b"}}',
            broke=True,
        ),
        exchange(3, "read_stream", "GET", f"/ssf/stream?stream_id={stream_id}", 200),
        exchange(4, "delete_stream", "DELETE", f"/ssf/stream?stream_id={stream_id}", 204),
    ]


@pytest.fixture
def document():
    failed = case(
        "test_patch_changes_only_the_properties_it_names",
        "failed",
        expected='delivery unchanged: {"method": "urn:ietf:rfc:8936"}',
        got='{"method": ""}',
        exchanges=patch_exchanges(),
        observations=["the description was truncated"],
    )
    rows = [
        requirement(BROKEN, "failed", failed, level="MUST NOT"),
        requirement(
            "SSF-8.1.1.3-PATCH-APPLIES",
            "passed",
            case("test_patch_changes_only_the_properties_it_names", "passed"),
            case("test_patch_twice", "passed"),
        ),
        requirement(
            "SSF-7.1-SCIM",
            "warning",
            case(
                "test_discovery",
                "warning",
                expected="an https URL",
                got="http://tx.example/keys",
                exchanges=[exchange(1, "discover", "GET", "/.well-known/ssf", 200, broke=True)],
            ),
            level="SHOULD",
            grade="warn",
            summary="The key set is served over https.",
        ),
        requirement(
            "SSF-7.1-ISSUER",
            "known failure",
            case("test_issuer", "failed", expected="the issuer", got="another"),
            known_failure="ticket 12, until 2027",
            known_failure_state="current",
        ),
        requirement(
            "SSF-9.1-SUBJECT",
            "not seen",
            case("test_sets", "not seen", reason="no SET had a subject"),
            kind="conditional",
        ),
        requirement(
            "SSF-9.2-REACHED",
            "not reached",
            case("test_sets", "not reached", reason="no stream could be created"),
        ),
        requirement("SSF-9.3-EMIT", "not testable", reason="needs the hook emit_event"),
        requirement("SSF-9.4-PUSH", "not applicable", reason="the metadata names no push"),
        requirement("SSF-9.6-INSIDE", "excluded", level="MAY", reason="not observable"),
    ]
    return {
        "format": 1,
        "suite": {"name": "ssf-conformance", "version": "0.1.0"},
        "catalogue": {"version": "1", "digest": "sha256:0f"},
        "target": {
            "name": "tx",
            "version": "2.3",
            "issuer": ISSUER,
            "profile": "ssf-1.0",
            "title": "OpenID SSF 1.0",
        },
        "run": {
            "seed": None,
            "started": STARTED,
            "duration_s": 12.5,
            "verdict": "NONCONFORMANT",
            "exit_code": 1,
            "selection": {"requirements": [], "sections": []},
            "examples": 20,
            "workers": 2,
            "again": "ssf-conformance run target.toml",
            "interrupted": False,
        },
        "plan": {
            "hooks": {
                "emit_event": False,
                "transmitter_status": False,
                "second_receiver": True,
                "clock": True,
            },
            "unlocks": {"emit_event": 1, "transmitter_status": 0},
        },
        "counts": {
            "verdicts": {row["verdict"]: 1 for row in rows},
            "levels": {
                "MUST NOT": {"failed": 1},
                "MUST": {
                    "passed": 1,
                    "known failure": 1,
                    "not seen": 1,
                    "not reached": 1,
                    "not testable": 1,
                    "not applicable": 1,
                },
                "SHOULD": {"warning": 1},
                "MAY": {"excluded": 1},
            },
            "obligations": {"applicable": 7, "judged": 4, "not_seen": 1},
            "results": 7,
        },
        "requirements": rows,
        "sets": [
            {"jti": "a1", "stream": "s1", "header": {"alg": "RS256"}, "claims": {}, "times": 2}
        ],
        "series": [
            {
                "requirement": "SSF-9.1-SUBJECT",
                "case": "test_sets",
                "jti": "a1",
                "gaps_s": [1.0, 2.0],
                "factor": 2.0,
                "cap_s": None,
            }
        ],
    }
