import base64
import json

import pytest

from conformance.reporting import allure_html, results

CALL = """
    <script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    <script>
        function gtag(){dataLayer.push(arguments);}
    </script>
    """


def encoded(value):
    return base64.b64encode(
        value if isinstance(value, bytes) else json.dumps(value).encode()
    ).decode()


def page(number, *, total=None, script=b"run()", call=CALL):
    data = [f'd("data/test-results/{at}.json","{encoded({"id": at})}")' for at in range(number)]
    statistic = {"total": number if total is None else total, "passed": number}
    data += [f'd("widgets/statistic.json","{encoded(statistic)}")']
    data += [f'd("data/attachments/x.json","{encoded(b"gtag googletagmanager")}")']
    source = f'<script src="data:text/javascript;base64,{encoded(script)}"></script>'
    return (
        f"<html><body>{source}{call}<script>Promise.all([{','.join(data)}])</script></body></html>"
    )


@pytest.fixture
def files(document, tmp_path):
    return tmp_path / "report.html", results.write(document, tmp_path)


def test_the_call_is_cut_out_and_everything_else_stays(document, files, capsys):
    html, json_file = files
    html.write_text(page(7))
    assert allure_html.main([str(html), str(json_file)]) == 0
    assert html.read_text() == page(7, call="\n    ")
    assert "7 results" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (page(6), "shows 6 results"),
        (page(7, total=6), "shows 6 results"),
        (page(7, call=CALL + CALL), "still names googletagmanager"),
        (
            page(7, script=b"load('https://www.google-analytics.com')"),
            "still names google-analytics",
        ),
        ("<html></html>", "no statistic"),
    ],
)
def test_a_page_that_can_not_be_trusted_is_refused(files, capsys, text, complaint):
    html, json_file = files
    html.write_text(text)
    assert allure_html.main([str(html), str(json_file)]) == 1
    assert complaint in capsys.readouterr().err
    assert html.read_text() == text


def test_a_missing_file_or_a_wrong_call_is_told(files, tmp_path, capsys):
    html, json_file = files
    assert allure_html.main([str(html), str(json_file)]) == 1
    html.write_text(page(7))
    assert allure_html.main([str(html), str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err
    assert allure_html.main([]) == 4
    assert "usage" in capsys.readouterr().err
