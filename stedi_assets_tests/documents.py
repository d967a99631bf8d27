"""Generated landing objects: texts that are known to hold certain JSON objects, texts of lines, and spoilt ones.

Only strategies and what they are made of; what has to hold for them stands in the tests of split, parse and census.
"""

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

MARK = b"\xef\xbb\xbf"  # the UTF-8 byte order mark
SEPARATORS = (b"", b" ", b"\n", b"\r\n", b",", b",\n", b"\t", b"[", b"]", b"\n\n", MARK, b"  \n", b"],[")

# What has to come through unharmed in keys and values.
_TRICKY = st.sampled_from(["}", "{", "}{", '"', "\\", '\\"', "[", "],", "{}", '{"a":1}', "\n", "é", "😀", "\ufeff", ""])
_TEXTS = st.one_of(_TRICKY, st.text(max_size=8), st.lists(_TRICKY, max_size=4).map("".join))
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), _TEXTS)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXTS, inner, max_size=3)),
    max_leaves=6,
)
JSON_OBJECTS = st.dictionaries(_TEXTS, _VALUES, max_size=4)


class Document(NamedTuple):
    """A text, the objects in it, and where each begins and ends in it (byte offsets)."""

    text: bytes
    objects: list[dict[str, Any]]
    places: list[tuple[int, int]]


@st.composite
def documents(draw: st.DrawFn, min_size: int = 0) -> Document:
    """Objects as any writer may put them down, with any separators between them, or none."""
    objects = draw(st.lists(JSON_OBJECTS, min_size=min_size, max_size=5))
    text = draw(st.sampled_from(SEPARATORS))
    places = []
    for one in objects:
        written = json.dumps(
            one,
            ensure_ascii=draw(st.booleans()),
            indent=draw(st.sampled_from([None, None, 0, 2])),
            separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :\t")])),
        ).encode("utf-8")
        places.append((len(text), len(text) + len(written)))
        text += written + draw(st.sampled_from(SEPARATORS))
    return Document(text, objects, places)


_FRAGMENTS = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\n", b" ", b"\r\n", MARK, b"\xef\xbb", b"\xff", b"\x00"),
        *(b"{}", b'{"', b'":', b'{"a":', b'{"a":{', b'{"a":[', b"{\n", b"\n{", b'{"a":1}', b'"a"', b'"}', b"\\u12"),
        *(b"null", b"true", b"tru", b"NaN", b"-Infinity", b"-", b"0", b"01", b"1.", b"1e", b"1.5e3", b"1e999", b"x"),
        *(b'{"a":"b', b'"}\n', b'{"\\', b'{"a" :\n{"b":1},"c":{', b'{"a":[\n{"b":1},{"x":[', b'{"\xe9":"\xff"}'),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A document with bytes cut out, doubled, or put in."""
    text = draw(documents()).text
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 9)))
        text = text[:begin] + draw(st.one_of(_FRAGMENTS, st.just(text[begin:end] * 2), st.just(b""))) + text[end:]
    return text


TEXTS = st.one_of(
    documents().map(lambda document: document.text),
    mutated(),
    st.lists(_FRAGMENTS, max_size=12).map(b"".join),
    st.binary(max_size=40),
)

_READING = '{"user":"a@x","timestamp":1655564444103,"x":1.0,"y":-1.0,"z":0.5}'
_PLAIN_LINES = st.sampled_from(
    [
        _READING,
        '{"user": "b@x", "timestamp": 1655564444104, "x": 1, "y": -0.0, "z": 0.1234567890123}',
        '{ "z":1,"USER":"c } {@x" ,"y" : 2,"timeStamp":1655564444105, "x":3 } ',
        '{"user":"  d","timestamp":946684800000,"x":123456789012345,"y":0.30000000000000004,"z":-0},',
    ]
)
# Much like plain lines, each with one thing that the fast path must leave to the exact one, or must get right.
_ODD_LINES = st.one_of(
    st.builds(
        '{{"user":{},"timestamp":{},"x":{},"y":0,"z":0}}'.format,
        st.sampled_from(
            ['"a"', '"é"', '"\\u0041"', '"a\\"b"', '""', '"  "', "null", "12", '"\x7f"', '"a\tb"', '"\ud7ff"']
        ),
        st.sampled_from(
            [
                "1655564444103",
                "0",
                "-0",
                "-1",
                "946684799999",
                "4102444799999",
                "4102444800000",
                '"1655564444103"',
                "1e3",
            ]
            + ["1655564444103.0", "01", "99999999999999999999", "9223372036854775807", "null", "1.6555644441035e12"]
        ),
        st.sampled_from(
            [
                "1",
                "-0",
                "1.",
                ".5",
                "1e5",
                "1e999",
                "NaN",
                "null",
                '"2"',
                "9007199254740993",
                "1234567890123456",
                "true",
            ]
            + ["0.1000000000000000055511151231257827", "2.2250738585072011e-308", "00", "+1", "0.00000000000000001"]
        ),
    ),
    st.sampled_from(
        [
            *("", " ", "\r", "[", "]", ",", "null", "garbage", "\ufeff", '"', '{"', "{", "}", "{}", "\\", '"}'),
            *(_READING + _READING, _READING + "," + _READING, "\ufeff" + _READING, " " + _READING, _READING + "\r"),
            *(_READING + "x", _READING[:-1], _READING[:-1] + ',"extra":1}', _READING[:-1] + ',"X":1.0}', _READING[:30]),
            *('{"a":[', '{"a":{"b":', '],"b":1}', "}}", '"c":', _READING[:30] + _READING, "{\n" + _READING[1:]),
            '{"user":"a","timestamp":1655564444103,"x":1,"y":1}',
            '{"user":"a","timestamp":1655564444103,"x":1,"y":1,"z":[1]}',
        ]
    ),
)


@st.composite
def lines_of_readings(draw: st.DrawFn) -> bytes:
    """Lines of accelerometer readings, some odd, some inside other objects; with and without a newline at the end."""
    lines = draw(st.lists(st.one_of(_PLAIN_LINES, _PLAIN_LINES, _ODD_LINES), max_size=14))
    if draw(st.booleans()):
        begin = draw(st.integers(0, len(lines)))
        end = draw(st.integers(begin, len(lines)))
        lines[begin:end] = ['{"a":[', ",\n".join(lines[begin:end]), "]}"]
    newline = draw(st.sampled_from(["\n", "\n", "\r\n", ",\n", ""]))
    return (newline.join(lines) + draw(st.sampled_from(["", "\n"]))).encode("utf-8")


_CONSENTS = ("shareWithResearchAsOfDate", "shareWithPublicAsOfDate", "shareWithFriendsAsOfDate")


@st.composite
def lines_of_customers(draw: st.DrawFn) -> bytes:
    """Lines of customer records, in which the consents come and go."""
    lines = []
    for number in range(draw(st.integers(0, 12))):
        record: dict[str, Any] = {"email": f"c{number}@x", "lastUpdateDate": 1655564376361}
        if draw(st.booleans()):
            record |= {
                "customerName": draw(st.sampled_from(["Ann", "", " ", "Zoë"])),
                "registrationDate": 1655564376361,
            }
        record |= {
            key: draw(st.sampled_from([1655564376361, 0, None, "", 7])) for key in _CONSENTS if draw(st.booleans())
        }
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return "".join(lines).encode("utf-8")
