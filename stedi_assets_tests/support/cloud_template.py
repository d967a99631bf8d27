"""The CloudFormation template as tests read it: parsed, its references resolved, its policies asked what they allow.

Here: reading, changing one place of a copy, resolving, and a role's statements. Not here: what must hold of it.
Conditions are not evaluated: a statement allows what its actions and resources say. (`iam` evaluates them.)
"""

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode

import stedi_assets.aws

Template = dict[str, Any]

PATH = Path(stedi_assets.aws.__file__).with_name("template.yaml")
GIVEN = {"BucketName": "stedi-lakehouse", "BudgetEmail": "costs@example.org"}
ACCOUNT = "111122223333"
PLACE = f"eu-central-1:{ACCOUNT}"
OBJECTS = f"arn:aws:s3:::{GIVEN['BucketName']}/stedi"
TABLES = f"{OBJECTS}/tables/stedi.db"
SECRETS = f"arn:aws:secretsmanager:{PLACE}:secret"
CATALOG = f"arn:aws:glue:{PLACE}"
KEY = f"arn:aws:kms:{PLACE}:key/Key"
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy that allows something, resolved."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]


def load() -> Template:
    """The template, its short tags (!Sub) as the functions that they stand for (Fn::Sub)."""
    template, faults = decode(str(PATH))
    assert not faults, faults
    return json.loads(json.dumps(template))  # type: ignore[no-any-return]


def changed(template: Template, path: str, value: Any) -> Template:
    """A copy with another value at a path as Resources/Bucket/Properties; None takes away what is there."""
    altered = copy.deepcopy(template)
    *parents, last = (int(part) if part.isdecimal() else part for part in path.split("/"))
    place: Any = altered
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return altered


# A property of the template, which lists what is wrong; a place; the value there that has to be noticed.
Seeded = tuple[Callable[[Template], list[str]], str, Any]


def each_property(seeded: list[Seeded]) -> pytest.MarkDecorator:
    """A test for each of the properties: argument `check`."""
    checks = list(dict.fromkeys(check for check, _, _ in seeded))
    return pytest.mark.parametrize("check", checks, ids=lambda check: check.__name__)


def each_violation(seeded: list[Seeded]) -> pytest.MarkDecorator:
    """A test for each violation: arguments `check`, and `violated`, the template with that place changed."""
    cases = [(check, changed(load(), path, value)) for check, path, value in seeded]
    names = [f"{check.__name__}-{path}" for check, path, _ in seeded]
    return pytest.mark.parametrize(("check", "violated"), cases, ids=names)


def of_type(template: Template, kind: str) -> dict[str, Template]:
    """The properties of every resource of a type, by logical name."""
    return {name: found["Properties"] for name, found in template["Resources"].items() if found["Type"] == kind}


def resolved(template: Template, value: Any) -> Any:
    """The value with every reference and function replaced by what it stands for."""
    if isinstance(value, list):
        return [resolved(template, item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or next(iter(value)) not in _FUNCTIONS:
        return {name: resolved(template, item) for name, item in value.items()}
    function, argument = next(iter(value.items()))
    return _FUNCTIONS[function](template, argument)


def attached_documents(template: Template, role: str) -> list[dict[str, Any]]:
    """A role's own policies and those attached to it, as the template has them."""
    properties = template["Resources"][role]["Properties"]
    attached = [found["Ref"] for found in properties.get("ManagedPolicyArns", ())]
    documents = [template["Resources"][name]["Properties"]["PolicyDocument"] for name in attached]
    return documents + [policy["PolicyDocument"] for policy in properties["Policies"]]


def statements(template: Template, role: str) -> list[Statement]:
    """What a role is allowed, by its own policies and by those attached to it. None of them denies anything."""
    found = [resolved(template, s) for document in attached_documents(template, role) for s in document["Statement"]]
    assert all(statement["Effect"] == "Allow" for statement in found)
    return [Statement(s["Sid"], tuple(_many(s["Action"])), tuple(_many(s["Resource"]))) for s in found]


def allows(template: Template, role: str, action: str, resource: str) -> bool:
    """Whether the role may do this with it."""
    return any(
        any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement.actions)
        and any(fnmatchcase(resource, pattern) for pattern in statement.resources)
        for statement in statements(template, role)
    )


def roles(template: Template) -> list[str]:
    """The logical names of all roles."""
    return list(of_type(template, "AWS::IAM::Role"))


def _many(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _ref(template: Template, name: str) -> Any:
    if name in _PSEUDO:
        return _PSEUDO[name]
    if name in template["Parameters"]:
        return GIVEN.get(name, template["Parameters"][name].get("Default"))
    properties = template["Resources"][name]["Properties"]
    if template["Resources"][name]["Type"] == "AWS::SecretsManager::Secret":
        return f"{SECRETS}:{properties['Name']}"
    return resolved(template, properties["BucketName"]) if "BucketName" in properties else name


def _get_att(template: Template, argument: Any) -> str:
    name, attribute = argument
    assert attribute == "Arn"
    kind = template["Resources"][name]["Type"]
    if kind == "AWS::S3::Bucket":
        return f"arn:aws:s3:::{_ref(template, name)}"
    return f"arn:aws:kms:{PLACE}:key/{name}" if kind == "AWS::KMS::Key" else f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _sub(template: Template, argument: Any) -> str:
    text, names = (argument, {}) if isinstance(argument, str) else argument
    known = {name: resolved(template, value) for name, value in names.items()}

    def replacement(found: re.Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        if name in known:
            return str(known[name])
        return _get_att(template, [name, attribute]) if attribute else str(_ref(template, name))

    return re.sub(r"\$\{([\w:.]+)\}", replacement, text)


def _join(template: Template, argument: Any) -> str:
    separator, items = argument
    return str(separator.join(resolved(template, items)))


def _find_in_map(template: Template, argument: Any) -> Any:
    name, first, second = argument
    return template["Mappings"][name][first][second]


_FUNCTIONS = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::FindInMap": _find_in_map,
}
