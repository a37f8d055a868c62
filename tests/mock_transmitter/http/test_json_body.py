"""What counts as one unambiguous JSON text."""

import pytest

from mock_transmitter.http.json_body import MalformedJson, parse

MALFORMED = {
    "empty": b"",
    "truncated": b'{"a": [1, 2',
    "two texts": b"{} {}",
    "trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "duplicate names": b'{"a": 1, "a": 2}',
    "duplicate names inside": b'{"x": [{"a": 1, "\\u0061": 2}]}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a number without end": b'{"a": 1e999}',
    "an integer of many digits": b'{"a": ' + b"9" * 5000 + b"}",
    "bad UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "half a surrogate pair in a name": b'{"\\udfff": 1}',
    "a control character in a string": b'{"a": "\x01"}',
    "nested beyond the limit": b'{"a":' * 65 + b"1" + b"}" * 65,
    "nested beyond the stack": b"[" * 500_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_refuses(body):
    with pytest.raises(MalformedJson):
        parse(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 1.5, true, null, "x"]}', {"a": [1, 1.5, True, None, "x"]}),
        (b' \n{"a": "\\ud83d\\ude00"} ', {"a": "\U0001f600"}),
        ('{"ü": "\U0001d54f"}'.encode(), {"ü": "\U0001d54f"}),
        (b"7", 7),
        (b'{"a":' * 60 + b"1" + b"}" * 60, None),
    ],
)
def test_accepts(body, value):
    assert value is None or parse(body) == value
    parse(body)
