"""Tables in Markdown.

Only this.
"""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> str:
    """A Markdown table; `sides`: l or r for each column."""
    marks = {"l": "---", "r": "---:"}
    lines = [head, [marks[side] for side in sides], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
