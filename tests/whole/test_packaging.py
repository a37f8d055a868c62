"""The built wheel, in a fresh environment, run from another directory."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(ROOT),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_puts_two_packages_into_site_packages_and_carries_every_schema(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names if ".dist-info" not in name.split("/")[0]}
    assert top == {"conformance", "mock_transmitter"}
    shipped = {
        name.removeprefix("conformance/spec/schemas/") for name in names if "/schemas/" in name
    }
    own = {str(path.relative_to(ROOT / "schemas")) for path in (ROOT / "schemas").rglob("*.json")}
    assert own <= shipped
    for kind in ("profiles", "requirements"):
        sources = {path.name for path in (ROOT / "conformance/spec" / kind).glob("*.toml")}
        assert sources <= {name.split("/")[-1] for name in names if f"/{kind}/" in name}


def test_the_installed_wheel_runs_the_suite_from_another_directory(wheel, tmp_path):
    """Its environment has what the wheel asks for and nothing of this checkout."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    scripts = environment / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python")]
    installed = subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", "--disable-pip-version-check", str(wheel)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [scripts / "ssf-conformance", "run", "--mock", "--requirement", "SSF-8.1.1.1-CREATE-201"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=elsewhere,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "CONFORMANT"
    assert (elsewhere / "reports" / "results.json").is_file()
    assert (elsewhere / "reports" / "allure-results" / "categories.json").is_file()
