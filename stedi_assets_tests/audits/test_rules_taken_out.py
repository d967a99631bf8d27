"""Each rule is taken out of one asset, and that asset is not published: a check says so.

Here: the people that every rule is asked for, and the runs. A rule is cut from a copy of its module, and the one asset
is built with the copy; upstream tables, all other assets and the checks stay the real ones. A cut that finds nothing
fails: whoever rewrites a rule cuts it anew. Not here: which rules, and who must notice (`cuts`); that each check can
fail (`test_audits`); what the rules say in detail (`test_transforms`).
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetCheckSeverity, AssetsDefinition, ExecuteInProcessResult
from pyspark.sql import SparkSession

from stedi_assets import definitions
from stedi_assets.assets.metadata import key_of
from stedi_assets.assets.table_asset import table_asset
from stedi_assets.assets.tables import tables
from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets_tests.support.cuts import CUTS, Cut
from stedi_assets_tests.support.lake import (
    AGREED,
    TAKEN,
    Lake,
    bring,
    checks,
    customer,
    lines,
    materialized,
    motion,
    step,
)

FAR_FUTURE = 4_000_000_000_000
NEVER = None
CUSTOMERS = [
    customer("Ann@x.org", "shared"),
    *(customer("dan@x.org", serial, agreed=AGREED + n) for serial, n in (("dan's", 0), ("shared", 10))),
    customer("ben@x.org", "ben's"),
    customer("eve@x.org", "others"),
    customer("never@x.org", "others", agreed=NEVER),
    customer("rests@x.org", "rests'"),
    customer("zero@x.org", "zero's", agreed=0),
    customer("future@x.org", "future's", agreed=FAR_FUTURE),
    # Two withdrew and one came back: were the oldest record to govern, the count would not be right by chance.
    *(customer(f"{n}withdrew@x.org", "old", updated=AGREED) for n in (1, 2)),
    *(customer(f"{n}withdrew@x.org", "old", agreed=NEVER, updated=AGREED + 1) for n in (1, 2)),
    customer("returned@x.org", "returned's", agreed=NEVER, updated=AGREED),
    customer("returned@x.org", "returned's", updated=AGREED + 1),
    customer("half@x.org", "half's"),
    customer("half@x.org", "half's", agreed=NEVER),
    customer("twice@x.org", "twice's"),
    customer("twice@x.org", "twice's"),
    customer("CASE@x.org", "case's"),
    customer("case@x.org", "case's", agreed=NEVER, updated=AGREED + 1),
    customer("blank@x.org", "blank's"),
    customer("blank@x.org\t", "blank's", agreed=NEVER, updated=AGREED + 1),
]
MOTIONS = [
    *(motion(user) for user in ("ann@x.org", "ann@x.org", " ANN@x.org", "dan@x.org", "never@x.org", "1withdrew@x.org")),
    motion("ben@x.org", TAKEN + 5),
    motion("ben@x.org", AGREED - 1),
    motion("dan@x.org", AGREED + 5),
    motion(" EVE@x.org\t", TAKEN + 9),
    motion("returned@x.org"),
    motion("returned@x.org", TAKEN + 1),
    motion("unknown@x.org"),
]
STEPS = [
    *(step(serial) for serial in ("shared", "shared", "never's", "rests'", "zero's", "nobody's")),
    step("shared", AGREED + 5),
    step("shared", AGREED - 1),
    step("ben's", TAKEN + 5),
    step("ben's", AGREED - 1),
    step("others", TAKEN + 9),
]
# Each in an object of its own.
OBJECTS = {
    "more": customer("more@x.org", "more's"),
    "forgotten": customer("forgotten@x.org", "forgotten's"),
    "misfit": {**customer("misfit@x.org", "misfit's"), "lastUpdateDate": "yesterday"},
    "forgotten-misfit": {**customer("forgotten@x.org", "forgotten's"), "lastUpdateDate": "yesterday"},
}
FEW, SHARE = {"STEDI_MINIMUM_SUBJECTS": "99"}, {"STEDI_MAX_QUARANTINE_SHARE": "0.5"}
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {  # what the run is given, and the environment
    "published": ({}, SHARE),
    "at-reading": ({"consent": "at-reading"}, SHARE),
    "strict": ({"consent": "at-reading", "serials": "unambiguous"}, SHARE),
    "unambiguous, few": ({"serials": "unambiguous"}, {**SHARE, **FEW}),
}
LANDING = [contract for contract in CONTRACTS if contract.zone == "landing"]


@dataclass
class Worlds:
    """One lakehouse in which the whole graph was run with every rule in place; cuts leave it as it was.

    A setting is built when it is first asked for, and takes the place of the one before. No parametrized fixture:
    pytest would build it again for every cut.
    """

    folder: Path
    lake: Lake = field(default_factory=Lake)
    patch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)
    current: str = ""
    first: dict[str, ExecuteInProcessResult] = field(default_factory=dict)

    def enter(self, setting: str) -> None:
        if setting == self.current:
            return
        self.leave()
        for name, value in SETTINGS[setting][1].items():
            self.patch.setenv(name, value)
        self.lake.request("forgotten@x.org")
        bring(self.lake, self.folder, CUSTOMERS, MOTIONS, STEPS)
        for name, record in OBJECTS.items():
            (self.folder / "customer" / f"{name}.json").write_text(lines([record]))
        self.lake.zone.mirror(self.folder)
        self.first[setting] = self.lake.run(full=True, **SETTINGS[setting][0])
        self.current = setting

    def leave(self) -> None:
        self.patch.undo()
        self.lake.drop_tables()

    def run(self, contract: Contract) -> ExecuteInProcessResult:
        """Builds this table alone; the landing tables are built together."""
        return self.lake.run(
            select=LANDING if contract in LANDING else [contract], full=True, **SETTINGS[self.current][0]
        )

    def snapshots(self) -> dict[str, int | None]:
        return {contract.table: self.lake.snapshot(contract) for contract in CONTRACTS}


@pytest.fixture(scope="module")
def worlds(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    worlds = Worlds(tmp_path_factory.mktemp("landing"))
    yield worlds
    worlds.leave()


@pytest.mark.parametrize("cut", sorted(CUTS, key=attrgetter("setting")), ids=str)
def test_without_a_rule_its_table_is_not_published(worlds: Worlds, cut: Cut, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_without(worlds, cut, monkeypatch)


def refuse_without(worlds: Worlds, cut: Cut, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails by the checks that are named, and nothing is published."""
    worlds.enter(cut.setting)
    before = worlds.snapshots()
    if cut.is_everywhere:
        take_out_everywhere(cut, monkeypatch)
    else:
        monkeypatch.setattr(
            definitions, "tables", [table_without(cut) if is_of(cut, table) else table for table in tables]
        )
    result = worlds.run(cut.contract)
    if result.success:
        worlds.current = ""  # what was published now would spoil the cuts that follow
    assert blocking(result) >= {(cut.contract.table, check) for check in cut.caught_by}
    assert not result.success
    assert materialized(result) == set()
    assert worlds.snapshots() == before, "readers keep what they had"


@pytest.mark.parametrize("setting", SETTINGS)
def test_with_every_rule_in_place_all_is_published(worlds: Worlds, setting: str) -> None:
    if setting not in worlds.first:
        worlds.enter(setting)
    result = worlds.first[setting]
    assert result.success
    assert blocking(result) == set()
    assert materialized(result) == {contract.table for contract in CONTRACTS}


def blocking(result: ExecuteInProcessResult) -> set[tuple[str, str]]:
    return {
        name
        for name, found in checks(result).items()
        if not found.passed and found.severity == AssetCheckSeverity.ERROR
    }


def is_of(cut: Cut, table: AssetsDefinition) -> bool:
    return table.key == key_of(cut.contract)


def table_without(cut: Cut) -> AssetsDefinition:
    """The cut's table, with a transform of its own that goes without the rule."""
    own = copy_of(cut.contract.table, {} if cut.module else cut.code)
    if cut.module:
        cut_module = copy_of(cut.module, cut.code)
        own.update({name: cut_module[name] for name in defined(own) & defined(cut_module)})
    return table_asset(cut.contract, own[cut.contract.table])


def take_out_everywhere(cut: Cut, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the module that has the rule, and from all transforms that ask it."""
    made = copy_of(cut.module, cut.code)
    for name in (cut.module, *(contract.table for contract in CONTRACTS if contract not in LANDING)):
        module = import_module(f"stedi_assets.transforms.{name}")
        for shared in defined(made) & defined(vars(module)):
            monkeypatch.setattr(module, shared, made[shared])


def defined(names: Mapping[str, Any]) -> set[str]:
    return {name for name in names if not name.startswith("__")}


def copy_of(module: str, code: Mapping[str, str]) -> dict[str, Any]:
    """What a module of transforms defines, made anew with other code in places."""
    found = import_module(f"stedi_assets.transforms.{module}")
    source = inspect.getsource(found)
    for there, instead in code.items():
        assert source.count(there) == 1, f"{module} has {there!r} {source.count(there)} times: cut the rule anew"
        source = source.replace(there, instead)
    made: dict[str, Any] = {"__name__": found.__name__}
    exec(compile(source, f"{module} without a rule", "exec"), made)
    return made
