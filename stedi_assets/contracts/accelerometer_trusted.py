"""Contract of accelerometer_trusted: the motion readings of customers who agreed to research."""

from stedi_assets.contracts.accelerometer_landing import ACCELEROMETER_LANDING
from stedi_assets.contracts.customer_key import customer_key
from stedi_assets.contracts.model import Check, Contract, Reference, carried_from
from stedi_assets.contracts.provenance import PROVENANCE_NAMES

ACCELEROMETER_TRUSTED = Contract(
    table="accelerometer_trusted",
    zone="trusted",
    description="Motion readings that may be used: of customers in customer_trusted, as far as the consent policy "
    "goes, each distinct reading once. From accelerometer_landing; read by customers_curated and "
    "machine_learning_curated.",
    recount="SELECT count(*) FROM motions",
    grain=("user", "timestamp", "x", "y", "z"),
    email_column="user",
    taken_column="timestamp",
    columns=carried_from(ACCELEROMETER_LANDING, without=PROVENANCE_NAMES),
    references=(Reference("user", "customer_trusted", "email", key="email"),),
    checks=(
        Check(
            "repeated_readings",
            "No trusted reading was delivered more than once. Counted: repetitions in landing, left out here.",
            actual="SELECT coalesce(sum(landed - 1), 0) FROM motions",
            severity="WARN",
            example="SELECT concat('one of them arrived ', CAST(max(landed) AS string), ' times') FROM motions "
            "WHERE landed > 1",
        ),
        Check(
            "readings_before_consent",
            "No reading was taken before its customer agreed to research. Counted: such readings.",
            actual=f"""
            SELECT count(*) FROM staged s JOIN research_customers r ON {customer_key("s.user")} = r.customer
            WHERE s.timestamp < r.since
            """,
            severity="WARN",
            example=f"""
            SELECT concat('one was taken ', CAST(CAST(ceil(max(r.since - s.timestamp) / 60000) AS bigint) AS string),
                          ' minutes before')
            FROM staged s JOIN research_customers r ON {customer_key("s.user")} = r.customer
            WHERE s.timestamp < r.since
            """,
        ),
    ),
)
