"""Requests to what the template makes, each with what IAM must decide; and the actions that no role may do.

Only the requests; how they are decided is `iam`'s, and that they are `test_template_refusals`'. What a role reads and
writes table by table is held by `test_template_roles`; here are conditions, other callers, and what would undo the
bucket's protection.
"""

from collections.abc import Iterator

from stedi_assets_tests.aws.test_template_roles import WRITES
from stedi_assets_tests.support.cloud_template import CATALOG, KEY, OBJECTS, PLACE, SECRETS, TABLES
from stedi_assets_tests.support.iam import ANYBODY, NOBODY, STRANGER, Context

BUCKET = OBJECTS.rpartition("/")[0]
ROW, RAW = f"{TABLES}/machine_learning_curated/data/a/part.parquet", f"{OBJECTS}/landing/customer/a.json"
EVERY_ROLE = (*WRITES, "OrchestratorRole", "OperatorRole", "AuditorRole", "DataScientistRole")
SSE = "s3:x-amz-server-side-encryption"
# What would read, or bring back, what was deleted; switch a protection off; or let somebody else in.
UNDOING = {
    BUCKET: """
        s3:PutBucketVersioning s3:PutEncryptionConfiguration s3:PutBucketPublicAccessBlock s3:PutBucketOwnershipControls
        s3:PutLifecycleConfiguration s3:PutBucketPolicy s3:DeleteBucketPolicy s3:PutBucketAcl s3:DeleteBucket
        s3:PutReplicationConfiguration s3:PutBucketNotification s3:PutInventoryConfiguration s3:ListBucketVersions
    """,
    ROW: "s3:GetObjectVersion s3:DeleteObjectVersion s3:PutObjectAcl s3:RestoreObject s3:BypassGovernanceRetention",
    RAW: "s3:GetObjectVersion s3:DeleteObjectVersion s3:PutObjectAcl s3:RestoreObject s3:BypassGovernanceRetention",
    KEY: """
        kms:PutKeyPolicy kms:CreateGrant kms:ScheduleKeyDeletion kms:DisableKey kms:DisableKeyRotation kms:ReEncryptFrom
    """,
    **dict.fromkeys(
        (f"{SECRETS}:stedi/pseudonym-key", f"{SECRETS}:stedi/erasure-key"),
        """
        secretsmanager:PutSecretValue secretsmanager:UpdateSecret secretsmanager:DeleteSecret
        secretsmanager:PutResourcePolicy secretsmanager:ReplicateSecretToRegions secretsmanager:ListSecretVersionIds
        """,
    ),
}
# Code and queries of one's own, in somebody else's role.
BECOMING_ANOTHER = {
    "iam:PassRole": f"arn:aws:iam::111122223333:role/{next(iter(WRITES))}",
    "iam:PutRolePolicy": f"arn:aws:iam::111122223333:role/{next(iter(WRITES))}",
    "sts:AssumeRole": f"arn:aws:iam::111122223333:role/{next(iter(WRITES))}",
    "glue:CreateJob": f"{CATALOG}:job/stedi-landing",
    "glue:UpdateJob": f"{CATALOG}:job/stedi-landing",
    "glue:PutResourcePolicy": f"{CATALOG}:catalog",
    "glue:DeleteDatabase": f"{CATALOG}:database/stedi",
    "athena:UpdateWorkGroup": f"arn:aws:athena:{PLACE}:workgroup/stedi",
    "lakeformation:GrantPermissions": f"{CATALOG}:catalog",
}
OF_TRAINING = "stedi/tables/stedi.db/machine_learning_curated"
S3_KEY = {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
SECRETS_KEY = {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}


def of_secret(name: str) -> Context:
    """How Secrets Manager asks for the key of a secret."""
    return {**SECRETS_KEY, "kms:EncryptionContext:SecretARN": f"{SECRETS}:stedi/{name}"}


def putting(**encryption: str) -> Context:
    """The encryption that an upload names: `sse`, `key`, or a key of its own, `customer`."""
    names = {"sse": SSE, "key": f"{SSE}-aws-kms-key-id", "customer": f"{SSE}-customer-algorithm"}
    return {names[name]: value for name, value in encryption.items()}


# Who, what, of what, said with it; whether it must be allowed.
TABLE: list[tuple[str, str, str, Context, bool]] = [
    # No TLS, old TLS: not even for who may everything in the account.
    (ANYBODY, "s3:GetObject", RAW, {}, True),
    (ANYBODY, "s3:GetObject", RAW, {"aws:SecureTransport": "false"}, False),
    (ANYBODY, "s3:ListBucket", BUCKET, {"aws:SecureTransport": "false"}, False),
    (ANYBODY, "s3:GetObject", RAW, {"s3:TlsVersion": "1.1"}, False),
    (ANYBODY, "s3:GetObject", RAW, {"s3:TlsVersion": "1.2"}, True),
    # Another encryption than the bucket's, whoever asks.
    ("OperatorRole", "s3:PutObject", RAW, {}, True),
    ("OperatorRole", "s3:PutObject", RAW, putting(sse="aws:kms", key=KEY), True),
    ("OperatorRole", "s3:PutObject", RAW, putting(sse="AES256"), False),
    ("OperatorRole", "s3:PutObject", RAW, putting(sse="aws:kms:dsse", key=KEY), False),
    ("OperatorRole", "s3:PutObject", RAW, putting(sse="aws:kms"), False),
    ("OperatorRole", "s3:PutObject", RAW, putting(sse="aws:kms", key=KEY.replace("/Key", "/other")), False),
    ("OperatorRole", "s3:PutObject", RAW, putting(key=KEY.replace("/Key", "/other")), False),
    (ANYBODY, "s3:PutObject", RAW, putting(customer="AES256"), False),
    # Nobody outside the account, nobody unsigned, whatever their own account lets them do.
    *((who, "s3:GetObject", of, {}, False) for who in (STRANGER, NOBODY) for of in (ROW, RAW)),
    *((who, "s3:ListBucket", BUCKET, {}, False) for who in (STRANGER, NOBODY)),
    (STRANGER, "kms:Decrypt", KEY, S3_KEY, False),
    # The key opens objects through S3, a secret through Secrets Manager for who has that secret, and nothing by itself.
    *((role, "kms:Decrypt", KEY, S3_KEY, True) for role in EVERY_ROLE),
    *((role, "kms:Decrypt", KEY, {}, False) for role in EVERY_ROLE),
    *((role, "kms:GenerateDataKey", KEY, SECRETS_KEY, False) for role in EVERY_ROLE),
    ("TrainingJobRole", "kms:Decrypt", KEY, of_secret("pseudonym-key"), True),
    ("TrainingJobRole", "kms:Decrypt", KEY, of_secret("erasure-key"), False),
    ("LandingJobRole", "kms:Decrypt", KEY, of_secret("erasure-key"), True),
    ("LandingJobRole", "kms:Decrypt", KEY, of_secret("pseudonym-key"), False),
    *(
        (role, "kms:Decrypt", KEY, of_secret(name), False)
        for role in ("TableJobRole", "OrchestratorRole", "AuditorRole", "DataScientistRole")
        for name in ("pseudonym-key", "erasure-key")
    ),
    # What a scientist and an auditor may list. To list without a prefix is to list everything.
    ("DataScientistRole", "s3:ListBucket", BUCKET, {"s3:prefix": "stedi/athena/training/a"}, True),
    (
        "DataScientistRole",
        "s3:ListBucket",
        BUCKET,
        {"s3:prefix": "stedi/tables/stedi.db/machine_learning_curated/"},
        True,
    ),
    *(
        ("DataScientistRole", "s3:ListBucket", BUCKET, context, False)
        for context in (
            {},
            {"s3:prefix": ""},
            {"s3:prefix": "stedi/"},
            {"s3:prefix": "stedi/landing/"},
            {"s3:prefix": "stedi/tables/stedi.db/customer_landing/"},
            {"s3:prefix": "stedi/tables/stedi.db/landing_quarantine/"},
            {"s3:prefix": "stedi/manifests/"},
            {"s3:prefix": "stedi/erasure/"},
            {"s3:prefix": "stedi/athena/audit/"},
        )
    ),
    ("AuditorRole", "s3:ListBucket", BUCKET, {"s3:prefix": "stedi/landing/customer/"}, True),
    ("AuditorRole", "s3:ListBucket", BUCKET, {}, False),
    ("AuditorRole", "s3:ListBucket", BUCKET, {"s3:prefix": "stedi/erasure/"}, False),
    ("AuditorRole", "s3:GetObject", f"{OBJECTS}/erasure/suppressed.json", {}, False),
    ("AuditorRole", "s3:GetObject", f"{OBJECTS}/athena/training/a.csv", {}, False),
    ("OperatorRole", "s3:ListBucket", BUCKET, {"s3:prefix": "of-another-stack/"}, False),
    # Beside the prefix, and in other buckets.
    ("OperatorRole", "s3:GetObject", f"{BUCKET}/of-another-stack/a.json", {}, False),
    ("OperatorRole", "s3:GetObject", f"{BUCKET}/stedi-of-another/a.json", {}, False),
    *((role, "s3:GetObject", "arn:aws:s3:::another-bucket/stedi/landing/a.json", {}, False) for role in EVERY_ROLE),
    *((role, "s3:ListBucket", "arn:aws:s3:::another-bucket", {}, False) for role in EVERY_ROLE),
    ("DataScientistRole", "glue:GetTables", f"{CATALOG}:table/stedi/customer_landing", {}, False),
    ("DataScientistRole", "athena:StartQueryExecution", f"arn:aws:athena:{PLACE}:workgroup/primary", {}, False),
]


def undoing() -> Iterator[tuple[str, str]]:
    """Each action that no role may do, with what it would be done to."""
    yield from ((action, of) for of, actions in UNDOING.items() for action in actions.split())
    yield from BECOMING_ANOTHER.items()
