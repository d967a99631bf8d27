"""What each role of the template may, and above all may not; that a right too many or too few is noticed.

Each property lists what is wrong, as in `test_template`. A new table fails here until the template names it: which job
writes it, and whether Dagster may read its snapshots.
"""

from collections.abc import Callable

from stedi_assets.assets.tables import tables
from stedi_assets.contracts import CONTRACTS, SOURCES
from stedi_assets_tests.support.cloud_template import (
    ACCOUNT,
    CATALOG,
    OBJECTS,
    PLACE,
    SECRETS,
    TABLES,
    Seeded,
    Template,
    allows,
    each_property,
    each_violation,
    load,
    of_type,
    roles,
    statements,
)

TEMPLATE = load()
TRAINING = "machine_learning_curated"
LANDING = {contract.table for contract in CONTRACTS if contract.zone == "landing"}
COMPUTED = {contract.table for contract in CONTRACTS} - LANDING - {TRAINING}
WRITES = {"LandingJobRole": LANDING, "TableJobRole": COMPUTED, "TrainingJobRole": {TRAINING}}
SECRETS_OF = {
    "LandingJobRole": {"erasure-key"},
    "TrainingJobRole": {"pseudonym-key"},
    "OperatorRole": {"erasure-key", "pseudonym-key"},
}
# These two actions know no resource; they tell names alone.
STARS = {("AuditorRole", "NamesForTheConsole"), ("DataScientistRole", "NamesForTheConsole")}
JOBS = [f"job/{p['Name']}" for p in of_type(TEMPLATE, "AWS::Glue::Job").values()]
# One object of every kind that there is, by its place below the prefix.
ELSEWHERE = (
    "landing/customer/a.json",
    "manifests/customer/a.json.gz",
    "erasure/suppressed.json",
    "staging/a/part.parquet",
    "jobs/aggregation.py",
    "pipes/a.json",
    "athena/audit/a.csv",
)


def data_of(table: str) -> str:
    """A data file of a table."""
    return f"{TABLES}/{table}/data/a/part.parquet"


def snapshot_of(table: str) -> str:
    """A metadata file of a table."""
    return f"{TABLES}/{table}/metadata/v1.metadata.json"


def no_wildcards(template: Template) -> list[str]:
    """No action is a pattern; no resource is everything of a service, but for a named few that know no resource."""
    found = []
    for role in roles(template):
        for statement in statements(template, role):
            place = (role, statement.sid)
            found += [str(place) for action in statement.actions if "*" in action]
            broad = [r for r in statement.resources if "*" in ":".join(r.split(":")[:6]).split("/")[0]]
            broad += [r for r in statement.resources if r.endswith((":*", "/stedi-*"))]
            found += [str(place) for _ in broad if place not in STARS]
    return found


def secrets_by_purpose(template: Template) -> list[str]:
    """Each secret is read by the job that hashes with it, and by whoever runs and erases; by nobody else."""
    found = []
    for role in roles(template):
        names = ("pseudonym-key", "erasure-key", "something-else")
        may = {n for n in names if allows(template, role, "secretsmanager:GetSecretValue", f"{SECRETS}:stedi/{n}")}
        if may != SECRETS_OF.get(role, set()):
            found.append(f"{role} {may}")
    return found


def one_job_writes_a_table(template: Template) -> list[str]:
    """A table's files and its place in the catalog are changed by one job, and by whoever runs and erases."""
    found = []
    for role in roles(template):
        wanted = WRITES.get(role, set()) if role != "OperatorRole" else {c.table for c in CONTRACTS}
        for contract in CONTRACTS:
            table, is_wanted = contract.table, contract.table in wanted
            rights = [allows(template, role, f"s3:{a}Object", data_of(table)) for a in ("Put", "Delete")]
            rights += [allows(template, role, "s3:PutObject", snapshot_of(table))]
            rights += [
                allows(template, role, f"glue:{a}Table", f"{CATALOG}:table/stedi/{table}") for a in ("Create", "Update")
            ]
            found += [f"{role} {table}"] if rights != [is_wanted] * len(rights) else []
    return found


def jobs_read_what_they_compute_from(template: Template) -> list[str]:
    """A job reads what its transforms and its checks name, and no other table."""
    reads = {role: set(written) for role, written in WRITES.items()}
    for made in tables:
        role = next(role for role, written in WRITES.items() if made.key.path[-1] in written)
        reads[role] |= {key.path[-1] for key in made.dependency_keys}
        reads[role] |= {source.table for source in SOURCES.values()}
        contract = next(c for c in CONTRACTS if c.table == made.key.path[-1])
        reads[role] |= {reference.table for reference in contract.references}
    found = []
    for role, wanted in reads.items():
        for contract in CONTRACTS:
            table = contract.table
            rights = [allows(template, role, "s3:GetObject", place(table)) for place in (data_of, snapshot_of)]
            rights += [allows(template, role, "glue:GetTable", f"{CATALOG}:table/stedi/{table}")]
            found += [f"{role} {table}"] if rights != [table in wanted] * 3 else []
    return found


def raw_objects_landed_alone(template: Template) -> list[str]:
    """Raw objects, and the list of the erased, are read by the landing job alone of all jobs; no job changes them."""
    found = []
    for role in WRITES:
        for place in ("landing/customer/a.json", "erasure/suppressed.json"):
            reads = allows(template, role, "s3:GetObject", f"{OBJECTS}/{place}")
            changes = [allows(template, role, f"s3:{a}Object", f"{OBJECTS}/{place}") for a in ("Put", "Delete")]
            found += [f"{role} {place}"] if reads != (role == "LandingJobRole") or any(changes) else []
        manifest = f"{OBJECTS}/manifests/customer/a.json.gz"
        rights = [allows(template, role, f"s3:{a}Object", manifest) for a in ("Get", "Put", "Delete")]
        found += [f"{role} manifests"] if rights != [role == "LandingJobRole"] * 3 else []
        may_change_code = allows(template, role, "s3:PutObject", f"{OBJECTS}/jobs/landing.py")
        found += [f"{role} changes its code"] if may_change_code else []
    return found


def scientists_see_the_training_table(template: Template) -> list[str]:
    """A data scientist reads the training table and results of their own, and nothing else; changes neither."""
    role = "DataScientistRole"
    places = [f"{OBJECTS}/{place}" for place in ELSEWHERE]
    places += [of(c.table) for c in CONTRACTS for of in (data_of, snapshot_of) if c.table != TRAINING]
    found = [place for place in places if allows(template, role, "s3:GetObject", place)]
    names = {f"{CATALOG}:table/{c}" for c in ("stedi_raw/customer_landing", *(f"stedi/{c.table}" for c in CONTRACTS))}
    found += [n for n in names if allows(template, role, "glue:GetTable", n) != n.endswith(TRAINING)]
    group = f"arn:aws:athena:{PLACE}:workgroup"
    found += ["the workgroup of others"] if allows(template, role, "athena:GetQueryResults", f"{group}/stedi") else []
    needed = [allows(template, role, "s3:GetObject", of(TRAINING)) for of in (data_of, snapshot_of)]
    needed += [allows(template, role, "s3:PutObject", f"{OBJECTS}/athena/training/a.csv")]
    needed += [allows(template, role, "athena:StartQueryExecution", f"{group}/stedi-training")]
    return found if all(needed) else [*found, "cannot query"]


def orchestrator_sees_no_row(template: Template) -> list[str]:
    """Dagster starts and stops the six jobs, reads messages, manifests and every table's snapshots, and no row."""
    role, start = "OrchestratorRole", "glue:StartJobRun"
    found = [data_of(c.table) for c in CONTRACTS if allows(template, role, "s3:GetObject", data_of(c.table))]
    wanted = ("pipes/", "manifests/")
    found += [p for p in ELSEWHERE if allows(template, role, "s3:GetObject", f"{OBJECTS}/{p}") != p.startswith(wanted)]
    found += [c.table for c in CONTRACTS if not allows(template, role, "s3:GetObject", snapshot_of(c.table))]
    found += [job for job in JOBS if not allows(template, role, start, f"{CATALOG}:{job}")]
    found += [job for job in ("job/stedi-other", "job/other") if allows(template, role, start, f"{CATALOG}:{job}")]
    starters = [other for other in roles(template) if allows(template, other, start, f"{CATALOG}:{JOBS[0]}")]
    return found + [other for other in starters if other != role]


def auditors_change_nothing(template: Template) -> list[str]:
    """An auditor reads raw objects and every table, and writes but results."""
    role = "AuditorRole"
    places = [data_of(c.table) for c in CONTRACTS] + [f"{OBJECTS}/landing/customer/a.json"]
    found = [place for place in places if not allows(template, role, "s3:GetObject", place)]
    places += [f"{OBJECTS}/{place}" for place in ELSEWHERE if not place.startswith("athena/audit")]
    found += [f"changes {p}" for p in places if allows(template, role, "s3:PutObject", p)]
    found += [f"deletes {p}" for p in places if allows(template, role, "s3:DeleteObject", p)]
    return found


def first_of(role: str) -> str:
    """Where the first statement of a role's own policy is."""
    return f"Resources/{role}/Properties/Policies/0/PolicyDocument/Statement/0"


EVERYTHING = {"Fn::Sub": "${Bucket.Arn}/${Prefix}/*"}
ALL_TABLES = {"Fn::Sub": "${Bucket.Arn}/${Prefix}/tables/stedi.db/*"}
READ = {"Sid": "Added", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ALL_TABLES}
SECRET = {"Sid": "Added", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"]}
STARTS = {"Sid": "Added", "Effect": "Allow", "Action": ["glue:StartJobRun"], "Resource": f"{CATALOG}:job/stedi-*"}
SHARED = "Resources/JobPolicy/Properties/PolicyDocument/Statement"
SEEDED: list[Seeded] = [
    (no_wildcards, f"{first_of('LandingJobRole')}/Resource", "*"),
    (no_wildcards, f"{first_of('AuditorRole')}/Action", ["athena:*"]),
    (no_wildcards, f"{first_of('OrchestratorRole')}/Resource", {"Fn::Sub": f"arn:aws:glue:*:{ACCOUNT}:job/a"}),
    (secrets_by_purpose, first_of("TableJobRole"), {**SECRET, "Resource": {"Ref": "PseudonymKey"}}),
    (secrets_by_purpose, first_of("TrainingJobRole"), {**SECRET, "Resource": f"{SECRETS}:stedi/*"}),
    (one_job_writes_a_table, f"{first_of('TableJobRole')}/Resource", ALL_TABLES),
    (one_job_writes_a_table, f"{first_of('TableJobRole')}/Resource/0", None),
    (jobs_read_what_they_compute_from, f"{first_of('TrainingJobRole')}/Resource/2", None),
    (jobs_read_what_they_compute_from, f"{SHARED}/0", READ),
    (raw_objects_landed_alone, f"{SHARED}/0/Resource", EVERYTHING),
    (raw_objects_landed_alone, f"{SHARED}/1/Resource", EVERYTHING),
    (scientists_see_the_training_table, first_of("DataScientistRole"), READ),
    (scientists_see_the_training_table, f"{first_of('DataScientistRole')}/Resource", {"Fn::Sub": "${AWS::Region}"}),
    (orchestrator_sees_no_row, f"{first_of('OrchestratorRole')}/Resource/5", None),
    (orchestrator_sees_no_row, first_of("AuditorRole"), STARTS),
    (auditors_change_nothing, f"{first_of('AuditorRole')}", {**READ, "Action": ["s3:PutObject"]}),
]


@each_property(SEEDED)
def test_holds_of_the_template(check: Callable[[Template], list[str]]) -> None:
    assert check(TEMPLATE) == []


@each_violation(SEEDED)
def test_a_violation_is_noticed(check: Callable[[Template], list[str]], violated: Template) -> None:
    assert check(violated)
