"""Finishes the single HTML file that Allure 3 makes of our results.

Allure puts a call to an analytics service into its page, and has no option against it. A report on
security must not send anything, so the call is removed. The results in the page are counted,
because a report with missing results would mislead.

    python -m conformance.reporting.allure_html REPORT.html RESULTS.json
"""

import base64
import binascii
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.reporting.results import UnreadableResults, read

_ANALYTICS = re.compile(
    r'<script async src="https://www\.googletagmanager\.com[^>]*></script>\s*<script>.*?</script>\s*',
    re.DOTALL,
)
_TRACE = re.compile(r"googletagmanager|google-analytics|\bgtag\b")
_DATA = re.compile(r'd\("([^"]+)","([A-Za-z0-9+/=]*)"\)')
_SCRIPT = re.compile(r"data:text/javascript;base64,([A-Za-z0-9+/=]+)")


class AnalyticsLeft(ValueError):
    """The page still names an analytics service, which Allure now calls in another way."""


class NoAllureData(ValueError):
    """The page has no results in the form in which Allure 3 embeds them."""


def without_analytics(html: str) -> str:
    """Return the page without its call to an analytics service.

    Raises AnalyticsLeft if the page, or a script embedded in it, still names such a service.
    """
    stripped = _ANALYTICS.sub("", html, count=1)
    scripts = [
        base64.b64decode(one).decode("utf-8", "replace") for one in _SCRIPT.findall(stripped)
    ]
    outside_data = _DATA.sub("", stripped)
    for text in (outside_data, *scripts):
        if found := _TRACE.search(text):
            raise AnalyticsLeft(f"the page still names {found.group()}")
    return stripped


def count_results(html: str) -> int:
    """Return how many results a page shows. Raises NoAllureData for a page of another form."""
    embedded: dict[str, str] = dict(_DATA.findall(html))
    results = sum(name.startswith("data/test-results/") for name in embedded)
    try:
        statistic = json.loads(base64.b64decode(embedded["widgets/statistic.json"]))
        shown = int(statistic["total"])
    except (LookupError, TypeError, ValueError, binascii.Error) as error:
        raise NoAllureData("the page holds no statistic: not a single file by Allure 3") from error
    # A result that Allure regards as a retry is embedded, but not shown.
    return min(results, shown)


def main(arguments: Sequence[str]) -> int:
    """Finish a page in place; return 0, 1 if it can't be trusted, 4 for wrong usage."""
    if len(arguments) != 2:  # noqa: PLR2004 (the page and the results)
        sys.stderr.write(
            "usage: python -m conformance.reporting.allure_html REPORT.html RESULTS.json\n"
        )
        return 4
    page = Path(arguments[0])
    try:
        expected = read(Path(arguments[1]))["counts"]["results"]
        html = without_analytics(page.read_text(encoding="utf-8"))
        shown = count_results(html)
    except (OSError, UnreadableResults, AnalyticsLeft, NoAllureData) as error:
        sys.stderr.write(f"{page}: {error}\n")
        return 1
    if shown != expected:
        sys.stderr.write(f"{page}: shows {shown} results, {arguments[1]} has {expected}\n")
        return 1
    page.write_text(html, encoding="utf-8")
    sys.stdout.write(f"{page}: {shown} results, as in {arguments[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
