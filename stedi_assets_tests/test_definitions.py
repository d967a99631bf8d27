"""The asset graph as a reviewed artefact: what is in it changes only on purpose."""

import subprocess
import sys

from dagster import AssetKey

from stedi_assets.assets.metadata import lineage
from stedi_assets.automation import UP_TO_DATE
from stedi_assets.contracts import CONTRACTS
from stedi_assets.definitions import defs

GRAPH = {
    "raw/customer": [],
    "raw/accelerometer": [],
    "raw/step_trainer": [],
    "landing/customer_landing": ["raw/customer"],
    "landing/accelerometer_landing": ["raw/accelerometer"],
    "landing/step_trainer_landing": ["raw/step_trainer"],
    "landing/landing_quarantine": ["raw/accelerometer", "raw/customer", "raw/step_trainer"],
    "trusted/customer_trusted": ["landing/customer_landing"],
    "trusted/accelerometer_trusted": ["landing/accelerometer_landing", "trusted/customer_trusted"],
    "curated/customers_curated": ["trusted/accelerometer_trusted", "trusted/customer_trusted"],
    "trusted/step_trainer_trusted": [
        "curated/customers_curated",
        "landing/customer_landing",
        "landing/step_trainer_landing",
    ],
    "curated/machine_learning_curated": [
        "curated/customers_curated",
        "trusted/accelerometer_trusted",
        "trusted/step_trainer_trusted",
    ],
    "upkeep/whole_audits": [],
    "upkeep/compaction": ["upkeep/whole_audits"],
    "upkeep/expired_snapshots": ["upkeep/compaction"],
    "upkeep/orphans": ["upkeep/expired_snapshots"],
}
# Pictures of the tables: downstream of these, upstream of nothing.
SHOWN = {
    "insight/readings_over_time": [
        "landing/accelerometer_landing",
        "landing/step_trainer_landing",
        "trusted/accelerometer_trusted",
        "trusted/step_trainer_trusted",
    ],
    "insight/distance": ["trusted/step_trainer_trusted"],
    "insight/movement": ["trusted/accelerometer_trusted"],
    "insight/consent_share": ["landing/customer_landing", "trusted/customer_trusted"],
    "insight/rows_by_zone": sorted(
        f"{contract.zone}/{contract.table}" for contract in CONTRACTS if contract.table != "landing_quarantine"
    ),
    "check_dashboard": sorted(f"{contract.zone}/{contract.table}" for contract in CONTRACTS),
}
COMMON = ["schema", "row_count", "expected_rows", "grain", "required_values"]
LANDING = [
    "erased_kept_out",
    "files_accounted",
    "objects_accounted",
    "bytes_accounted",
    "quarantine_share",
    "quarantined",
    "unreadable",
    "erased",
    "repeated_objects",
    "extra_fields",
]
CHECKS = {
    "customer_landing": [*COMMON, *LANDING],
    "accelerometer_landing": [*COMMON, *LANDING],
    "step_trainer_landing": [*COMMON, *LANDING],
    "landing_quarantine": [*COMMON, "erased_kept_out"],
    "customer_trusted": [*COMMON, "consent_by_email", "withdrawn_since", "governing_records"],
    "accelerometer_trusted": [
        *COMMON,
        "consent_by_email",
        "withdrawn_since",
        "user_in_customer_trusted",
        "repeated_readings",
        "readings_before_consent",
    ],
    "customers_curated": [
        *COMMON,
        "consent_by_email",
        "withdrawn_since",
        "email_in_customer_trusted",
        "email_in_accelerometer_trusted",
        "governing_records",
    ],
    "step_trainer_trusted": [
        *COMMON,
        "consent_by_serial",
        "unambiguous_serials",
        "withdrawn_since",
        "serialnumber_in_customers_curated",
        "repeated_readings",
        "readings_before_consent",
        "shared_serials",
        "readings_of_shared_serials",
    ],
    "machine_learning_curated": [
        *COMMON,
        "allowed_columns",
        "consent_by_subject",
        "consent_by_device",
        "unambiguous_serials",
        "withdrawn_since",
        "device_id_in_step_trainer_trusted",
        "subject_id_in_accelerometer_trusted",
        "same_customer",
        "no_identifiers",
        "pairs_two_customers",
        "minimum_subjects",
    ],
}


def test_the_graph() -> None:
    graph = defs.resolve_asset_graph()
    found = {
        key.to_user_string(): sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        for key in graph.get_all_asset_keys()
    }
    assert found == {**GRAPH, **SHOWN}


def test_the_checks() -> None:
    found: dict[str, set[str]] = {}
    for key in defs.resolve_asset_graph().asset_check_keys:
        found.setdefault(key.asset_key.path[-1], set()).add(key.name)
    assert found == {table: set(names) for table, names in CHECKS.items()}


def test_each_table_tells_what_it_is_before_it_is_built() -> None:
    graph = defs.resolve_asset_graph()
    for contract in CONTRACTS:
        node = graph.get(AssetKey([contract.zone, contract.table]))
        assert node.group_name == contract.zone
        assert node.description == contract.description
        assert node.owners == ["team:data-engineering"]
        assert node.kinds == {"pyspark", "iceberg", "s3"}
        columns = node.metadata["dagster/column_schema"].columns
        assert [(c.name, c.type) for c in columns] == [(c.name, c.type) for c in contract.columns]
        assert all(column.description for column in columns)
        assert {c.name for c in columns if "personal" in c.tags} == {c.name for c in contract.columns if c.personal}
        assert node.metadata["dagster/table_name"] == f"stedi.{contract.table}"


def test_jobs_run_in_one_process() -> None:
    assert defs.resolve_job_def("stedi_forget").executor_def.name == "in_process"
    job = defs.resolve_job_def("stedi_lakehouse")
    assert job.executor_def.name == "in_process"
    assert {key.path[-1] for key in job.asset_layer.selected_asset_keys} == {contract.table for contract in CONTRACTS}


def test_pictures_are_made_by_a_job_of_their_own_and_after_publication() -> None:
    job = defs.resolve_job_def("stedi_insight")
    assert job.executor_def.name == "in_process"
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == set(SHOWN)
    graph = defs.resolve_asset_graph()
    for shown in SHOWN:
        node = graph.get(AssetKey.from_user_string(shown))
        assert node.description
        assert node.group_name == "insight"
        assert node.automation_condition == UP_TO_DATE


def test_columns_tell_where_they_come_from_and_landed() -> None:
    told = {c.table: lineage(c)["stedi/column_lineage"].value for c in CONTRACTS if c.zone != "landing"}
    assert "| x | accelerometer_trusted.x | accelerometer_landing.x |" in told["machine_learning_curated"].splitlines()
    assert max(map(len, told.values())) < 1_000, "the UI would hide it behind a button"


def test_loading_the_definitions_starts_nothing() -> None:
    """In a process of its own: neither the engine nor the services' client is even imported."""
    program = (
        "import sys, stedi_assets.definitions\n"
        "heavy = ('pysail', 'pyiceberg', 'pyspark.sql.connect.session', 'duckdb', 'matplotlib', 'jinja2')\n"
        "started = [name for name in heavy if name in sys.modules]\n"
        "sys.exit(f'imported: {started}' if started else 0)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_transforms_and_contracts_know_no_dagster() -> None:
    program = (
        "import sys, pkgutil, importlib\n"
        "import stedi_assets.transforms, stedi_assets.contracts, stedi_assets.landing, stedi_assets.audits\n"
        "for package in (stedi_assets.transforms, stedi_assets.contracts, stedi_assets.landing, stedi_assets.audits):\n"
        "    for module in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "sys.exit('dagster is imported' if 'dagster' in sys.modules else 0)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
