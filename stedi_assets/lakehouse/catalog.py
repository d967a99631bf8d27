"""The Iceberg catalog, and how a contract becomes a table in it.

Here: opening the catalog, a contract as an Iceberg schema and table properties, creating a table and bringing its
schema up to its contract. Not here: data (`tables`).
"""

from typing import TYPE_CHECKING, Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.name_mapping import create_mapping_from_schema
from pyiceberg.types import (
    BooleanType,
    DoubleType,
    IntegerType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
)
from pyiceberg.utils.concurrent import ExecutorFactory

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.change import Change
from stedi_assets.lakehouse.damage import PublishedScan, scan_of
from stedi_assets.lakehouse.publication import DamagedMetadataError, NeverPublishedError, UnknownSnapshotError
from stedi_assets.lakehouse.store import TABLES_FOLDER, Store

if TYPE_CHECKING:
    from pyiceberg.table import Table, Transaction

    from stedi_assets.lakehouse.services import Endpoints

NAMESPACE = "stedi"
_MOST_NAMED = 5  # snapshots that an error names
NAME_MAPPING = "schema.name-mapping.default"
_RETRIES = "commit.retry.num-retries"
_ICEBERG_TYPES: dict[str, PrimitiveType] = {
    "string": StringType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "double": DoubleType(),
    "boolean": BooleanType(),
}


def open_catalog(store: Store) -> Catalog:
    """The catalog beside this store. Keys come from the environment (see `connection`), never from properties."""
    ExecutorFactory.get_or_create()  # made here, as PyIceberg makes it without a lock when it is first needed
    s3 = {"s3.region": store.region, "py-io-impl": "stedi_assets.lakehouse.metadata_io.MetadataIO"}
    if store.s3_url is not None:
        s3 |= {"s3.endpoint": store.s3_url, "s3.path-style-access": "true"}
    # Imported here: each brings the libraries of a service that the other does not need.
    if store.services is None:
        from stedi_assets.lakehouse.glue_catalog import ToldOnceCatalog

        return ToldOnceCatalog("stedi", **_glue(store), **s3)
    from stedi_assets.lakehouse.rest_catalog import HomeCatalog

    return HomeCatalog("stedi", **_embedded(store.services), **s3)


def _embedded(services: "Endpoints") -> dict[str, str]:
    return {
        "type": "rest",
        "uri": services.catalog_url,
        "warehouse": f"s3://{services.table_bucket}",
        "rest.sigv4-enabled": "true",
        "rest.signing-name": "s3tables",
        "rest.signing-region": services.region,
    }


def _glue(store: Store) -> dict[str, str]:
    """The Glue Data Catalog: every table of it is one that Athena reads."""
    return {
        "type": "glue",
        "warehouse": store.uri(TABLES_FOLDER),
        "glue.region": store.region,
        "glue.skip-archive": "true",  # Iceberg keeps the history; Glue's own copies of it count against a quota
    }


def iceberg_schema(contract: Contract) -> Schema:
    """The contract's columns as an Iceberg schema. All are optional there: Parquet files of Spark's declare none."""
    return Schema(
        *(
            NestedField(i, column.name, _ICEBERG_TYPES[column.type], required=False, doc=column.comment)
            for i, column in enumerate(contract.columns, start=1)
        )
    )


def table_properties(contract: Contract, retention_days: int) -> dict[str, str]:
    """Format, refusal of stale commits, retention, and no bounds of personal columns in the metadata."""
    return {
        "format-version": "2",
        # A publication that finds main moved must be refused, not tried again on top of what it never saw.
        _RETRIES: "0",
        "history.expire.max-snapshot-age-ms": str(retention_days * 86_400_000),
        **{f"write.metadata.metrics.column.{c.name}": "none" for c in contract.columns if c.personal},
    }


def never_retry(table: "Table") -> None:
    """A commit to this handle that finds the table moved is refused: it would be on top of what was never judged.

    In memory only, for tables without the property.
    """
    table.metadata.properties[_RETRIES] = "0"


def find_table(catalog: Catalog, contract: Contract) -> "Table | None":
    """The contract's table, or None where it was never created. Raises DamagedMetadataError."""
    try:
        return catalog.load_table(f"{NAMESPACE}.{contract.table}")
    except NoSuchTableError:
        return None
    except (FileNotFoundError, ValueError):  # of Glue's, which names a file; the home's catalog has a copy of its own
        raise DamagedMetadataError(contract.table) from None


def published_table(catalog: Catalog, contract: Contract) -> "Table":
    """The contract's table with a snapshot to read. Raises NeverPublishedError."""
    table = find_table(catalog, contract)
    if table is None or table.current_snapshot() is None:
        raise NeverPublishedError(contract.table)
    return table


def published_scan(catalog: Catalog, contract: Contract, snapshot_id: int | None = None) -> PublishedScan:
    """The contract's table as it is published, or as it was at a snapshot that is kept.

    Raises NeverPublishedError, UnknownSnapshotError.
    """
    table = published_table(catalog, contract)
    if snapshot_id is not None and table.snapshot_by_id(snapshot_id) is None:
        newest_first = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms, reverse=True)
        raise UnknownSnapshotError(contract.table, snapshot_id, [s.snapshot_id for s in newest_first[:_MOST_NAMED]])
    return scan_of(table, snapshot_id)


def find_or_create_table(catalog: Catalog, contract: Contract, retention_days: int) -> "Table":
    """The contract's table; a new one has no snapshot, so that it reads as never published."""
    table = find_table(catalog, contract)
    if table is None:
        if not catalog.namespace_exists(NAMESPACE):  # asked first: not everyone may make one
            catalog.create_namespace_if_not_exists(NAMESPACE)
        wanted, properties = iceberg_schema(contract), table_properties(contract, retention_days)
        try:
            table = catalog.create_table_if_not_exists(f"{NAMESPACE}.{contract.table}", wanted, properties=properties)
        except Exception:  # whatever became of the answer: where the table is there, it was made
            table = find_table(catalog, contract)
            if table is None:
                raise
    return table


def _described(schema: Schema) -> list[tuple[object, ...]]:
    return [(field.name, field.field_type, field.doc) for field in schema.fields]


def bring_up_to_contract(transaction: "Transaction", contract: Contract, retention_days: int) -> None:
    """Adds to the transaction what the contract has and the table has not, and drops what it no longer has.

    A publication keeps files of the one before only where both were made by the same rules, and so for the same
    contract: no file that stays current lacks a column. Older snapshots keep the schema that they were written with.
    """
    current = transaction.table_metadata.schema()
    wanted = iceberg_schema(contract)
    known = {field.name: field for field in current.fields}
    if _described(current) != _described(wanted):
        obsolete = [
            name
            for name, field in known.items()
            if name not in contract.column_names or field.field_type != wanted.find_field(name).field_type
        ]
        # Two updates: one cannot add a column under the name of another that it deletes.
        with transaction.update_schema(allow_incompatible_changes=True) as update:
            for name in obsolete:
                update.delete_column(name)
                del known[name]
        with transaction.update_schema() as update:
            for field in wanted.fields:
                if field.name not in known:
                    update.add_column(field.name, field.field_type, field.doc)
                elif field.doc != known[field.name].doc:
                    update.update_column(field.name, doc=field.doc)
    metadata = transaction.table_metadata
    properties: dict[str, Any] = {**table_properties(contract, retention_days), NAME_MAPPING: _name_mapping(metadata)}
    properties.pop("format-version")
    changed = {k: v for k, v in properties.items() if metadata.properties.get(k) != v}
    if changed:
        transaction.set_properties(**changed)


def schema_to_write(table: "Table", contract: Contract, retention_days: int) -> Schema:
    """The contract's columns with the field ids that they have in the table once it is brought up to the contract.

    A rehearsal: nothing is committed.
    """
    rehearsal = Change(table)
    bring_up_to_contract(rehearsal, contract, retention_days)
    schema = rehearsal.table_metadata.schema()
    return Schema(*(schema.find_field(name) for name in contract.column_names))


def _name_mapping(metadata: TableMetadata) -> str:
    """Names to field ids, for files that carry no ids: of every column that the table has or ever had.

    Without those of dropped columns, PyIceberg could no longer read the snapshots that still have them. The embedded
    catalog cuts the mapping down to the current columns all the same: there, after a column was dropped, older
    snapshots in files without ids are read by their files (as `tables` does), not through PyIceberg.
    """
    current = metadata.schema()
    dropped = {
        field.name: field
        for schema in metadata.schemas
        for field in schema.fields
        if field.name not in current.column_names
    }
    return create_mapping_from_schema(Schema(*current.fields, *dropped.values())).model_dump_json()
