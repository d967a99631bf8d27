"""The rules, each with the code that is its all: what stands in a transform, what without the rule, who must notice.

Here: one `Cut` per rule. Not here: the people that the cuts are tried on, and trying them (`test_rules_taken_out`).
"""

from dataclasses import dataclass, replace

from stedi_assets.contracts import (
    ACCELEROMETER_TRUSTED,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_TRUSTED,
    Column,
    Contract,
)

Code = dict[str, str]
FEW = "unambiguous, few"


@dataclass(frozen=True)
class Cut:
    """A rule taken out of one table. `code`: each piece that stands once in the module, and what stands there instead.

    caught_by: checks that must block it, though others may too. module: of `transforms`, "" for the table's own.
    setting: the name of the one that the rule is asked for in. is_everywhere: out of all tables and checks, not one.
    """

    contract: Contract
    rule: str
    code: Code
    caught_by: set[str]
    module: str = ""
    setting: str = "published"
    is_everywhere: bool = False

    def __str__(self) -> str:
        return f"{self.contract.table}: {self.rule}"


def _people(rule: str, code: Code, *also: str) -> Cut:
    return Cut(CUSTOMER_TRUSTED, rule, code, {"row_count", *also}, "consent")


def _motions(rule: str, code: Code, *also: str) -> Cut:
    return Cut(ACCELEROMETER_TRUSTED, rule, code, {"row_count", *also})


def _steps(rule: str, code: Code, *also: str, setting: str = "published") -> Cut:
    return Cut(STEP_TRAINER_TRUSTED, rule, code, {"row_count", *also}, setting=setting)


def _training(rule: str, code: Code, *checks: str, module: str = "", setting: str = "published") -> Cut:
    return Cut(MACHINE_LEARNING_CURATED, rule, code, set(checks), module, setting)


def _landing(rule: str, code: Code, *checks: str, contract: Contract = CUSTOMER_LANDING) -> Cut:
    return Cut(contract, rule, code, set(checks), "landing", is_everywhere=True)


WHEN = "(since > 0) & (since <= as_of_ms)"
KEY = "F.lower(F.btrim(F.translate(email, CAPITALS, SMALLS), F.lit(BLANKS)))"
LATEST = {'F.desc_nulls_last("sharewithresearchasofdate")': 'F.asc_nulls_last("sharewithresearchasofdate")'}
WHO_AGREES = (
    _people("the newest record governs", {'F.max("lastupdatedate")': 'F.min("lastupdatedate")'}, "consent_by_email"),
    _people("records that tie agree together", {"F.min(gives_consent(": "F.max(gives_consent("}, "consent_by_email"),
    _people("null is no consent", {"F.lit(False)": "F.lit(True)"}, "consent_by_email"),
    _people("0 is no consent", {WHEN: "since <= as_of_ms"}, "consent_by_email"),
    _people("a future date is no consent", {WHEN: "since > 0"}, "consent_by_email"),
    _people("case makes no customer", {KEY: "F.btrim(email, F.lit(BLANKS))"}, "consent_by_email"),
    _people("blanks make no customer", {KEY: "F.lower(email)"}, "consent_by_email"),
    Cut(CUSTOMER_TRUSTED, "of records that tie the latest date stands", LATEST, {"governing_records"}, "consent"),
    _people("one row per customer", {'\n        .where(F.col("place") == 1)': ""}, "grain"),
)

GROUP, SPELLED = '.groupBy("customer", ', '.agg(F.min("spelling").alias("spelling"))'
EACH = '.select("customer", "spelling", "timestamp", "x", "y", "z")'
AT_READING = {'F.lit(True) if policy.consent == "published" else taken >= since': "F.lit(True)"}
MOTIONS = (
    _motions(
        "the user is trusted",
        {'on="customer", how="inner"': 'on="customer", how="left"'},
        "consent_by_email",
        "user_in_customer_trusted",
    ),
    _motions("a reading counts once", {f'{GROUP}"timestamp", "x", "y", "z")\n        {SPELLED}': EACH}, "grain"),
    _motions("however it is spelled", {GROUP: f'{GROUP}"spelling", ', SPELLED: ".agg(F.count(F.lit(1)))"}, "grain"),
    _motions("addresses are compared as such", {'customer_key(F.col("user"))': 'F.col("user")'}),
    Cut(
        ACCELEROMETER_TRUSTED,
        "the reading is covered",
        AT_READING,
        {"row_count", "consent_by_email"},
        "consent",
        "at-reading",
    ),
    Cut(CUSTOMERS_CURATED, "only who moves", {"left_semi": "left"}, {"row_count", "email_in_accelerometer_trusted"}),
    Cut(CUSTOMERS_CURATED, "motions multiply no customer", {"left_semi": "inner"}, {"row_count", "grain"}),
)

CURATED = 'step_trainer_landing.join(curated, on="serialnumber", how="inner")'
ONCE = '.dropDuplicates(["serialnumber", "sensorreadingtime", "distancefromobject"])'
SINCE = '.groupBy("serialnumber").agg(F.min("sharewithresearchasofdate").alias("since"))'
ALL_OWNERS = {"F.when(everyone_agrees, F": "F.when(F.lit(True), F"}
STEPS = (
    _steps(
        "the serial is curated",
        {CURATED: CURATED.replace("inner", "left")},
        "consent_by_serial",
        "serialnumber_in_customers_curated",
    ),
    _steps("a reading counts once", {".distinct()": ""}, "grain"),
    _steps(
        "a shared serial multiplies no reading",
        {
            CURATED: CURATED.replace(".join", f"{ONCE}.join"),  # or what was delivered twice would hide what it does
            SINCE: '.withColumn("since", F.col("sharewithresearchasofdate")).select("serialnumber", "since")',
            ".distinct()": "",
        },
        "grain",
    ),
    _steps("the first consent covers", {SINCE: SINCE.replace("min", "max")}, setting="at-reading"),
    Cut(
        STEP_TRAINER_TRUSTED,
        "the reading is covered",
        AT_READING,
        {"row_count", "consent_by_serial"},
        "consent",
        "at-reading",
    ),
    _steps(
        "everyone with the serial agrees",
        {'.where(F.col("everyone_since").isNotNull())': ""},
        "unambiguous_serials",
        setting=FEW,
    ),
    _steps(
        "everyone had agreed when it was taken",
        {'covers(F.col("everyone_since"), taken, policy)': "F.lit(True)"},
        "unambiguous_serials",
        setting="strict",
    ),
)

KEYED, SUBJECT = "keyed_hash(domain, text))", "{} if domain == SUBJECT else keyed_hash(domain, text))"
DEVICE = SUBJECT.replace("SUBJECT", "DEVICE")
NO_SUBJECT = ("consent_by_subject", "subject_id_in_accelerometer_trusted")
NO_DEVICE = ("consent_by_device", "device_id_in_step_trainer_trusted")
SERIALS_MATCH = '(F.col("owned_serial") == F.col("serialnumber"))'
USERS_MATCH = '(F.col("owner") == customer_key(F.col("user")))'
CHOSEN = "*MACHINE_LEARNING_CURATED.column_names"
EMAIL = Column("email", "string", "Who moved.", personal=True)
TRAINING = (
    _training("one timestamp", {'"sensorreadingtime") == ': '"sensorreadingtime") >= '}, "row_count"),
    _training("same_customer is found out", {'F.col("owner").isNotNull()': "F.lit(True)"}, "same_customer"),
    _training("it asks for the serial", {f"{SERIALS_MATCH} & ": ""}, "same_customer"),
    _training("it asks for the user", {f" & {USERS_MATCH}": ""}, "same_customer", "row_count"),
    _training("it compares addresses as such", {USERS_MATCH: USERS_MATCH.replace("customer_key", "")}, "same_customer"),
    _training(
        "a subject is a customer", {'(SUBJECT, customer_key(F.col("user")))': '(SUBJECT, F.col("user"))'}, *NO_SUBJECT
    ),
    _training("no address", {KEYED: SUBJECT.format("text")}, "no_identifiers", *NO_SUBJECT, module="pseudonyms"),
    _training("no serial", {KEYED: DEVICE.format("text")}, "no_identifiers", *NO_DEVICE, module="pseudonyms"),
    _training(
        "subjects' hashes are keyed", {KEYED: SUBJECT.format("F.sha2(text, 256)")}, *NO_SUBJECT, module="pseudonyms"
    ),
    _training(
        "devices' hashes are keyed", {KEYED: DEVICE.format("F.sha2(text, 256)")}, *NO_DEVICE, module="pseudonyms"
    ),
    _training(
        "the key is the home's", {'"inner_pad"),': 'F.lit("36" * 64)),'}, *NO_SUBJECT, *NO_DEVICE, module="pseudonyms"
    ),
    _training(
        "too few subjects, no rows",
        {"return _unless_too_few(training, policy.minimum_subjects)": "return training"},
        "row_count",
        setting=FEW,
    ),
    Cut(
        replace(MACHINE_LEARNING_CURATED, columns=(*MACHINE_LEARNING_CURATED.columns, EMAIL)),
        "no column that identifies",
        {CHOSEN: f'{CHOSEN}, F.col("user").alias("email")'},
        {"allowed_columns"},
    ),
)

FITS, ERASED = "pc.and_not(fits, erased)", "(parsed.filter(erased), misfits.filter(pc.is_null(left)))"
LANDS = f"yield parsed.filter({FITS}).select(list(contract.column_names))"
FITS_OR_NOT, MENTIONED = "pc.invert(erased)", "[suppression.remaining(raw, contract) for"
NO_MISFITS = {
    '\n    yield _finding(source=[source] * kept.num_rows, **{**named, "raw": left.drop_null().to_pylist()})': ""
}
LANDING = (
    _landing(
        "every object is read",
        {"for o in landed]": "for o in landed[1:] or landed]"},
        "files_accounted",
        "bytes_accounted",
    ),
    _landing(
        "every record is a row",
        {f"parsed.filter({FITS})": f"parsed.filter({FITS}).slice(1)"},
        "row_count",
        "objects_accounted",
        "bytes_accounted",
    ),
    _landing(
        "a record is one row",
        {LANDS: f"yield from 2 * [{LANDS.removeprefix('yield ')}]"},
        "grain",
        "row_count",
        "objects_accounted",
        "bytes_accounted",
    ),
    _landing("what does not fit is kept", NO_MISFITS, "row_count", "objects_accounted", "bytes_accounted"),
    _landing("what does not fit is kept", NO_MISFITS, "row_count", contract=LANDING_QUARANTINE),
    _landing("what does not fit is no row", {FITS: FITS_OR_NOT}, "required_values"),
    _landing("the erased stay out", {FITS: "fits"}, "erased_kept_out"),
    _landing("nor are they in quarantine", {MENTIONED: "[raw for"}, "erased_kept_out", contract=LANDING_QUARANTINE),
    _landing("what was dropped is told", {ERASED: "()"}, "row_count", "objects_accounted", "bytes_accounted"),
)
# Taken out of the rule that transforms and checks share: the checks that ask it are wrong alike, the recount is not.
SHARED = (
    *(cut for cut in WHO_AGREES if "row_count" in cut.caught_by),
    *(cut for cut in (*MOTIONS, *STEPS) if cut.module == "consent"),
    replace(_steps("all owners count", ALL_OWNERS, setting=FEW), module="consent"),
)
EVERYWHERE = tuple(
    replace(cut, rule=f"{cut.rule}, anywhere", caught_by={"row_count"}, is_everywhere=True) for cut in SHARED
)
CUTS = (*WHO_AGREES, *MOTIONS, *STEPS, *TRAINING, *LANDING, *EVERYWHERE)
