"""What the official suite looks at, as data: conformance/spec/certification.toml."""

import pytest

from conformance.cli.main import main
from conformance.spec.certification import FILE, load_certification, read_certification
from conformance.spec.requirement import CatalogueError, UnknownRequirement, load_catalogue

CATALOGUE = load_catalogue()


def test_the_modules_have_names_of_their_own_and_touch_rows_of_transmitters():
    modules = load_certification().modules
    assert len({one.name for one in modules}) == len(modules)
    for one in modules:
        assert one.requirements
        assert {CATALOGUE[row].role for row in one.requirements} == {"transmitter"}


def test_a_module_touches_what_its_blocks_touch():
    (push,) = (
        one
        for one in load_certification().modules
        if one.name == "openid-ssf-transmitter-stream-verification-push"
    )
    assert {"SSF-4.1.1-TYP", "SSF-8.1.4.2-STATE-ECHO"} <= set(push.requirements)


def test_a_row_is_touched_by_the_modules_that_name_it_and_by_no_other():
    named = [one.name for one in load_certification().touching("SSF-8.1.1.3-ERR-404")]
    assert named == ["openid-ssf-stream-control-error-update-unknown-stream"]
    assert not load_certification().touching("VEPA-ACK-PATH")


def test_the_command_names_the_modules_that_look_at_a_requirement(capsys):
    assert main(["requirements", "show", "SSF-8.1.1.3-ERR-404"]) == 0
    assert "official    openid-ssf-stream-control-error-update-unknown-stream" in (
        capsys.readouterr().out
    )
    assert main(["requirements", "show", "VEPA-ACK-PATH"]) == 0
    assert "official" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('version = "5', 'versoin = "5', "missing or unknown: version, versoin"),
        ('version = "5.2.4"', "version = 5", "version has to be a text"),
        ('blocks = ["tls", "token"]', 'blocks = ["tsl"]', "no block is named 'tsl'; there are tls"),
        ("requirements = [", "requirements = [7, ", "requirements has to be a list of texts"),
        ("[[block]]\nname", "[[block\nname", "can't be read"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path, old, new, message):
    file = tmp_path / "certification.toml"
    text = FILE.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogueError, match=r"^certification\.toml") as refused:
        read_certification(file, CATALOGUE)
    assert message in str(refused.value)


def test_an_id_that_no_row_has_is_refused(tmp_path):
    file = tmp_path / "certification.toml"
    file.write_text(FILE.read_text().replace("SSF-4.1.1-TYP", "SSF-4.1.1-TYPE"))
    with pytest.raises(UnknownRequirement, match=r"SSF-4\.1\.1-TYPE"):
        read_certification(file, CATALOGUE)
