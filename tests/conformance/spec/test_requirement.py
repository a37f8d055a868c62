"""The catalogue of requirements: what it holds, and how it refuses what it can't use."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.spec.profile_files import shipped_profiles
from conformance.spec.requirement import (
    DIRECTORY,
    OPERATIONS,
    VOCABULARY,
    Catalogue,
    CatalogueError,
    Document,
    DuplicateRequirement,
    Grade,
    Requirement,
    UnknownRequirement,
    default_grade,
    load_catalogue,
    read_catalogue,
    softest,
)

SCHEMAS = Path(__file__).parents[3] / "schemas" / "ours"
ROWS_FILES = sorted(path.name for path in DIRECTORY.glob("*.toml") if path.stem != "catalogue")
VENDOR_ROW = re.compile(r"(?:RX-)?(?:VEPA|JAMF)-")

INDEX = """
version = "1"
[[document]]
name = "A"
short = "A 1"
file = "a.toml"
url = "https://example.org/a#section-{section}"
[[document]]
name = "B"
short = "B 2"
file = "b.toml"
"""

ROW = {
    "id": "A-1-ONE",
    "role": "transmitter",
    "spec": "A",
    "section": "1",
    "level": "MUST",
    "basis": "bcp14",
    "tags": ["one"],
    "kind": "obligation",
    "observable": "wire",
    "summary": "It is so.",
    "how": "Look.",
}

Reader = Callable[..., Catalogue]


@pytest.fixture
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    return load_catalogue()


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Write rows of documents A and B and read them back."""

    def write_and_read(*a: dict[str, Any], b: tuple[dict[str, Any], ...] = ()) -> Catalogue:
        (tmp_path / "catalogue.toml").write_text(INDEX)
        (tmp_path / "a.toml").write_text(_toml(a))
        (tmp_path / "b.toml").write_text(_toml(b or (row(id="B-1-ONE", spec="B"),)))
        return read_catalogue(tmp_path)

    return write_and_read


def row(**changes: object) -> dict[str, Any]:
    """A valid row with changes; None takes a key away."""
    return {key: value for key, value in {**ROW, **changes}.items() if value is not None}


def _toml(rows: tuple[dict[str, Any], ...]) -> str:
    return "".join(
        "[[requirement]]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in one.items())
        for one in rows
    )


def _schema() -> Draft202012Validator:
    schema = json.loads((SCHEMAS / "catalogue.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _content() -> dict[str, Any]:
    content = tomllib.loads((DIRECTORY / "catalogue.toml").read_text())
    content["requirement"] = [
        table
        for name in ROWS_FILES
        for table in tomllib.loads((DIRECTORY / name).read_text())["requirement"]
    ]
    return content


# ---- what it holds ----


def test_every_document_has_rows(catalogue: Catalogue) -> None:
    documents = tomllib.loads((DIRECTORY / "catalogue.toml").read_text())["document"]
    assert {one["short"] for one in documents} == {one.document.short for one in catalogue}


def test_every_tag_is_one_that_a_profile_has_and_each_has_rows(catalogue: Catalogue) -> None:
    known = {tag for one in shipped_profiles() for tag in one.tags}
    assert {tag for one in catalogue for tag in one.tags} == known


def test_the_tables_on_disk_are_as_many_as_the_distinct_ids(catalogue: Catalogue) -> None:
    ids = [table["id"] for table in _content()["requirement"]]
    assert len(ids) == len(set(ids)) == len(catalogue)


def test_receiver_ids_begin_with_rx_and_no_other_id_does(catalogue: Catalogue) -> None:
    assert all(one.id.startswith("RX-") == (one.role == "receiver") for one in catalogue)


def test_the_whole_catalogue_validates_against_its_schema() -> None:
    errors = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in _schema().iter_errors(_content())
    ]
    assert errors == []


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "wish"},
        {"level": "MAY"},
        {"level": "SHALL"},
        {"grade": "warn"},
        {"applies_to": ["operation:fly"]},
        {"applies_to": []},
        {"colour": "red"},
        {"summary": None},
    ],
)
def test_the_schema_refuses_what_the_loader_or_the_vocabulary_refuses(
    changes: dict[str, Any],
) -> None:
    document = {"name": "A", "short": "A", "file": "a.toml"}
    content = {"version": "1", "document": [document], "requirement": [row()]}
    assert _schema().is_valid(content)
    content["requirement"] = [row(**changes)]
    assert not _schema().is_valid(content)


def test_schema_and_loader_hold_each_key_to_the_same_words() -> None:
    properties = json.loads((SCHEMAS / "catalogue.json").read_text())["$defs"]["requirement"][
        "properties"
    ]
    for key, pattern in VOCABULARY.items():
        schema = properties[key]
        schema = schema.get("items", schema)
        parts = schema.get("anyOf", [schema])
        words = {word for part in parts for word in part.get("enum", ())}
        patterns = [part["pattern"] for part in parts if "pattern" in part]
        assert all(pattern.fullmatch(word) for word in words), key
        if key == "applies_to":
            assert words >= {f"operation:{name}" for name in OPERATIONS}
        elif patterns:
            assert patterns == [f"^{pattern.pattern}$"], key
        else:
            assert words == set(pattern.pattern.split("|")), key


def test_applies_to_names_only_known_operations_deliveries_members_and_tls(
    catalogue: Catalogue,
) -> None:
    metadata = {
        "jwks_uri",
        "delivery_methods_supported",
        "configuration_endpoint",
        "status_endpoint",
        "add_subject_endpoint",
        "remove_subject_endpoint",
        "verification_endpoint",
        "critical_subject_members",
        "authorization_schemes",
        "default_subjects",
    }
    known = {f"operation:{name}" for name in OPERATIONS} | {f"metadata:{name}" for name in metadata}
    known |= {"delivery:poll", "delivery:push", "tls"}
    used = {entry for one in catalogue for entry in one.applies_to}
    assert used == known


def test_a_text_with_one_implicit_stream_never_creates_lists_or_patches(
    catalogue: Catalogue,
) -> None:
    explicit = {"operation:create_stream", "operation:list_streams", "operation:update_stream"}
    implicit = [one for one in catalogue if one.document.short in {"SSE ID1", "Jamf stream page"}]
    assert implicit
    assert [one.id for one in implicit if explicit.intersection(one.applies_to)] == []


def test_a_row_about_the_presence_of_a_member_does_not_wait_for_the_member(
    catalogue: Catalogue,
) -> None:
    for requirement in (
        "SSF-7.1-JWKS-URI-WHEN-SIGNING",
        "SSF-7.1-DELIVERY-METHODS",
        "SSF-7.1-ISSUER-PRESENT",
        "SSE-6.1-JWKS-URI",
        "CAEPIOP-2.3.3-JWKS-URI",
        "CAEPIOP-2.3.5-STATUS-ENDPOINT",
        "CAEPIOP-2.3.7-AUTHZ-SCHEMES",
    ):
        entries = catalogue[requirement].applies_to
        assert not [entry for entry in entries if entry.startswith("metadata:")], requirement


def test_a_freedom_is_a_tolerance_and_nothing_else_is(catalogue: Catalogue) -> None:
    assert all((one.level == "MAY") == (one.kind == "tolerance") for one in catalogue)


def test_only_rows_of_vendor_pages_rest_on_a_profile(catalogue: Catalogue) -> None:
    resting = [one.id for one in catalogue if one.rests_on]
    assert resting
    assert all(VENDOR_ROW.match(requirement) for requirement in resting)


def test_what_a_row_rests_on_is_a_key_that_profiles_have(catalogue: Catalogue) -> None:
    schema = json.loads((SCHEMAS / "profile.json").read_text())

    def has(node: dict[str, Any], steps: list[str]) -> bool:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        if not steps:
            return True
        inner = node.get("properties", {}).get(steps[0])
        return inner is not None and has(inner, steps[1:])

    keys = {key for one in catalogue for key in one.rests_on}
    assert keys
    assert sorted(key for key in keys if not has(schema, key.split("."))) == []


# ---- grades ----


@pytest.mark.parametrize(
    ("level", "basis", "at_most", "grade"),
    [
        ("MUST", "bcp14", None, "fail"),
        ("MUST", "prose", None, "fail"),
        ("MUST NOT", "table", None, "fail"),
        ("MUST NOT", "vendor-doc", None, "fail"),
        ("MUST", "derived", None, "warn"),
        ("MUST NOT", "derived", None, "warn"),
        ("SHOULD", "bcp14", None, "warn"),
        ("SHOULD NOT", "derived", None, "warn"),
        ("SHOULD", "vendor-doc", None, "warn"),
        ("MAY", "bcp14", None, "note"),
        ("MAY", "derived", None, "note"),
        ("MUST", "bcp14", Grade.WARN, "warn"),
        ("MUST", "bcp14", Grade.NOTE, "note"),
        ("MAY", "bcp14", Grade.WARN, "note"),
    ],
)
def test_the_default_grade_follows_from_level_basis_and_at_most(
    level: str, basis: str, at_most: Grade | None, grade: str
) -> None:
    assert default_grade(level, basis, at_most) == grade


def test_the_softest_grade_is_the_least_loud() -> None:
    assert softest(Grade.FAIL, Grade.NOTE, Grade.WARN) is Grade.NOTE
    assert softest(Grade.FAIL, Grade.WARN) is Grade.WARN
    assert softest(Grade.FAIL) is Grade.FAIL


def test_a_grade_departs_from_the_default_only_with_a_reason_and_within_at_most(
    catalogue: Catalogue,
) -> None:
    for one in catalogue:
        departs = one.grade != default_grade(one.level, one.basis, one.at_most)
        assert departs == (one.why is not None), one.id
        assert one.at_most is None or softest(one.grade, one.at_most) == one.grade, one.id


@pytest.mark.parametrize(
    "requirement",
    [
        "SSF-8.1.1-ISS-EQUALS-METADATA",
        "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
        "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
        "VEPA-ACK-STOPS-REDELIVERY",
        "VEPA-BACKOFF-SAME-SET",
    ],
)
def test_a_derived_rule_that_every_reading_shares_is_lifted_to_fail(
    catalogue: Catalogue, requirement: str
) -> None:
    one = catalogue[requirement]
    assert (one.basis, one.grade) == ("derived", Grade.FAIL)
    assert one.why


# ---- where a row can be read ----


@pytest.mark.parametrize(
    ("requirement", "citation", "url"),
    [
        (
            "SSF-8.1.1.3-PATCH-APPLIES",
            "SSF 1.0 section 8.1.1.3",
            "https://openid.net/specs/openid-sharedsignals-framework-1_0-final.html#section-8.1.1.3",
        ),
        (
            "SSE-7.1.2.2-POST-UPDATES-200",
            "SSE ID1 section 7.1.2.2",
            "https://openid.net/specs/openid-sse-framework-1_0-ID1.html#rfc.section.7.1.2.2",
        ),
        (
            "RFC8417-2.2-JTI",
            "RFC 8417 section 2.2",
            "https://www.rfc-editor.org/rfc/rfc8417.html#section-2.2",
        ),
        (
            "RFC8935-2.1-POST",
            "RFC 8935 section 2.1",
            "https://www.rfc-editor.org/rfc/rfc8935.html#section-2.1",
        ),
        (
            "RX-8936-2-ACK-MUST",
            "RFC 8936 section 2",
            "https://www.rfc-editor.org/rfc/rfc8936.html#section-2",
        ),
        (
            "RFC9493-3.2.2-EMAIL",
            "RFC 9493 section 3.2.2",
            "https://www.rfc-editor.org/rfc/rfc9493.html#section-3.2.2",
        ),
        (
            "RFC7515-4.1.1-ALG",
            "RFC 7515 section 4.1.1",
            "https://www.rfc-editor.org/rfc/rfc7515.html#section-4.1.1",
        ),
        (
            "RFC7517-5-JWKS-SHAPE",
            "RFC 7517 section 5",
            "https://www.rfc-editor.org/rfc/rfc7517.html#section-5",
        ),
        (
            "RFC7518-3.3-RSA-2048",
            "RFC 7518 section 3.3",
            "https://www.rfc-editor.org/rfc/rfc7518.html#section-3.3",
        ),
        (
            "RFC7519-2-NUMERICDATE",
            "RFC 7519 section 2",
            "https://www.rfc-editor.org/rfc/rfc7519.html#section-2",
        ),
        (
            "RFC9110-15.5.2-401-CHALLENGE",
            "RFC 9110 section 15.5.2",
            "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.2",
        ),
        (
            "RFC6750-3.1-INVALID-TOKEN",
            "RFC 6750 section 3.1",
            "https://www.rfc-editor.org/rfc/rfc6750.html#section-3.1",
        ),
        (
            "CAEP-3.2-CLAIMS",
            "CAEP 1.0 section 3.2.1",
            "https://openid.net/specs/openid-caep-1_0-final.html#section-3.2.1",
        ),
        (
            "CAEPID1-3.4-LEVELS",
            "CAEP ID1 section 3.4.1",
            "https://openid.net/specs/openid-caep-specification-1_0-ID1.html#rfc.section.3.4.1",
        ),
        (
            "RISC-2.5-SUBJECT-FORMAT",
            "RISC 1.0 section 2.5",
            "https://openid.net/specs/openid-risc-1_0-final.html#section-2.5",
        ),
        (
            "CAEPIOP-2.6-RS256",
            "CAEP Interop draft 02 section 2.6",
            "https://github.com/openid/sharedsignals/blob/main/openid-caep-interoperability-profile-1_0.md",
        ),
        (
            "VEPA-ACK-PATH",
            'events:poll page section "Acknowledge"',
            "https://docs-id.avnology.net/docs/api/ssf/events",
        ),
        (
            "JAMF-ISS",
            'Jamf stream page section "Body Params"',
            "https://developer.jamf.com/jamf-security/reference/post_sse-v1-stream",
        ),
    ],
)
def test_citation_and_url_lead_to_the_section_of_the_document(
    catalogue: Catalogue, requirement: str, citation: str, url: str
) -> None:
    assert catalogue[requirement].citation == citation
    assert catalogue[requirement].url == url


def test_the_url_examples_cover_every_document(catalogue: Catalogue) -> None:
    shorts = {one.document.short for one in catalogue}
    marks = [
        mark
        for mark in test_citation_and_url_lead_to_the_section_of_the_document.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    ]
    covered = {catalogue[requirement].document.short for requirement, _, _ in marks[0].args[1]}
    assert covered == shorts


def test_only_the_interoperability_profile_has_a_mere_pointer(catalogue: Catalogue) -> None:
    assert {one.document.short for one in catalogue if one.document.pointer} == {
        "CAEP Interop draft 02"
    }


def test_a_heading_takes_the_fragment_out_of_a_url_and_no_url_stays_none(
    read: Reader,
) -> None:
    found = read(row(section="Poll"), b=(row(id="B-1-ONE", spec="B"),))
    assert found["A-1-ONE"].url == "https://example.org/a"
    assert found["B-1-ONE"].url is None


# ---- asking ----


def test_for_tags_takes_one_role_and_any_of_the_tags_in_order(read: Reader) -> None:
    found = read(
        row(id="A-1-TWO", tags=["two"]),
        row(id="A-1-ONE", tags=["one", "two"]),
        row(id="A-1-THREE", tags=["three"]),
        row(id="RX-A-1", role="receiver", tags=["one"]),
        b=(row(id="B-1-ONE", spec="B", tags=["three"]),),
    )
    assert [one.id for one in found.for_tags(["one", "two"])] == ["A-1-TWO", "A-1-ONE"]
    assert [one.id for one in found.for_tags({"one"}, role="receiver")] == ["RX-A-1"]
    assert found.for_tags([]) == ()


def test_an_unknown_id_is_named_with_the_nearest_known_ones(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownRequirement, match=r"VEPA-ACK-PAHT.*VEPA-ACK-PATH"):
        catalogue["VEPA-ACK-PAHT"]
    with pytest.raises(UnknownRequirement, match="ssf-8-http-auth; did you mean SSF-8-HTTP-AUTH"):
        catalogue["ssf-8-http-auth"]
    with pytest.raises(UnknownRequirement, match="requirements list"):
        catalogue["?"]
    assert "VEPA-ACK-PATH" in catalogue
    assert "VEPA-ACK-PAHT" not in catalogue


def test_check_ids_passes_known_ids_and_stops_at_an_unknown_one(catalogue: Catalogue) -> None:
    catalogue.check_ids(["VEPA-ACK-PATH", "SSF-8-HTTP-AUTH"])
    with pytest.raises(UnknownRequirement, match="SSF-8-HTTP-AUHT"):
        catalogue.check_ids(["VEPA-ACK-PATH", "SSF-8-HTTP-AUHT"])


def test_the_catalogue_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


# ---- what it refuses ----


def test_an_id_in_two_files_is_refused_by_name(read: Reader) -> None:
    with pytest.raises(DuplicateRequirement, match=r"A-1-ONE.*a\.toml.*b\.toml"):
        read(row(), b=(row(spec="B"),))


def test_an_id_twice_in_one_file_is_refused_by_name(read: Reader) -> None:
    with pytest.raises(DuplicateRequirement, match=r"A-1-ONE.*a\.toml.*a\.toml"):
        read(row(), row())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"sumary": "x"}, "unknown key 'sumary'; did you mean 'summary'"),
        ({"how": None}, "the key 'how' is missing"),
        ({"spec": "C"}, "'C' is no document"),
        ({"spec": "B"}, r"rows of 'B' stand in b\.toml"),
        ({"role": "sender"}, "role can't hold 'sender'"),
        ({"level": "SHALL"}, "level can't hold 'SHALL'"),
        ({"basis": "hearsay"}, "basis can't hold"),
        ({"kind": "wish"}, "kind can't hold"),
        ({"observable": "perhaps"}, "observable can't hold"),
        ({"also_needs": ["wire"]}, "also_needs can't hold"),
        ({"trigger": "luck"}, "trigger can't hold"),
        ({"at_most": "fail"}, "at_most can't hold"),
        ({"applies_to": ["operation:fly"]}, "applies_to can't hold 'operation:fly'"),
        ({"applies_to": "tls"}, "applies_to has to be a list"),
        ({"applies_to": []}, "applies_to is empty"),
        ({"rests_on": ["Poll"]}, "rests_on can't hold"),
        ({"tags": "one"}, "tags has to be a list"),
        ({"section": 1}, "section can't hold 1"),
        ({"section": ["1"]}, "section has to be one text"),
        ({"summary": ""}, "summary can't hold ''"),
        ({"grade": "warn"}, "grade and why stand together"),
        ({"why": "because"}, "grade and why stand together"),
        ({"grade": "fail", "why": "because"}, "'fail' is the default"),
        ({"grade": "fail", "why": "because", "at_most": "warn"}, "louder than at_most"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_file_and_id(
    read: Reader, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(CatalogueError, match=rf"^a\.toml, A-1-ONE: .*{complaint}"):
        read(row(**changes))


def test_a_row_without_an_id_is_named_by_its_position(read: Reader) -> None:
    with pytest.raises(CatalogueError, match=r"^a\.toml, row 2: the key 'id' is missing"):
        read(row(), row(id=None))


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("a.toml", "[[requirement", r"^a\.toml: not valid TOML"),
        ("a.toml", "requirement = 1", r"^a\.toml: write each requirement"),
        ("a.toml", "other = 1", r"^a\.toml: unknown key 'other'"),
        ("catalogue.toml", "version = '1'", r"^catalogue\.toml: the key 'document' is missing"),
        ("catalogue.toml", INDEX.replace('"1"', "1", 1), "version has to be a text"),
        ("catalogue.toml", INDEX + 'color = "red"\n', "document 'B': unknown key 'color'"),
        ("catalogue.toml", INDEX + 'pointer = "yes"\n', "document 'B': pointer can't hold 'yes'"),
        ("stray.toml", "", r"^stray\.toml: no document"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(
    read: Reader, tmp_path: Path, file: str, content: str, complaint: str
) -> None:
    read(row())
    (tmp_path / file).write_text(content)
    with pytest.raises(CatalogueError, match=complaint):
        read_catalogue(tmp_path)


def test_a_missing_rows_file_is_refused_by_name(read: Reader, tmp_path: Path) -> None:
    read(row())
    (tmp_path / "b.toml").unlink()
    with pytest.raises(CatalogueError, match=r"^b\.toml: can't be read"):
        read_catalogue(tmp_path)


# ---- the digest ----


def test_the_digest_changes_with_a_row_and_not_with_order_or_comments(
    read: Reader, tmp_path: Path
) -> None:
    one, two = row(id="A-1-ONE"), row(id="A-1-TWO")
    before = read(one, two).digest
    assert re.fullmatch(r"[0-9a-f]{64}", before)
    assert read(two, one).digest == before
    (tmp_path / "a.toml").write_text("# a comment\n" + (tmp_path / "a.toml").read_text())
    assert read_catalogue(tmp_path).digest == before
    assert read(one, row(id="A-1-TWO", how="Look twice.")).digest != before


def test_a_requirement_cannot_be_changed(catalogue: Catalogue) -> None:
    one: Requirement = catalogue["SSF-8-HTTP-AUTH"]
    with pytest.raises(AttributeError):
        one.grade = Grade.NOTE  # type: ignore[misc]
    with pytest.raises(AttributeError):
        one.document.pointer = True  # type: ignore[misc]
    assert isinstance(one.document, Document)
