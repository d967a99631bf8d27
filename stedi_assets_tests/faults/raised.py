"""Every error of the product as its source text has it: where it is made, and its words, with … for what is filled in.

Read from the syntax, so that an error that no test provokes is found, too. Not here: what is told of them
(docs/operations.md), and whether it is all of them (`test_operations`).
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from stedi_assets_tests.faults.said import ANYTHING

# What makes an error of its first argument, beside the classes of errors themselves.
_MAKERS = re.compile(r"(Error|Failure|TooLarge|failure|error|fail)")
# So much of a sentence may stand for one place that is filled in, or be left out of a row in the middle.
_MOST = 60
# Of a row's own words, so many have to be the error's words: the rest is examples of what is filled in.
_LEAST_SHARE = 0.7
_NEVER = -(10**6)


class Raised(NamedTuple):
    """One place that makes an error. `words` has at least one word of its own."""

    place: str
    words: str


def raised(package: Path) -> list[Raised]:
    """Of every module below the package, in order."""
    modules = {path: ast.parse(path.read_text()) for path in sorted(package.rglob("*.py"))}
    constants: dict[str, str] = {}
    for module in modules.values():
        constants |= _texts(module.body, {})
    found = []
    for path, module in modules.items():
        for function in (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)):
            name = f"{path.relative_to(package).as_posix()}:{function.name}"
            found += [Raised(name, words) for words in _of_function(function, constants)]
    return list(dict.fromkeys(found))


def _of_function(function: ast.FunctionDef, constants: dict[str, str]) -> Iterator[str]:
    texts = constants | _texts(ast.walk(function), constants)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _makes_an_error(node, function):
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg in {"description", "message"})]
            words = "".join(_words(part, texts) for part in given)
            if re.search(r"\w", words.replace(ANYTHING, "")):
                yield words


def _makes_an_error(call: ast.Call, function: ast.FunctionDef) -> bool:
    if isinstance(call.func, ast.Attribute):
        is_own = call.func.attr == "__init__" and function.name == "__init__"  # super().__init__ of an error's class
        return is_own or _MAKERS.fullmatch(_last_word(call.func.attr)) is not None
    return isinstance(call.func, ast.Name) and _MAKERS.fullmatch(_last_word(call.func.id)) is not None


def _last_word(name: str) -> str:
    """Error of StoreError, TooLarge of ObjectTooLarge; a private function's name makes none."""
    return "" if name.startswith("_") else (re.findall(r"TooLarge|[A-Z][a-z]+|[a-z]+", name) or [""])[-1]


def _texts(nodes: Iterable[ast.AST], known: dict[str, str]) -> dict[str, str]:
    """What is put together under a name of its own: a message may be made in two steps."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.JoinedStr | ast.Constant | ast.BinOp):
            words = _words(node.value, known | found)
            if words != ANYTHING:
                found |= {target.id: words for target in node.targets if isinstance(target, ast.Name)}
    return found


def _words(node: ast.expr, texts: dict[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part, texts) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _words(node.left, texts) + _words(node.right, texts)
    if isinstance(node, ast.FormattedValue):
        return _words(node.value, texts) if isinstance(node.value, ast.Name) else ANYTHING
    return texts.get(node.id, ANYTHING) if isinstance(node, ast.Name) else ANYTHING


def tells(row: str, words: str) -> bool:
    """Whether a row of the page is this error.

    The row may leave out (…) the end of the error's words, and a little in the middle. An example of what is filled in
    while the product runs may stand in the row. Everything else that the row says must be there, in this order.
    """
    parts = [part for part in re.split(f"({ANYTHING})", row) if part]
    own = sum(len(part) for part in parts if part != ANYTHING)

    @cache
    def matched(part: int, place: int, at: int) -> int:
        """How many letters are the same from here on: this part of the row from this place on, the error from there.

        Far below nothing where the two are different sentences.
        """
        if part == len(parts):
            return 0 if at == len(words) else _NEVER
        text = parts[part]
        if text == ANYTHING:
            ends = [at, *(end for end in range(at + 1, len(words) + 1) if _is_little(words[at:end]))]
            if part == len(parts) - 1:
                ends.append(len(words))
            return max(matched(part + 1, 0, end) for end in ends)
        if place == len(text):
            return matched(part + 1, 0, at)
        if at == len(words):
            return _NEVER
        if words[at] == ANYTHING:
            ends = [end for end in range(place, len(text) + 1) if _is_little(text[place:end])]
            return max(matched(part, end, at + 1) for end in ends)
        return 1 + matched(part, place + 1, at + 1) if words[at] == text[place] else _NEVER

    return matched(0, 0, 0) >= _LEAST_SHARE * own


def _is_little(text: str) -> bool:
    return len(text) <= _MOST and ";" not in text
