"""Queries over the views that an audit is given, and over the sets that the recounts share.

Here: naming the views, and finding once what is asked for more than once. Not here: which queries (`run`, `touched`).
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import TYPE_CHECKING

from stedi_assets.contracts.consenting import asked_for, shared_by

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    Hold = Callable[[DataFrame], DataFrame]
    Once = Callable[[Hashable, Callable[[], DataFrame]], DataFrame]

# Sets of readings, or found by going through these: kept whatever the engine.
_LARGE = ("motions", "moving", "steps")
# What was last given each name: to name a view the engine plans it, so it is not told again.
_named: "dict[str, DataFrame]" = {}


def anew(_key: Hashable, rows: "Callable[[], DataFrame]") -> "DataFrame":
    """Keeps nothing: the engine finds the rows each time."""
    return rows()


@dataclass(frozen=True)
class Asked:
    """views: by name. parameters: what stands for $NAME. once: keeps the rows that a key stands for, for whoever asks
    for them again; without it the engine finds them, and plans how to, each time. keeps_small: whether sets of
    customers are kept as well, which spares the embedded engine the planning; to Apache Spark a file costs more than
    that."""

    views: "Mapping[str, DataFrame]"
    parameters: Mapping[str, str]
    once: "Once"
    keeps_small: bool = True
    _found: "dict[str, DataFrame]" = field(default_factory=dict, init=False, repr=False)

    @property
    def known(self) -> "dict[str, DataFrame]":
        """The views, and the sets that were kept to answer the queries so far. Needs a `once` that keeps rows: a
        query's are those of the views at the time of asking."""
        return {**self.views, **self._found}

    def frame(self, sql: str) -> "DataFrame":
        """The answer to a query; its views are those of this one until another asks."""
        spark = next(iter(self.views.values())).sparkSession
        needed = self._needed(sql)
        for name, data in self._views_of(sql).items():
            _name(name, data)
        for name, query in needed.items():
            if self.keeps_small or name in _LARGE:
                self._found[name] = self.kept(query)
                _name(name, self._found[name])
            else:
                _name(name, spark.sql(self._filled(query)))
        return spark.sql(self._filled(sql))

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

    def _filled(self, sql: str) -> str:
        return Template(sql).substitute(self.parameters)


def _name(name: str, data: "DataFrame") -> None:
    if _named.get(name) is not data:
        data.createOrReplaceTempView(name)
        _named[name] = data
