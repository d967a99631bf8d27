"""The stack as moto makes it, in this process: what comes of the template, and what moto leaves out.

moto stands in for CloudFormation, S3, KMS and IAM; it makes only some types, and of a bucket only some properties.
What it leaves out is listed here, so that a moto that can do more is noticed; until then cfn-lint (`make lint`) holds
it against AWS's own schemas, and `test_template` says what it must be.
"""

import ast
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from stedi_assets_tests.support.cloud_template import GIVEN, PATH, load, of_type, statements

REGION = "eu-central-1"
MADE = {
    "AWS::KMS::Key": 1,
    "AWS::KMS::Alias": 1,
    "AWS::S3::Bucket": 1,
    "AWS::IAM::ManagedPolicy": 2,
    "AWS::IAM::Role": 7,
}
NOT_MADE = {
    "AWS::S3::BucketPolicy": 1,
    "AWS::SecretsManager::Secret": 2,
    "AWS::Glue::Database": 2,
    "AWS::Glue::Job": 6,
    "AWS::Athena::WorkGroup": 2,
    "AWS::Budgets::Budget": 1,
}
# Read by moto's bucket from its own API, but not from a template.
BUCKET_WITHOUT = (
    "get_public_access_block",
    "get_bucket_lifecycle_configuration",
    "get_bucket_ownership_controls",
    "get_bucket_policy",
)


@pytest.fixture(scope="module")
def stack() -> Iterator[dict[str, str]]:
    """The stack's outputs, while moto holds it."""
    with pytest.MonkeyPatch.context() as environment, mock_aws(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # moto's own, one for each type that it does not make
        for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": REGION}.items():
            environment.setenv(f"AWS_{name}", value)
        for name in ("PROFILE", "ENDPOINT_URL", "ENDPOINT_URL_S3"):
            environment.delenv(f"AWS_{name}", raising=False)
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(
            StackName="stedi",
            TemplateBody=PATH.read_text(),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in GIVEN.items()],
        )
        made = cloudformation.describe_stacks(StackName="stedi")["Stacks"][0]
        assert made["StackStatus"] == "CREATE_COMPLETE"
        yield {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def test_cloudformation_takes_it_without_a_bucket() -> None:
    assert len(PATH.read_bytes()) <= 51_200


def test_what_is_made_and_what_is_not(stack: dict[str, str]) -> None:
    listed = boto3.client("cloudformation").list_stack_resources(StackName="stedi")["StackResourceSummaries"]
    assert Counter(resource["ResourceType"] for resource in listed if resource.get("ResourceType")) == MADE
    assert Counter(resource["Type"] for resource in load()["Resources"].values()) == {**MADE, **NOT_MADE}


def test_the_outputs_are_the_settings_and_the_roles(stack: dict[str, str]) -> None:
    roles = {f"{name}Arn" for name in of_type(load(), "AWS::IAM::Role")}
    named = {"Bucket", "Prefix", "Region", "KeyArn", "Workgroup", "TrainingWorkgroup"}
    assert set(load()["Outputs"]) == named | roles
    assert {k: stack[k] for k in ("Bucket", "Prefix", "Region")} == {
        "Bucket": GIVEN["BucketName"],
        "Prefix": "stedi",
        "Region": REGION,
    }


def test_the_key_changes_by_itself_and_has_its_alias(stack: dict[str, str]) -> None:
    kms = boto3.client("kms")
    aliases = {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]}
    assert stack["KeyArn"].endswith(f"/{aliases['alias/stedi']}")
    assert kms.get_key_rotation_status(KeyId=stack["KeyArn"])["KeyRotationEnabled"]


def test_an_object_of_the_bucket_is_encrypted_with_the_key(stack: dict[str, str]) -> None:
    s3 = boto3.client("s3")
    rule = s3.get_bucket_encryption(Bucket=stack["Bucket"])["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": stack["KeyArn"],
    }
    s3.put_object(Bucket=stack["Bucket"], Key="stedi/landing/customer/a.json", Body=b"{}")
    head = s3.head_object(Bucket=stack["Bucket"], Key="stedi/landing/customer/a.json")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", stack["KeyArn"])


def test_what_moto_leaves_out_of_the_bucket(stack: dict[str, str]) -> None:
    s3 = boto3.client("s3")
    assert "Status" not in s3.get_bucket_versioning(Bucket=stack["Bucket"])
    for ask in BUCKET_WITHOUT:
        with pytest.raises(ClientError):
            getattr(s3, ask)(Bucket=stack["Bucket"])


def test_the_roles_have_the_policies_of_the_template(stack: dict[str, str]) -> None:
    iam, template = boto3.client("iam"), load()
    for name, properties in of_type(template, "AWS::IAM::Role").items():
        role = stack[f"{name}Arn"].rpartition("/")[2]
        policies = [iam.get_role_policy(RoleName=role, PolicyName=p["PolicyName"]) for p in properties["Policies"]]
        made = [statement for policy in policies for statement in _statements(policy["PolicyDocument"])]
        assert [s["Sid"] for s in made] == [s.sid for s in statements(template, name)][-len(made) :]
        assert not [s["Sid"] for s in made if not _is_of_this_stack(s, stack)]
        trusted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        assert trusted in ({"Service": "glue.amazonaws.com"}, {"AWS": f"arn:aws:iam::{_account(stack)}:root"})


def test_the_shared_policies_are_made(stack: dict[str, str]) -> None:
    iam = boto3.client("iam")
    made = iam.list_policies(Scope="Local")["Policies"]
    assert sorted(policy["PolicyName"].split("-")[1] for policy in made) == ["JobPolicy", "ReadLandingTables"]
    for policy in made:
        found = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        of_policy = _statements(found["PolicyVersion"]["Document"])
        assert of_policy
        assert all(_is_of_this_stack(statement, stack) for statement in of_policy)


def _account(stack: dict[str, str]) -> str:
    return stack["KeyArn"].split(":")[4]


def _statements(document: Any) -> list[dict[str, Any]]:
    """A document's statements; moto answers with the text of a Python value where AWS answers with JSON."""
    return (ast.literal_eval(document) if isinstance(document, str) else document)["Statement"]  # type: ignore[no-any-return]


def _is_of_this_stack(statement: dict[str, Any], stack: dict[str, str]) -> bool:
    """Whether every resource is the stack's own. Of a secret, which moto does not make, the statement names none."""
    if "secretsmanager:GetSecretValue" in statement["Action"]:
        return "Resource" not in statement
    if statement["Sid"] == "NamesForTheConsole":
        return bool(statement["Resource"] == "*")
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    services = [f"arn:aws:{service}:{REGION}:{_account(stack)}:" for service in ("glue", "athena", "logs")]
    own = (f"arn:aws:s3:::{stack['Bucket']}", stack["KeyArn"], *services)
    return all(resource.startswith(own) for resource in resources)
