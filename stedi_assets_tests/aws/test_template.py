"""What must hold of the template's bucket, secrets, jobs, workgroups and budget, and that each of it is noticed.

Each property lists what is wrong; it must be nothing for the template, and something once one place of it is changed.
What the roles may is held by `test_template_roles`.
"""

import re
from collections.abc import Callable
from typing import Any

from stedi_assets.settings import Settings
from stedi_assets_tests.support.cloud_template import (
    GIVEN,
    KEY,
    OBJECTS,
    Seeded,
    Template,
    each_property,
    each_violation,
    load,
    of_type,
    resolved,
)

TEMPLATE = load()
# The five that the users know by these names, and the one for the landing tables.
SCRIPTS = {
    "landing": "LandingJobRole",
    "customer_landing_to_trusted": "TableJobRole",
    "accelerometer_landing_to_trusted": "TableJobRole",
    "customer_trusted_to_curated": "TableJobRole",
    "step_trainer_landing_to_trusted": "TableJobRole",
    "aggregation": "TrainingJobRole",
}
IRREPLACEABLE = ("Bucket", "BucketPolicy", "Key", "PseudonymKey", "ErasureKey", "Database")


def tls_alone(template: Template) -> list[str]:
    """Whatever is asked without TLS is refused, of the bucket and of its objects."""
    policy = resolved(template, template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"])
    bucket = OBJECTS.rpartition("/")[0]
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    found = [{k: v for k, v in statement.items() if k != "Sid"} for statement in policy["Statement"]]
    allowed = [s["Sid"] for s in policy["Statement"] if s["Effect"] != "Deny"]
    return ([] if refusal in found else ["no refusal without TLS"]) + allowed


def nothing_public(template: Template) -> list[str]:
    """Public access is blocked in every way that there is, and nobody but the account owns an object."""
    bucket = template["Resources"]["Bucket"]["Properties"]
    blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    found = [name for name in blocks if bucket["PublicAccessBlockConfiguration"].get(name) is not True]
    owners = [rule["ObjectOwnership"] for rule in bucket["OwnershipControls"]["Rules"]]
    return found + [owner for owner in owners if owner != "BucketOwnerEnforced"]


def what_is_deleted_goes(template: Template) -> list[str]:
    """Old versions are kept for the days that were asked for, then expire; so do unfinished uploads and results."""
    bucket = resolved(template, template["Resources"]["Bucket"]["Properties"])
    rules = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if rule["Status"] == "Enabled"]
    whole = [rule for rule in rules if "Prefix" not in rule]
    days = {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in rules}
    held = {
        "versions": bucket["VersioningConfiguration"]["Status"] == "Enabled",
        "old versions": any(r.get("NoncurrentVersionExpiration") == {"NoncurrentDays": 7} for r in whole),
        "delete markers": any(r.get("ExpiredObjectDeleteMarker") is True for r in whole),
        "uploads": any("AbortIncompleteMultipartUpload" in r for r in whole),
        **{folder: days.get(f"stedi/{folder}/") == 7 for folder in ("athena", "pipes", "staging")},
    }
    return [name for name, is_held in held.items() if not is_held]


def encrypted_with_the_key(template: Template) -> list[str]:
    """Objects, secrets and results: all with the key of the template, which changes by itself."""
    resources = resolved(template, template["Resources"])
    rule = resources["Bucket"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    found = {"the bucket": rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")}
    found |= {n: p.get("KmsKeyId") for n, p in of_type(template | {"Resources": resources}, SECRET).items()}
    for name, properties in of_type(template | {"Resources": resources}, WORKGROUP).items():
        result = properties["WorkGroupConfiguration"]["ResultConfiguration"]
        found[name] = result.get("EncryptionConfiguration", {}).get("KmsKey")
    rotates = resources["Key"]["Properties"].get("EnableKeyRotation") is True
    return [name for name, key in found.items() if key != KEY] + ([] if rotates else ["the key"])


def other_keys_refused(template: Template) -> list[str]:
    """Whoever names an encryption has to name the bucket's own: four refusals, each of its own kind."""
    policy = resolved(template, template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"])
    header = "s3:x-amz-server-side-encryption"
    wanted: list[dict[str, Any]] = [
        {"Null": {header: "false"}, "StringNotEquals": {header: "aws:kms"}},
        {
            "Null": {f"{header}-aws-kms-key-id": "false"},
            "StringNotEquals": {f"{header}-aws-kms-key-id": KEY},
        },
        {"StringEquals": {header: "aws:kms"}, "Null": {f"{header}-aws-kms-key-id": "true"}},
        {"Null": {f"{header}-customer-algorithm": "false"}},
    ]
    found = [s["Condition"] for s in policy["Statement"] if s["Action"] == "s3:PutObject"]
    return [str(condition) for condition in wanted if condition not in found]


def irreplaceable_stays(template: Template) -> list[str]:
    """What cannot be made again outlives the stack and any change of it."""
    policies = {name: template["Resources"][name] for name in IRREPLACEABLE}
    return [
        name
        for name, found in policies.items()
        if (found.get("DeletionPolicy"), found.get("UpdateReplacePolicy")) != ("RetainExceptOnCreate", "Retain")
    ]


def secrets_unseen(template: Template) -> list[str]:
    """Both keys are made by AWS, long enough; no job has one, or anything called so, as an argument."""
    secrets = of_type(template, SECRET)
    generated = {"PasswordLength": 64, "ExcludePunctuation": True}
    found = [name for name, p in secrets.items() if p.get("GenerateSecretString") != generated or "SecretString" in p]
    for job, properties in of_type(template, JOB).items():
        given = {**properties["DefaultArguments"], **properties.get("NonOverridableArguments", {})}
        for name, value in given.items():
            said = f"{name} {resolved(template, value)}".lower()
            if re.search(r"secret|password|token|pseudonym|erasure|-key", said):
                found.append(f"{job} {name}")
    return found + [f"{name} is missing" for name in ("PseudonymKey", "ErasureKey") if name not in secrets]


def six_small_jobs(template: Template) -> list[str]:
    """One job for each script, named after it, with the role of its purpose; small, short and alone."""
    wanted = {
        f"stedi-{script}": {
            "Command": {
                "Name": "glueetl",
                "PythonVersion": "3",
                "ScriptLocation": f"s3://{GIVEN['BucketName']}/stedi/jobs/{script}.py",
            },
            "Role": resolved(template, {"Fn::GetAtt": [role, "Arn"]}),
            "GlueVersion": "6.0",
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
            "Timeout": 30,
            "MaxRetries": 0,
            "ExecutionProperty": {"MaxConcurrentRuns": 1},
        }
        for script, role in SCRIPTS.items()
    }
    jobs = [resolved(template, properties) for properties in of_type(template, JOB).values()]
    found = {job["Name"]: {k: job.get(k) for k in wanted["stedi-landing"]} for job in jobs}
    return [name for name in {*wanted, *found} if wanted.get(name) != found.get(name)]


def jobs_know_the_place(template: Template) -> list[str]:
    """Each job's settings are those of the stack, and are settings that the product takes."""
    wanted = {"STEDI_ENV": "aws", "STEDI_BUCKET": GIVEN["BucketName"], "STEDI_PREFIX": "stedi"}
    wanted["STEDI_REGION"] = "eu-central-1"
    Settings.load(wanted)
    found = {}
    for job, properties in of_type(template, JOB).items():
        given = resolved(template, properties["DefaultArguments"]).items()
        found[job] = {name.removeprefix("--"): value for name, value in given if name.startswith("--STEDI_")}
    return [job for job, settings in found.items() if settings != wanted]


def queries_bounded(template: Template) -> list[str]:
    """No query can leave its workgroup's bounds, and each workgroup has a folder of its own for results."""
    groups = {n: resolved(template, p["WorkGroupConfiguration"]) for n, p in of_type(template, WORKGROUP).items()}
    found = [
        name
        for name, group in groups.items()
        if group.get("EnforceWorkGroupConfiguration") is not True or not group.get("BytesScannedCutoffPerQuery")
    ]
    places = [group["ResultConfiguration"]["OutputLocation"] for group in groups.values()]
    below = f"s3://{GIVEN['BucketName']}/stedi/athena/"
    return found + [p for p in places if not p.startswith(below) or p == below or places.count(p) > 1]


def costs_told(template: Template) -> list[str]:
    """Half, four fifths, all of the budget, and a forecast of all of it: each is told."""
    budget = resolved(template, template["Resources"]["Budget"]["Properties"])
    alarms = [
        (a["Notification"]["NotificationType"], a["Notification"]["Threshold"], a["Subscribers"][0]["Address"])
        for a in budget["NotificationsWithSubscribers"]
    ]
    wanted = [("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    limit = {"Amount": 25, "Unit": "USD"}
    found = [str(w) for w in wanted if (*w, GIVEN["BudgetEmail"]) not in alarms]
    return found if budget["Budget"]["BudgetLimit"] == limit else [*found, "the limit"]


SECRET, WORKGROUP, JOB = "AWS::SecretsManager::Secret", "AWS::Athena::WorkGroup", "AWS::Glue::Job"
BUCKET, PROTECTION = "Resources/Bucket/Properties", "Resources/BucketPolicy/Properties/PolicyDocument/Statement"
ARGUMENTS = "Resources/AggregationJob/Properties/DefaultArguments"
GROUP = "Resources/TrainingWorkgroup/Properties/WorkGroupConfiguration"
ALARMS = "Resources/Budget/Properties/NotificationsWithSubscribers"
SEEDED: list[Seeded] = [
    (tls_alone, f"{PROTECTION}/0/Condition/Bool/aws:SecureTransport", "true"),
    (tls_alone, f"{PROTECTION}/0/Resource/1", None),
    (tls_alone, f"{PROTECTION}/1/Effect", "Allow"),
    (nothing_public, f"{BUCKET}/PublicAccessBlockConfiguration/RestrictPublicBuckets", False),
    (nothing_public, f"{BUCKET}/OwnershipControls/Rules/0/ObjectOwnership", "ObjectWriter"),
    (what_is_deleted_goes, f"{BUCKET}/VersioningConfiguration/Status", "Suspended"),
    (what_is_deleted_goes, f"{BUCKET}/LifecycleConfiguration/Rules/0", None),
    (what_is_deleted_goes, f"{BUCKET}/LifecycleConfiguration/Rules/0/Prefix", "stedi/tables/"),
    (what_is_deleted_goes, f"{BUCKET}/LifecycleConfiguration/Rules/2/Status", "Disabled"),
    (encrypted_with_the_key, "Resources/ErasureKey/Properties/KmsKeyId", None),
    (encrypted_with_the_key, f"{GROUP}/ResultConfiguration/EncryptionConfiguration", {"EncryptionOption": "SSE_S3"}),
    (encrypted_with_the_key, "Resources/Key/Properties/EnableKeyRotation", False),
    (other_keys_refused, f"{PROTECTION}/3", None),
    (other_keys_refused, f"{PROTECTION}/2/Condition/Null", None),
    (irreplaceable_stays, "Resources/ErasureKey/DeletionPolicy", "Delete"),
    (irreplaceable_stays, "Resources/Bucket/UpdateReplacePolicy", None),
    (secrets_unseen, f"{ARGUMENTS}/--STEDI_PSEUDONYM_SECRET", "{{resolve:secretsmanager:stedi/pseudonym-key}}"),
    (secrets_unseen, f"{ARGUMENTS}/--conf", {"Ref": "PseudonymKey"}),
    (secrets_unseen, "Resources/PseudonymKey/Properties/GenerateSecretString/PasswordLength", 8),
    (six_small_jobs, "Resources/AggregationJob/Properties/Role", {"Fn::GetAtt": ["OperatorRole", "Arn"]}),
    (six_small_jobs, "Resources/LandingJob/Properties/NumberOfWorkers", 20),
    (six_small_jobs, "Resources/LandingJob", None),
    (jobs_know_the_place, f"{ARGUMENTS}/--STEDI_ENV", "local"),
    (queries_bounded, f"{GROUP}/BytesScannedCutoffPerQuery", None),
    (queries_bounded, f"{GROUP}/ResultConfiguration/OutputLocation", {"Fn::Sub": "s3://${Bucket}/${Prefix}/athena/"}),
    (costs_told, f"{ALARMS}/3", None),
    (costs_told, f"{ALARMS}/0/Subscribers/0/Address", "nobody@example.org"),
]


@each_property(SEEDED)
def test_holds_of_the_template(check: Callable[[Template], list[str]]) -> None:
    assert check(TEMPLATE) == []


@each_violation(SEEDED)
def test_a_violation_is_noticed(check: Callable[[Template], list[str]], violated: Template) -> None:
    assert check(violated)
