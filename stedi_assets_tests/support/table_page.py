"""A page that shows what `stedi query` answers: the SQL, and the rows as a table.

Here: asking and the page's HTML. Not here: which questions, and the picture (`screenshots`).
"""

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stedi_assets_tests.support.commands import command

_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<style>
  body {{ margin: 0; padding: 36px 44px; background: #fff; color: #10162f; font: 15px/1.45 "DejaVu Sans", sans-serif; }}
  header {{ display: flex; justify-content: space-between; align-items: center; border-bottom: 1px solid #dadde5; }}
  h1 {{ font-size: 24px; margin: 0 0 14px; }}
  header span {{ background: #e7e5fb; color: #3c39ad; border-radius: 6px; padding: 4px 12px; margin-bottom: 14px; }}
  pre {{ background: #f5f6f9; border-radius: 8px; padding: 12px 16px; margin: 24px 0 12px; white-space: pre-wrap;
        font: 14px/1.5 "DejaVu Sans Mono", monospace; color: #3b4257; }}
  table {{ border-collapse: collapse; }}
  th, td {{ border: 1px solid #dadde5; padding: 7px 12px; text-align: left;
           font: 13.5px/1.4 "DejaVu Sans Mono", monospace; white-space: nowrap; }}
  th {{ background: #f5f6f9; color: #5b6278; }}
  td.number, th.number {{ text-align: right; }}
  td.blank {{ background: #fdf3e3; color: #a8610a; }}
  p {{ color: #5b6278; margin: 8px 0 0; font-size: 13.5px; }}
</style>
<header><h1>stedi query: {title}</h1><span>synthetic data</span></header>
{answers}
"""


def table_page(title: str, questions: Sequence[str], home: Path) -> str:
    """The HTML of these questions and what the published tables answer."""
    return _PAGE.format(title=html.escape(title), answers="\n".join(_answer(sql, home) for sql in questions))


def _answer(sql: str, home: Path) -> str:
    """A question with its answer. Raises RuntimeError with what the command says if it fails."""
    answered = command("stedi", "query", sql, "--format", "json", home=home)
    if answered.returncode != 0:
        raise RuntimeError(f"stedi query failed: {answered.stderr}")
    rows: list[dict[str, Any]] = json.loads(answered.stdout)
    numbers = {name for name in rows[0] if all(isinstance(row[name], int | float | None) for row in rows)}
    head = "".join(f'<th class="{_kind(name in numbers)}">{html.escape(name)}</th>' for name in rows[0])
    body = "\n".join(
        f"<tr>{''.join(_cell(value, name in numbers) for name, value in row.items())}</tr>" for row in rows
    )
    counted = f"{len(rows)} row" + ("s" if len(rows) != 1 else "")
    return f"<pre>{html.escape(sql)}</pre><table><tr>{head}</tr>\n{body}</table><p>{counted}</p>"


def _cell(value: Any, is_number: bool) -> str:
    if value is None:
        return f'<td class="blank {_kind(is_number)}">blank</td>'
    return f'<td class="{_kind(is_number)}">{html.escape(str(value))}</td>'


def _kind(is_number: bool) -> str:
    return "number" if is_number else "text"
