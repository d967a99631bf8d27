"""Queries over the views that an audit is given, and over the sets that the recounts share.

Here: giving a query its views, asking several side by side, and finding once what is asked for more than once. Not
here: which queries (`run`, `touched`).
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import TYPE_CHECKING, Any

from stedi_assets.contracts.consenting import asked_for, shared_by
from stedi_assets.lakehouse.side_by_side import for_each

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    Hold = Callable[[DataFrame], DataFrame]
    Once = Callable[[Hashable, Callable[[], DataFrame]], DataFrame]

# Sets of readings, or found by going through these: kept whatever the engine.
_LARGE = ("motions", "moving", "steps")
# Where a query names what it reads; elsewhere the same word is a column.
_READ = re.compile(r"(\b(?:FROM|JOIN)\s+)(\w+)")


def anew(_key: Hashable, rows: "Callable[[], DataFrame]") -> "DataFrame":
    """Keeps nothing: the engine finds the rows each time."""
    return rows()


@dataclass(frozen=True)
class Asked:
    """views: by name. parameters: what stands for $NAME. once: keeps the rows that a key stands for, for whoever asks
    for them again; without it the engine finds them, and plans how to, each time. keeps_small: whether sets of
    customers are kept as well, which spares the embedded engine the planning; to Apache Spark a file costs more than
    that. side_by_side: how many queries share what is asked at once. Each is planned on one core, which takes longer
    than to compute it where the data is little; where it is much, each takes memory of its own."""

    views: "Mapping[str, DataFrame]"
    parameters: Mapping[str, str]
    once: "Once"
    keeps_small: bool = True
    side_by_side: int = 1
    _found: "dict[str, DataFrame]" = field(default_factory=dict, init=False, repr=False)

    @property
    def known(self) -> "dict[str, DataFrame]":
        """The views, and the sets that were kept to answer the queries so far. Needs a `once` that keeps rows: a
        query's are those of the views at the time of asking."""
        return {**self.views, **self._found}

    def frame(self, sql: str) -> "DataFrame":
        """The answer to a query."""
        views = self._views_of(sql)
        for name, query in self._needed(sql).items():
            if self.keeps_small or name in _LARGE:
                views[name] = self._found[name] = self.kept(query)
            else:
                views[name] = self._answer(query, views)
        return self._answer(sql, views)

    def rows(self, selects: "Sequence[str]") -> "list[Row]":
        """The answers to all of these, which have the same columns."""
        # In turn, as those that read most stand together.
        shares = [selects[place :: self.side_by_side] for place in range(min(self.side_by_side, len(selects)))]
        # The sets that they need are found here, in one thread: what keeps nothing would find them for each.
        frames = [self.frame(" UNION ALL ".join(share)) for share in shares]
        answers = for_each(frames, lambda frame: frame.collect(), "part of an audit")
        return [row for rows in answers for row in rows]

    def kept(self, sql: str) -> "DataFrame":
        """The same, kept for all who ask the same of the same views."""
        query = self._filled(" ".join((sql, *self._needed(sql).values())))
        return self.once((query, *self._views_of(sql).items()), lambda: self.frame(sql))

    def _needed(self, sql: str) -> dict[str, str]:
        """The shared sets that a query needs, but for those that are given as views."""
        return {name: query for name, query in shared_by(sql).items() if name not in self.views}

    def _views_of(self, sql: str) -> "dict[str, DataFrame]":
        """The views that a query names, or a set that it needs."""
        everything = " ".join((sql, *self._needed(sql).values()))
        return {name: data for name, data in self.views.items() if asked_for(name, everything)}

    def _answer(self, sql: str, views: "Mapping[str, DataFrame]") -> "DataFrame":
        """With its views in the query: names of the session's are of everybody's queries, and cost a request each."""
        spark = next(iter(self.views.values())).sparkSession
        query = _READ.sub(lambda at: f"{at[1]}{{{at[2]}}}" if at[2] in views else at[0], self._filled(sql))
        read: dict[str, Any] = {name: views[name] for name in re.findall(r"{(\w+)}", query)}
        return spark.sql(query, **read)

    def _filled(self, sql: str) -> str:
        return Template(sql).substitute(self.parameters)
