"""IAM's decision on one request, by the policies of the template: deny before allow, and nothing without an allow.

Here: the part of IAM's rules that the template uses, its conditions among them; anything else in a policy is an error,
never passed over. Not here: which requests must be refused (`test_template_refusals`). moto and the linters at hand
evaluate no conditions, which is why this is here.

For a caller of the account an allow in its role's policies or in the bucket's is enough, for anyone else both are
needed; a key's policy has to let the account's policies speak for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from stedi_assets_tests.support.cloud_template import ACCOUNT, Template, attached_documents, resolved

Context = Mapping[str, str]
STRANGER = "an administrator of another account"
NOBODY = "a request without a signature"
ANYBODY = "an administrator of this account"
_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Request:
    """Who asks for what. `context` is what the request says beside that, over what is true of every signed one."""

    caller: str
    action: str
    resource: str
    context: Context = field(default_factory=dict)


def is_allowed(template: Template, request: Request) -> bool:
    """IAM's decision."""
    context = {**_of_every_request(request.caller), **request.context}
    own = _of_caller(template, request.caller)
    of_resource = _of_resource(template, request.resource)
    spoken = [(s["Effect"], s in own) for s in [*own, *of_resource] if _speaks(s, request, context)]
    allows = {is_own for effect, is_own in spoken if effect == "Allow"}
    if any(effect == "Deny" for effect, _ in spoken):
        return False
    if request.caller == STRANGER or ":kms:" in request.resource:
        return allows == {True, False}
    return bool(allows)


def _of_every_request(caller: str) -> dict[str, str]:
    said = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
    if caller == NOBODY:
        return said
    account = "999988887777" if caller == STRANGER else ACCOUNT
    return {**said, "aws:PrincipalAccount": account, "aws:PrincipalIsAWSService": "false"}


def _of_caller(template: Template, caller: str) -> list[dict[str, Any]]:
    if caller == NOBODY:
        return []
    if caller in (STRANGER, ANYBODY):
        return [_ALL]
    return [resolved(template, s) for document in attached_documents(template, caller) for s in document["Statement"]]


def _of_resource(template: Template, resource: str) -> list[dict[str, Any]]:
    """The policy of the bucket for what is in it, of the key for the key; other resources have none."""
    found = template["Resources"]
    if resource.startswith("arn:aws:s3:::"):
        document = found["BucketPolicy"]["Properties"]["PolicyDocument"]
        bucket = resolved(template, found["BucketPolicy"]["Properties"]["Bucket"])
        is_its = resource.removeprefix("arn:aws:s3:::").partition("/")[0] == bucket
        return list(resolved(template, document["Statement"])) if is_its else []
    return list(resolved(template, found["Key"]["Properties"]["KeyPolicy"]["Statement"])) if ":kms:" in resource else []


def _speaks(statement: dict[str, Any], request: Request, context: Context) -> bool:
    """Whether the statement is about this request."""
    unknown = set(statement) - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
    assert not unknown, f"what no rule here knows: {unknown}"
    return (
        _is_meant(statement.get("Principal"), request.caller)
        and any(fnmatchcase(request.action.lower(), pattern.lower()) for pattern in _many(statement["Action"]))
        and any(fnmatchcase(request.resource, _literal(pattern)) for pattern in _many(statement["Resource"]))
        and all(
            _OPERATORS[operator](context.get(key), _many(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _is_meant(principal: Any, caller: str) -> bool:
    """A role's own policy names none. This account's root stands for whoever of the account its policies let."""
    if principal is None or principal == "*":
        return True
    named = _many(principal["AWS"])
    assert all(name == f"arn:aws:iam::{ACCOUNT}:root" for name in named), named
    return caller not in (STRANGER, NOBODY)


def _literal(pattern: str) -> str:
    """IAM knows * and ? alone."""
    return pattern.replace("[", "[[]")


def _many(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _like(found: str, values: list[str]) -> bool:
    return any(fnmatchcase(found, _literal(value)) for value in values)


# What is said of a key, None where the request has none. Only negated operators, and IfExists, are true of nothing.
_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "Bool": lambda found, values: found is not None and found in values,
    "BoolIfExists": lambda found, values: found is None or found in values,
    "StringEquals": lambda found, values: found is not None and found in values,
    "StringNotEquals": lambda found, values: found is None or found not in values,
    "StringLike": lambda found, values: found is not None and _like(found, values),
    "StringLikeIfExists": lambda found, values: found is None or _like(found, values),
    "NumericLessThan": lambda found, values: found is not None and any(float(found) < float(v) for v in values),
    "Null": lambda found, values: str(found is None).lower() in values,
}
