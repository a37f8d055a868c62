"""The documents: links lead somewhere, examples are valid, references leave nothing out."""

import re
import tomllib
from pathlib import Path

import pytest

from conformance.spec import schema
from conformance.target.credentials import KINDS
from conformance.target.provisions import PLACEHOLDERS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for folder in ("", "docs", "schemas", "reports", "tests/golden")
    for page in (ROOT / folder).glob("*.md")
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def anchors_of(page):
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_relative_link_leads_to_a_file_and_a_heading(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), link
        assert not anchor or anchor in anchors_of(file), link


def test_the_readme_is_short():
    assert len(text_of("README.md").splitlines()) <= 150


def test_the_examples_of_target_toml_are_valid():
    for example in TOML.findall(text_of("docs/target-toml.md")):
        document = {"target": {"issuer": "https://transmitter.example"}, **tomllib.loads(example)}
        assert schema.complaint("ours/target.json", document) is None, example


def test_the_reference_of_target_toml_names_every_key():
    reference = text_of("docs/target-toml.md")
    tables = schema.load("ours/target.json")
    parts = [*tables["properties"].values(), *tables["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", {})}
    placeholders = {f"{{{name}}}" for names in PLACEHOLDERS.values() for name in names}
    for name in (*tables["properties"], *keys, *KINDS.values(), *placeholders):
        assert re.search(rf"[`\[.]{re.escape(name)}\b|{re.escape(name)}`", reference), name
