"""Contract of step_trainer_trusted: the step readings of curated customers."""

from stedi_assets.contracts.model import Check, Contract, Reference, carried_from
from stedi_assets.contracts.provenance import PROVENANCE_NAMES
from stedi_assets.contracts.step_trainer_landing import STEP_TRAINER_LANDING

# Serials of curated customers that somebody who does not consent has, too.
SHARED_SERIALS = """
shared AS (
    SELECT serial FROM serials
    WHERE agreeing < owners AND serial IN (SELECT serial FROM moving WHERE serial IS NOT NULL)
)
"""

STEP_TRAINER_TRUSTED = Contract(
    table="step_trainer_trusted",
    zone="trusted",
    description="Step readings that may be used: of step trainers of customers in customers_curated, as far as the "
    "policies of consent and of serials go, each distinct reading once. From step_trainer_landing; read "
    "by machine_learning_curated.",
    recount="SELECT count(*) FROM steps",
    serial_column="serialnumber",
    taken_column="sensorreadingtime",
    columns=carried_from(STEP_TRAINER_LANDING, without=PROVENANCE_NAMES),
    references=(Reference("serialnumber", "customers_curated", "serialnumber"),),
    checks=(
        Check(
            "repeated_readings",
            "No trusted reading was delivered more than once. Counted: repetitions in landing, left out here.",
            actual="SELECT coalesce(sum(landed - 1), 0) FROM steps",
            severity="WARN",
            example="SELECT concat('one of them arrived ', CAST(max(landed) AS string), ' times') FROM steps "
            "WHERE landed > 1",
        ),
        Check(
            "readings_before_consent",
            "No reading was taken before its customer agreed to research. Counted: readings that are older than the "
            "consent of every customer with that serial.",
            actual="""
            SELECT count(*) FROM staged s JOIN (
                SELECT serialnumber, min(since) AS since FROM research_customers GROUP BY serialnumber
            ) r ON s.serialnumber = r.serialnumber
            WHERE s.sensorreadingtime < r.since
            """,
            severity="WARN",
            example="""
            SELECT concat('one was taken ',
                          CAST(CAST(ceil(max(r.since - s.sensorreadingtime) / 60000) AS bigint) AS string),
                          ' minutes before')
            FROM staged s JOIN (
                SELECT serialnumber, min(since) AS since FROM research_customers GROUP BY serialnumber
            ) r ON s.serialnumber = r.serialnumber
            WHERE s.sensorreadingtime < r.since
            """,
        ),
        Check(
            "shared_serials",
            "No serial of a curated customer is also that of someone who did not agree. Counted: such serials.",
            actual=f"WITH {SHARED_SERIALS} SELECT count(*) FROM shared",
            severity="WARN",
            example=f"""
            WITH {SHARED_SERIALS}
            SELECT min(concat('a serial of ', CAST(owners AS string), ' customers, ', CAST(agreeing AS string),
                              ' of whom agree'))
            FROM serials WHERE serial IN (SELECT serial FROM shared)
            """,
            whole=("actual",),
        ),
        Check(
            "readings_of_shared_serials",
            "No landed reading is of such a serial, of which nobody knows whose it is. Counted: such readings; the "
            "policy --serials says whether they are used.",
            actual=f"""
            WITH {SHARED_SERIALS}
            SELECT count(*) FROM step_trainer_landing WHERE serialnumber IN (SELECT serial FROM shared)
            """,
            severity="WARN",
            example=f"""
            WITH {SHARED_SERIALS}
            SELECT concat(CAST(max(readings) AS string), ' readings of one serial') FROM (
                SELECT count(*) AS readings FROM step_trainer_landing
                WHERE serialnumber IN (SELECT serial FROM shared) GROUP BY serialnumber
            )
            """,
        ),
    ),
)
