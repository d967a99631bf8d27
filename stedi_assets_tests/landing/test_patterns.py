"""No regular expression of the product depends on the patch release of Python: `re` before 3.11.5 is wrong in some."""

import ast
import re
from pathlib import Path

import pytest

import stedi_assets

# Debian 12 has Python 3.11.2, in which possessive quantifiers and atomic groups match too much.
_WRONG = re.compile(r"[*+?}]\+|\(\?>")
_ESCAPED_CHARACTER = re.compile(r"\\.", re.DOTALL)
_CHARACTER_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")


def wrong_patterns(source: str) -> list[str]:
    """Return the string literals of a module that have a possessive quantifier or an atomic group."""
    return [text for text in literals(ast.parse(source)) if _WRONG.search(skeleton(text))]


def literals(node: ast.AST) -> list[str]:
    """Return the strings and bytes of a syntax tree; an expression in an f-string stands as x."""
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return [node.value if isinstance(node.value, str) else node.value.decode("latin-1")]
    return [text for child in ast.iter_child_nodes(node) for text in literals(child)]


def skeleton(pattern: str) -> str:
    """Return the pattern with x for each escaped character and each class of characters."""
    return _CHARACTER_CLASS.sub("x", _ESCAPED_CHARACTER.sub("x", pattern))


def test_no_pattern_of_the_product_is_possessive_or_atomic() -> None:
    modules = list(Path(stedi_assets.__file__).parent.rglob("*.py"))
    assert len(modules) > 100
    assert {module.name: found for module in modules if (found := wrong_patterns(module.read_text()))} == {}


@pytest.mark.parametrize("literal", ["r'''{}'''", "rb'''{}'''", "rf'''{{x}}{}{{x}}'''"])
@pytest.mark.parametrize("pattern", ["a++", "a*+", "a?+", "a{2}+", "(?:ab)++", r'[^"\\]*+', r"(?:\d+)?+", "(?>ab)"])
def test_a_pattern_that_is_would_be_found(pattern: str, literal: str) -> None:
    written = pattern.replace("{2}", "{{2}}") if literal.startswith("rf") else pattern
    assert wrong_patterns(f"_A = re.compile({literal.format(written)})") != []


@pytest.mark.parametrize("pattern", [r"[\w.!#$%&'*+/=?^`{|}~-]+", r"a\*+\++", r"[^\]*+]+", "[]*+]", "a+?"])
def test_a_sign_in_a_class_of_characters_is_no_quantifier(pattern: str) -> None:
    assert wrong_patterns(f"_A = re.compile(r'''{pattern}''')") == []
