"""Generated subjects: every format of a profile's schema, simple and complex, right and wrong.

Formats and their members are read from the schema; what stands in a member is chosen here, few
values that a person would write.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias

from hypothesis import strategies as st

from conformance.generate.from_schema import UngeneratedKeyword
from conformance.generate.invalid_values import Site
from conformance.sets.raw_json import canonical
from conformance.spec import schema

Json: TypeAlias = dict[str, Any]

# The simplest comes first: to it a failure shrinks.
_VALUES: Mapping[tuple[str, str], tuple[Any, ...]] = MappingProxyType(
    {
        ("email", "email"): ("some.user@example.com", "o'neil+ssf@mail.example.com"),
        ("iss_sub", "iss"): ("https://idp.example.com/", "https://idp.example.com/realms/a"),
        ("iss_sub", "sub"): ("145234573", "auth0|5f7c8ec7c33c6c004bbafe82"),
        ("opaque", "id"): ("11112222333344445555", "a/b c?d=e&f#g", "Zoë \U0001f511"),
        ("phone_number", "phone_number"): ("+12065550100", "+442079460000"),
        ("account", "uri"): ("acct:example.user@service.example.com",),
        ("did", "url"): ("did:example:123456", "did:example:123456/did/url/path?a=b#c"),
        ("uri", "uri"): (
            "https://user.example.com/",
            "urn:uuid:4e851e98-83c4-4743-a5da-150ecb53042f",
        ),
        ("jwt_id", "iss"): ("https://idp.example.com/123456789/",),
        ("jwt_id", "jti"): ("B70BA622-9515-4353-A866-823539EECBC8",),
        ("saml_assertion_id", "issuer"): ("https://idp.example.com/123456789/",),
        ("saml_assertion_id", "assertion_id"): ("_8e8dc5f69a98cc4c1ff3427e5ce34606fd672f91e6",),
        ("ip-addresses", "ip-addresses"): (
            ["10.29.37.75"],
            ["10.29.37.75", "2001:0db8:0000:0000:0000:8a2e:0370:7334"],
        ),
    }
)
ALIASES = "aliases"
COMPLEX = "complex"
# Of the members of a complex subject: SSF 1.0 section 3.3, the 2021 draft's section 3.2.
_COMPLEX_MEMBERS = ("user", "tenant", "device", "session", "application", "org_unit", "group")


def simple_formats(name: str) -> tuple[str, ...]:
    """Return the formats of simple subjects that a schema knows, the simplest first."""
    known = _formats(name)
    chosen = {_spelling(name, pair[0]) for pair in _VALUES} | {ALIASES}
    strange = known.keys() - chosen - {COMPLEX, *(one.replace("-", "_") for one in chosen)}
    if strange:
        raise UngeneratedKeyword(f"{name}: no values for {', '.join(sorted(strange))}")
    order = [*dict.fromkeys(_spelling(name, pair[0]) for pair in _VALUES), ALIASES]
    return tuple(one for one in order if one in known)


@cache
def simple_subjects(name: str, *formats: str) -> st.SearchStrategy[Json]:
    """Return valid simple subjects of a schema, of these formats or of all."""
    chosen = formats or simple_formats(name)
    return st.one_of([_simple(name, one) for one in chosen])


@cache
def complex_subjects(name: str) -> st.SearchStrategy[Json]:
    """Return valid complex subjects of a schema: one to four simple ones by name."""
    chosen = [one for one in simple_formats(name) if one != ALIASES]
    members = st.dictionaries(
        st.sampled_from(_COMPLEX_MEMBERS), simple_subjects(name, *chosen), min_size=1, max_size=4
    )
    # The draft of 2021 gives a complex subject no format.
    return members.map(
        lambda found: {"format": COMPLEX, **found} if _names_complex(name) else found
    )


@st.composite
def subjects_alike(draw: st.DrawFn, name: str) -> tuple[Json, Json]:
    """Return two valid subjects: simple ones of one format, or complex ones with common members.

    Each member of the one is missing in the other, equal to it or different from it.
    """
    if draw(st.booleans()):
        chosen = draw(st.sampled_from(simple_formats(name)))
        one = draw(simple_subjects(name, chosen))
        return one, draw(st.just(one) | simple_subjects(name, chosen))
    one = draw(complex_subjects(name))
    members = [member for member in one if member != "format"]
    kept = draw(st.lists(st.sampled_from(members), min_size=1, unique=True))
    other = {member: draw(_alike(name, one[member])) for member in kept}
    return one, {**{k: v for k, v in one.items() if k == "format"}, **other}


def _alike(name: str, subject: Json) -> st.SearchStrategy[Json]:
    return st.just(subject) | simple_subjects(name, subject["format"])


def subject_of_format(name: str, subject_format: str) -> Json:
    """Return the simplest subject of a format."""
    if subject_format == ALIASES:
        return {"format": ALIASES, "identifiers": [subject_of_format(name, "email")]}
    spelled = _in_ssf(subject_format)
    members = _formats(name)[subject_format]["required"]
    values = {member: _VALUES[spelled, member][0] for member in members}
    return {"format": subject_format, **values}


def subject_sites(name: str, subject_format: str) -> Iterator[Site]:
    """Yield every place where a simple subject of a format can be broken.

    The places lie in a request that has the subject as a member.
    """
    shape = _formats(name)[subject_format]
    for member in shape["required"]:
        yield Site(("subject",), "required", None, member=member)
    for member, part in shape["properties"].items():
        for keyword in ("type", "pattern", "minLength", "minItems"):
            if keyword in part:
                yield Site(("subject", member), keyword, None, part[keyword])


def _simple(name: str, subject_format: str) -> st.SearchStrategy[Json]:
    if subject_format == ALIASES:
        others = [one for one in simple_formats(name) if one != ALIASES]
        identifiers = st.lists(
            simple_subjects(name, *others), min_size=1, max_size=3, unique_by=canonical
        )
        return st.fixed_dictionaries({"format": st.just(ALIASES), "identifiers": identifiers})
    values = {
        member: st.sampled_from(_VALUES[_in_ssf(subject_format), member])
        for member in _formats(name)[subject_format]["required"]
    }
    return st.fixed_dictionaries({"format": st.just(subject_format), **values})


def _in_ssf(subject_format: str) -> str:
    spelled = subject_format.replace("-", "_")
    return spelled if any(one == spelled for one, _ in _VALUES) else subject_format


def _spelling(name: str, subject_format: str) -> str:
    """Return how a schema spells a format: the draft of 2021 has hyphens in two."""
    hyphens = subject_format.replace("_", "-")
    return hyphens if hyphens in _formats(name) else subject_format


def _names_complex(name: str) -> bool:
    return COMPLEX in _formats(name)


@cache
def _formats(name: str) -> dict[str, Json]:
    """Return what a schema says of each format: the members that it asks for, and of each."""
    found: dict[str, Json] = {}
    root = schema.load(name)
    for node, condition in _conditions(root, root):
        asked = condition.get("properties", {}).get("format", {})
        for one in asked.get("enum", [asked["const"]] if "const" in asked else ()):
            shape = found.setdefault(one, {"required": [], "properties": {}})
            shape["required"] += [
                member for member in node.get("required", ()) if member not in shape["required"]
            ]
            shape["properties"] |= {
                member: {**shape["properties"].get(member, {}), **part}
                for member, part in node.get("properties", {}).items()
                if isinstance(part, dict)
            }
    return found


def _conditions(root: Json, node: Json) -> Iterator[tuple[Json, Json]]:
    """Yield what holds of a subject under which condition, references followed."""
    if "$ref" in node:
        target, file = schema.resolve(root, node["$ref"])
        yield from _conditions(schema.load(file), target)
    if "if" in node:
        yield node.get("then", {}), node["if"]
        for branch in ("then", "else"):
            yield from _conditions(root, node.get(branch, {}))
    for part in node.get("allOf", ()):
        yield from _conditions(root, part)
