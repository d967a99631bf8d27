"""The IO manager: publishes what an asset staged, loads what is published.

Here: the two ends of an asset, as Dagster sees them. Not here: staging and publishing themselves (`tables`). An asset
comes here only after its audit has passed: see `assets.table_asset`.
"""

import time
from typing import TYPE_CHECKING

from dagster import ConfigurableIOManager, InputContext, MetadataValue, OutputContext, ResourceDependency

from stedi_assets.contracts import contract_of
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Published, Staged
from stedi_assets.lakehouse.unanswered import in_a_sentence
from stedi_assets.settings import GLUE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class IcebergIOManager(ConfigurableIOManager):
    """Staged tables become published snapshots on S3; inputs are DataFrames of published snapshots."""

    lakehouse: ResourceDependency[Lakehouse]

    def handle_output(self, context: OutputContext, obj: Staged | Published) -> None:
        """Publishes in one atomic step what was staged; of what a Glue job has published it only tells.

        In a run that builds all tables again, older versions that cannot be read are removed, too.

        Raises PublicationRefusedError, CommitUnknownError, StoreUnansweredError, and TypeError for what nobody audited.
        """
        if isinstance(obj, Staged):
            with in_a_sentence():
                published = self.lakehouse.tables.publish(obj, context.run_id, self.lakehouse.facts(obj.contract))
                if self.lakehouse.full:
                    self._repair_history(context, obj)
        elif isinstance(obj, Published):
            published = obj
        else:
            raise TypeError(
                f"{context.asset_key.to_user_string()} returned a {type(obj).__name__}; a staged and audited table is "
                "expected: build the asset with table_asset"
            )
        context.add_output_metadata(
            {
                "dagster/row_count": published.rows,
                "dagster/uri": published.location,
                "stedi/snapshot_id": str(published.snapshot_id),
                "stedi/bytes": published.bytes,
                "stedi/files": len(published.files),
                "stedi/as_of": MetadataValue.timestamp(self.lakehouse.policy.as_of_ms / 1000),
                "stedi/consent": self.lakehouse.policy.consent,
                "stedi/serials": self.lakehouse.policy.serials,
                "stedi/upstream_snapshots": MetadataValue.json({k: str(v) for k, v in published.upstream.items()}),
            }
        )

    def _repair_history(self, context: OutputContext, staged: Staged) -> None:
        from stedi_assets.upkeep.repair import repair_history  # the graph is loaded without the catalog's library

        for damage in repair_history(self.lakehouse, staged.contract, int(time.time() * 1000)):
            context.log.warning(f"{damage}: that snapshot was removed from the table's history")

    def load_input(self, context: InputContext) -> "DataFrame | None":
        """The published snapshot of the upstream table; None where a Glue job reads it. Raises NeverPublishedError."""
        if self.lakehouse.settings.engine == GLUE:
            return None
        contract = contract_of(context.asset_key.path[-1])
        with in_a_sentence():
            frame = self.lakehouse.tables.read(contract)
        context.add_input_metadata({"stedi/snapshot_id": str(self.lakehouse.tables.loaded[contract.table])})
        return frame
