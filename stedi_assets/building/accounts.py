"""What became of every landed object, and the landing tables' audit by it.

Here: what was counted in each object, as the checks' views, of all objects and of the new ones alone; and the audit, of
what is new where a table was appended to. Not here: reading objects and counting (`landing`), the checks
(`contracts.landing_checks`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stedi_assets.audits import Audit, Part, numbers_of
from stedi_assets.audits.views import rows_of_the_erased
from stedi_assets.building.audited import Audited, Since, audit, audit_parameters
from stedi_assets.contracts import Contract
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Published, Staged
from stedi_assets.landing.manifest import Changes, Ingested
from stedi_assets.transforms import landing as transforms

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.landing.zone import LandedObject

    Views = dict[str, DataFrame]


def ingested_of(changes: Mapping[str, Changes], findings: "DataFrame") -> dict[str, list[Ingested]]:
    """By source, every object with what its records came to: what is kept, and what was looked at now."""
    erased: dict[str, list[tuple[int, int]]] = {}
    for row in transforms.erased(findings).collect():
        erased.setdefault(row["source_object"], []).append((row["source_offset"], row["source_bytes"]))
    unreadable = transforms.unreadable(findings)
    sizes = {landed.key: landed for of_source in changes.values() for landed in of_source.fresh}
    ingested = {source: list(of_source.kept) for source, of_source in changes.items()}
    for row in transforms.tally(findings).collect():
        landed = sizes[row["source_object"]]
        ingested[row["source"]].append(
            Ingested(
                landed.key,
                landed.etag,
                landed.bytes,
                row["landed_bytes"],
                row["text_bytes"],
                row["objects"],
                tuple(sorted(erased.get(landed.key, ()))),
                landed.key in unreadable,
            )
        )
    return ingested


@dataclass(frozen=True)
class Accounts:
    """listed: the objects of the zone. ingested: by source, what each came to. changes: by source, which are new.
    quarantine: as it is to be."""

    lakehouse: Lakehouse
    listed: "Sequence[LandedObject]"
    ingested: Mapping[str, Sequence[Ingested]]
    changes: Mapping[str, Changes]
    quarantine: "DataFrame"

    def audited(
        self, staged: Staged, rows: "Mapping[str, DataFrame]", published: Published | None, suppression: Suppression
    ) -> Audited:
        """With the verdicts on all that is in the table. `rows`: of the landing tables, as they are to be."""
        views = self.views_of_all(staged.contract, self.lakehouse.tables.read_staged(staged), suppression)
        return audit(self.lakehouse, staged, {**views, **rows}, self._since(staged, published, suppression))

    def views_of_all(self, contract: Contract, rows: "DataFrame", suppression: Suppression) -> "Views":
        """What the checks of a whole landing table read beside the tables. `rows`: its own."""
        return {**self._of_all, "staged": rows, **_of_the_erased(contract, rows, suppression)}

    def _since(self, staged: Staged, published: Published | None, suppression: Suppression) -> Since | None:
        """What was appended, where the table was published and only appended to."""
        recorded = numbers_of(published.summary) if published and staged.kept else {}
        if published is None or not recorded:
            return None
        rows = self.lakehouse.tables.read_new(staged)
        views = {**self._of_new, "staged": rows, **_of_the_erased(staged.contract, rows, suppression)}
        parameters = audit_parameters(self.lakehouse.policy, self.lakehouse.settings.max_quarantine_share)
        part = Part(Audit(staged.contract, views, parameters), None, recorded)
        return Since(published, lambda _hold: part)

    @cached_property
    def _of_all(self) -> "Views":
        return {**self._views(self.listed, self.ingested), "quarantine": self.quarantine}

    @cached_property
    def _of_new(self) -> "Views":
        new = {landed.key for of_source in self.changes.values() for landed in of_source.fresh}
        listed = [landed for landed in self.listed if landed.key in new]
        ingested = {source: [one for one in of_source if one.key in new] for source, of_source in self.ingested.items()}
        return {**self._views(listed, ingested), "quarantine": transforms.of_objects(self.quarantine, new)}

    def _views(self, listed: "Sequence[LandedObject]", ingested: Mapping[str, Sequence[Ingested]]) -> "Views":
        entries = [(source, entry) for source, of_source in ingested.items() for entry in of_source]
        tally = [(source, e.key, e.landed_bytes, e.text_bytes, e.objects) for source, e in entries]
        erased = [(source, e.key, offset, size) for source, e in entries for offset, size in e.erased]
        objects = [(o.source, o.bucket, o.key, o.etag, o.bytes) for o in listed]
        spark = self.lakehouse.spark
        return {
            "objects": spark.createDataFrame(objects, f"source string, {transforms.LISTED}"),
            "tally": spark.createDataFrame(tally, transforms.TALLY),
            "erased": spark.createDataFrame(erased, transforms.ERASED),
        }


def _of_the_erased(contract: Contract, rows: "DataFrame", suppression: Suppression) -> "Views":
    return {"rows_of_the_erased": rows_of_the_erased(contract, rows, suppression)}
