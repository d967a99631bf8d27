"""Generated landing objects: texts that are known to hold certain JSON objects, texts of lines, and spoilt ones.

Only strategies and what they are made of. What has to hold for them stands in the tests that draw them.
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


# Any bytes whatever, but gzip.
TEXTS = st.one_of(
    documents().map(lambda document: document.text),
    mutated(),
    st.lists(_FRAGMENTS, max_size=12).map(b"".join),
    st.binary(max_size=40).filter(lambda text: not text.startswith(b"\x1f\x8b")),
)

READING = '{"user":"a@x","timestamp":1655564444103,"x":1.0,"y":-1.0,"z":0.5}'
PLAIN_LINES = (
    READING,
    '{"user": "b@x", "timestamp": 1655564444104, "x": 1, "y": -0.0, "z": 0.1234567890123}',
    '{ "z":1,"USER":"c } ,@x" ,"y" : 2,"timeStamp":1655564444105, "x":3 } ',
    '{"user":"  d","timestamp":946684800000,"x":123456789012345,"y":0.30000000000000004,"z":-0},',
)
# Text that a writer escaped: what it stands for is read, if the exact path has nothing else to say about it.
_ESCAPES = (
    *(r"x\u00e9\u2003", r"\u00e9x", r"\u0020", r"\u00a0 ", r"x\ud83d\ude00", r"x\ud83d", r"x\ude00", r"x\uDEAD"),
    *(r"x\u0000", r"x\u0022", r"x\u005c", r"x\u00g1", r"x\u00e", r"x\n", r"x\/", r"x\U00e9", r"\\u00e9", r"x\ud7ff"),
    *(r"x\uE000", r"x\uFFFF\ufeff", r"x\u0041"),
)
_ODD_USERS = (
    *(f'"{escaped}"' for escaped in _ESCAPES),
    *('"é"', '"a\\"b"', '""', '"  "', "null", "12", '"\x7f"', '"a\tb"', '"\\\\"', '"a"b"', "true"),
)
_ODD_TIMES = (
    *("0", "-0", "-1", "01", "00", "01655564444103", "1655564444", "946684799999", "null", "1e12", ""),
    *("4102444799999", "4102444800000", "9223372036854775808", "99999999999999999999"),
    *('"1655564444103"', "1655564444103.0", "1655564444103.5"),
)
_ODD_NUMBERS = (
    *("-0", "-0.0", "1.", ".5", "-.5", "1e5", "1E-5", "1e999", "NaN", "-Infinity", "null", '"2"', "true", "00", "+1"),
    *("9007199254740993", "1234567890123456", "9" * 400, "0.1000000000000000055511151231257827", "[1]", "0.1.2"),
    *("2.2250738585072011e-308", "0.00000000000000001", "999999999999999.99999999999999999", "0x1", "1_0", "\u0661"),
)
# Much like plain lines, each with one thing that the fast path must leave to the exact one, or must get right.
ODD_LINES = (
    *(READING.replace('"a@x"', odd) for odd in _ODD_USERS),
    *(READING.replace("1655564444103", odd) for odd in _ODD_TIMES),
    *(READING.replace("-1.0", odd) for odd in _ODD_NUMBERS),
    *("", " ", "\r", "[", "]", ",", "null", "garbage", "\ufeff", '"', '{"', "{", "}", "{}", "\\", '"}'),
    *(READING + tail for tail in (READING, "," + READING, "\r", "x", "}", ":", "\ufeff", " \t", "[", '"')),
    *(head + READING for head in ("\ufeff", " ", "[", "x", '"', READING[:30], '{"a":[', '{"a":', "\r")),
    *('{"a":[', '{"a":{"b":', '],"b":1}', "}}", '"c":', READING[:30], READING[:-1], "{\n" + READING[1:]),
    *(READING[:-1] + more + "}" for more in (',"extra":1', ',"X":1.0', ',"x":2', ",", ',"":1', ',"x":[1]')),
    READING.replace(',"z":0.5', ""),
    READING.replace('"x"', '"\\u0078"'),
    READING.replace('"user"', '"usher"'),
)


@st.composite
def lines_of_readings(draw: st.DrawFn) -> bytes:
    """Lines of accelerometer readings, some odd, some inside other objects; with and without a newline at the end."""
    lines = draw(
        st.lists(st.sampled_from(PLAIN_LINES) | st.sampled_from(PLAIN_LINES) | st.sampled_from(ODD_LINES), max_size=14)
    )
    if draw(st.booleans()):
        begin = draw(st.integers(0, len(lines)))
        end = draw(st.integers(begin, len(lines)))
        lines[begin:end] = ['{"a":[', ",\n".join(lines[begin:end]), "]}"]
    newline = draw(st.sampled_from(["\n", "\n", "\r\n", ",\n", ""]))
    return (newline.join(lines) + draw(st.sampled_from(["", "\n"]))).encode("utf-8")


_CONSENTS = ("shareWithResearchAsOfDate", "shareWithPublicAsOfDate", "shareWithFriendsAsOfDate")


@st.composite
def lines_of_customers(draw: st.DrawFn) -> bytes:
    """Lines of customer records, in which some fields and the consents come and go."""
    dates = st.sampled_from([1655564376361, 1655564376361, 0, None, "", 7])
    lines = []
    for number in range(draw(st.integers(0, 12))):
        name = draw(st.sampled_from(["Ann", "Ann", "", " ", "Zoë", "ë"]))
        record: dict[str, Any] = {"customerName": name, "email": f"c{number}@x", "lastUpdateDate": 1655564376361}
        if draw(st.booleans()):
            record |= {"phone": "1", "birthDay": "1900-01-01", "serialNumber": "s"}
        record |= {key: draw(dates) for key in _CONSENTS if draw(st.booleans())}
        lines.append(json.dumps(record, ensure_ascii=draw(st.booleans())) + "\n")
    return "".join(lines).encode("utf-8")
