import pytest

from conformance.engine.arguments import RunArguments, make_run
from conformance.spec.profile import ProfileError
from conformance.target.target import TargetError


@pytest.mark.parametrize(
    "arguments",
    [RunArguments(), RunArguments(mock=True, target="https://tx.example")],
    ids=["none", "both"],
)
def test_a_run_has_one_target(arguments):
    with pytest.raises(TargetError, match="name one target"):
        make_run(arguments)


def test_tls_is_the_mocks_alone():
    with pytest.raises(TargetError, match="--tls: only goes with --mock"):
        make_run(RunArguments(target="https://tx.example", tls=True))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"examples": 0}, "--examples 0"),
        ({"examples": -1}, "--examples -1"),
        ({"workers": 0}, "--workers 0"),
        ({"push_url": "http://x"}, "--push-url"),
    ],
)
def test_a_number_that_makes_no_sense_is_named(more, words):
    with pytest.raises(TargetError, match=words):
        make_run(RunArguments(mock=True, **more))


@pytest.mark.parametrize(
    "more",
    [
        {"max_rps": 0.0},
        {"max_rps": -1.0},
        {"max_rps": float("nan")},
        {"patience_s": -1.0},
        {"patience_s": float("nan")},
    ],
    ids=str,
)
def test_a_rate_or_patience_that_makes_no_sense_is_named(more):
    with pytest.raises(TargetError, match=r"--max-rps|--patience"):
        make_run(RunArguments(target="https://tx.example", **more))


@pytest.mark.parametrize("name", ["nowhere.toml", "tx.example", "", "ftp:tx.example", "x\0y"])
def test_a_target_that_is_neither_file_nor_url_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError) as raised:
        make_run(RunArguments(target=name))
    assert "https://" in str(raised.value) or "can't be read" in str(raised.value)


def test_the_mock_may_be_changed_in_whatever_way_and_a_real_target_may_not():
    assert make_run(RunArguments(mock=True)).target.allow_destructive
    assert not make_run(RunArguments(target="https://tx.example")).target.allow_destructive


def test_the_mock_runs_ssf_1_0_unless_another_profile_is_named():
    assert make_run(RunArguments(mock=True)).target.profile.id == "ssf-1.0"
    assert make_run(RunArguments(mock=True, profile="jamf")).target.profile.id == "jamf"


def test_a_setting_reaches_the_profile_and_a_wrong_one_is_named():
    settings = {"poll.redelivery.cap_s": 3600}
    run = make_run(RunArguments(mock=True, profile="avnology", settings=settings))
    assert run.target.profile.poll.redelivery.cap_s == 3600
    with pytest.raises(ProfileError, match=r"poll\.redelivry"):
        make_run(RunArguments(mock=True, settings={"poll.redelivry.cap_s": 1}))


def test_workers_never_exceed_the_streams_of_a_receiver(tmp_path):
    path = tmp_path / "target.toml"
    path.write_text('[target]\nissuer = "https://tx.example"\n[capabilities]\nstreams = 3\n')
    assert make_run(RunArguments(target=str(path), workers=8)).workers == 3
    assert make_run(RunArguments(target=str(path), workers=2)).workers == 2
    assert make_run(RunArguments(target="https://tx.example", workers=8)).workers == 1
    implicit = RunArguments(target=str(path), workers=8, profile="jamf")
    assert make_run(implicit).workers == 1
    assert make_run(RunArguments(mock=True)).workers == 1
    assert make_run(RunArguments(mock=True, workers=5)).workers == 5
