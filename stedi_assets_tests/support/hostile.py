"""Names and words that somebody chose to do harm, for tests: what they attack, and how it is seen that one got through.

Only the words. What is done with them stands in `test_hostile_names` and `test_hostile_words`.
"""

# Of objects in the landing zone. The store refuses `../` itself, and takes a backslash and `//` for one slash.
OBJECTS = (
    'it\'s "quoted".json',
    "with  two spaces .json",
    "'; DROP TABLE customer_landing; --.json",
    '"; DELETE FROM stedi.customer_trusted; --.json',
    "<script>alert(1)</script><img src=x onerror=alert(2)>.json",
    "![seen](x.png) [click](javascript:alert(1)) | **bold** `code`.json",
    "\x1b[31mred\x1b]0;title\x07\x1b[2J.json",
    "line\nstedi: published\r.json",
    "tab\tand\x01control.json",
    "ünï-中文-🙂-\u202egnp.json",
    "%2e%2e%2f%00.json",
    "..%2f..%2fmanifests.json",
    "{{7*7}}${7*7}$(id)`id`.json",
    "*?[a-z]{b}~+=&amp;#.json",
    ".hidden.json",
    "_underscore.json",
    "n" * 220 + ".json",
)
# What a page, a log or a terminal must not have of them: active markup, control characters, or the name at all.
LIVE = (
    "<script>alert",
    "<img src=x",
    "](javascript:",
    "![seen]",
    "DROP TABLE",
    "DELETE FROM",
    "\x1b[2J",
    "\x07",
    "\u202e",
)


def with_control(text: str) -> list[str]:
    """The characters in the text that are neither visible nor ends of lines."""
    return [c for c in text if not c.isprintable() and c != "\n"]
