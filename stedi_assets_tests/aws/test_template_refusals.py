"""Requests that the template must refuse, and those beside them that it must allow, each decided as IAM decides.

An administrator of the account can undo everything: no policy of the template keeps them out.
"""

from collections.abc import Callable

import pytest

from stedi_assets_tests.aws.test_template import PROTECTION
from stedi_assets_tests.aws.test_template_roles import SHARED, WRITES, first_of
from stedi_assets_tests.support.cloud_requests import BUCKET, RAW, TABLE, undoing
from stedi_assets_tests.support.cloud_template import (
    Seeded,
    Template,
    each_property,
    each_violation,
    load,
    of_type,
    resolved,
    roles,
)
from stedi_assets_tests.support.iam import NOBODY, STRANGER, Request, is_allowed

TEMPLATE = load()


def decided_as_in_the_table(template: Template) -> list[str]:
    """Each row of the table."""
    return [
        f"{who} {action} {resource} {dict(context)}"
        for who, action, resource, context, is_wanted in TABLE
        if is_allowed(template, Request(who, action, resource, context)) != is_wanted
    ]


def nothing_undone_by_a_role(template: Template) -> list[str]:
    """No role reads or brings back what was deleted, switches a protection off, or becomes another."""
    requests = [Request(role, action, of) for role in roles(template) for action, of in undoing()]
    return [f"{request.caller} {request.action}" for request in requests if is_allowed(template, request)]


def refused_even_if_let_in(template: Template) -> list[str]:
    """Somebody adds to the bucket's policy that all may read: those outside of the account still may not."""
    policy = template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]
    opened = {"Sid": "Opened", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    document = {**policy, "Statement": [*policy["Statement"], opened]}
    properties = {**template["Resources"]["BucketPolicy"]["Properties"], "PolicyDocument": document}
    resources = {**template["Resources"], "BucketPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}
    altered = {**template, "Resources": resources}
    found = [who for who in (STRANGER, NOBODY) if is_allowed(altered, Request(who, "s3:GetObject", RAW))]
    # AWS's own services are of no account, and are not meant.
    service = Request(NOBODY, "s3:GetObject", RAW, {"aws:PrincipalIsAWSService": "true"})
    return found if is_allowed(altered, service) else [*found, "a service of AWS"]


def taken_on_by_whom(template: Template) -> list[str]:
    """A job's role by Glue alone, a person's by this account alone."""
    found = []
    for role, properties in of_type(template, "AWS::IAM::Role").items():
        (statement,) = resolved(template, properties["AssumeRolePolicyDocument"]["Statement"])
        wanted = {"Service": "glue.amazonaws.com"} if role in WRITES else {"AWS": "arn:aws:iam::111122223333:root"}
        is_right = statement == {"Effect": "Allow", "Principal": wanted, "Action": "sts:AssumeRole"}
        found += [] if is_right else [role]
    return found


def added(action: str, resource: object = "*") -> dict[str, object]:
    """A statement that somebody added."""
    return {"Sid": "Added", "Effect": "Allow", "Action": [action], "Resource": resource}


SEEDED: list[Seeded] = [
    *((decided_as_in_the_table, f"{PROTECTION}/{place}", None) for place in range(6)),
    (decided_as_in_the_table, f"{SHARED}/5/Condition", None),
    (decided_as_in_the_table, "Resources/Key/Properties/KeyPolicy/Statement/0/Effect", "Deny"),
    (decided_as_in_the_table, first_of("AuditorRole"), added("s3:ListBucket")),
    (decided_as_in_the_table, first_of("DataScientistRole"), added("athena:StartQueryExecution")),
    (nothing_undone_by_a_role, first_of("AuditorRole"), added("s3:GetObject*")),
    (nothing_undone_by_a_role, first_of("OperatorRole"), added("s3:*")),
    (nothing_undone_by_a_role, first_of("OrchestratorRole"), added("iam:PassRole")),
    (nothing_undone_by_a_role, f"{SHARED}/0", added("secretsmanager:*")),
    (refused_even_if_let_in, f"{PROTECTION}/6", None),
    (refused_even_if_let_in, f"{PROTECTION}/6/Condition/BoolIfExists", None),
    (taken_on_by_whom, "Resources/OperatorRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal", "*"),
]


@each_property(SEEDED)
def test_holds_of_the_template(check: Callable[[Template], list[str]]) -> None:
    assert check(TEMPLATE) == []


@each_violation(SEEDED)
def test_a_violation_is_noticed(check: Callable[[Template], list[str]], violated: Template) -> None:
    assert check(violated)


def test_a_condition_that_no_rule_knows_is_no_answer() -> None:
    unknown = {**added("s3:GetObject"), "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    template = load()
    template["Resources"]["AuditorRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0] = unknown
    with pytest.raises(KeyError, match="IpAddress"):
        is_allowed(template, Request("AuditorRole", "s3:GetObject", RAW))
