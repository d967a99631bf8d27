"""Queries over the views that an audit is given, and over the sets that the recounts share.

Here: naming the views, and finding once what is asked for more than once. Not here: which queries (`run`, `touched`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import TYPE_CHECKING

from stedi_assets.contracts.consenting import asked_for, shared_by

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    Hold = Callable[[DataFrame], DataFrame]

# Sets of readings, or found by going through these: kept whatever the engine.
_LARGE = ("motions", "moving", "steps")
# Given as queries, not as tables: see `views`.
_COMPUTED = ("research_customers", "refusing_customers", "serial_owners")


@dataclass(frozen=True)
class Asked:
    """views: by name. parameters: what stands for $NAME. hold: keeps rows that are asked for more than once: without
    it the engine finds them, and plans how to, each time. linking: whether views of people have their pseudonyms beside
    their addresses: these are never kept. keeps_small: whether sets of customers are kept as well, which spares the
    embedded engine the planning; to Apache Spark a file costs more than that."""

    views: "Mapping[str, DataFrame]"
    parameters: Mapping[str, str]
    hold: "Hold"
    linking: bool = False
    keeps_small: bool = True
    _found: "dict[str, DataFrame]" = field(default_factory=dict, init=False, repr=False)

    @property
    def known(self) -> "dict[str, DataFrame]":
        """The views, and what was held to answer the queries so far. Needs a `hold` that keeps rows: a query's are
        those of the views at the time of asking."""
        return {**self.views, **self._found}

    def frame(self, sql: str) -> "DataFrame":
        """The answer to a query; its views are those of this one until another asks."""
        spark = next(iter(self.views.values())).sparkSession
        needed = {name: query for name, query in shared_by(sql).items() if name not in self.views}
        everything = " ".join((sql, *needed.values()))
        times = {name: asked_for(name, everything) for name in (*self.views, *needed)}
        # Only what is asked for: to name a view the engine plans it.
        for name, data in self.views.items():
            if times[name] > 1 and name in _COMPUTED and self.keeps_small and not self.linking:
                self._keep(name, data)
            elif times[name]:
                data.createOrReplaceTempView(name)
        for name, query in needed.items():
            found = self._found.get(name)
            found = spark.sql(Template(query).substitute(self.parameters)) if found is None else found
            if times[name] > 1 and (self.keeps_small or name in _LARGE):
                self._keep(name, found)
            else:
                found.createOrReplaceTempView(name)
        return spark.sql(Template(sql).substitute(self.parameters))

    def _keep(self, name: str, rows: "DataFrame") -> None:
        if name not in self._found:
            self._found[name] = self.hold(rows)
        self._found[name].createOrReplaceTempView(name)
