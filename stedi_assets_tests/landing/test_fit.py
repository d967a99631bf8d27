"""What fits a contract: the types' rules, keys in any case, and which misfit is named."""

from typing import Any

import pytest

from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING, STEP_TRAINER_LANDING, Contract
from stedi_assets.contracts.model import EARLIEST_EPOCH_MS, LATEST_EPOCH_MS, Column
from stedi_assets.landing.fit import Fitted, Fitter, read_columns
from stedi_assets.landing.split import records

AT = 1_655_564_444_103
TYPES = Contract(
    table="types",
    zone="landing",
    description="One column of each kind.",
    recount="SELECT 1",
    columns=(
        Column("text", "string", ""),
        Column("small", "int", ""),
        Column("large", "bigint", ""),
        Column("real", "double", ""),
        Column("flag", "boolean", "", required=False),
        Column("remark", "string", "", required=False),
        Column("count", "int", "", required=False),
        Column("moment", "bigint", "", unit="epoch_ms"),
        Column("since", "bigint", "", required=False, unit="epoch_ms"),
        Column("agreed", "bigint", "", required=False, unit="epoch_ms", open_ended=True),
    ),
)
SOUND = {"text": '"a"', "small": "1", "large": "2", "real": "0.5", "moment": f"{AT}"}


def fit(contract: Contract, text: str) -> Fitted:
    (record,) = records(text.encode("utf-8"))
    assert record.reason is None
    return Fitter(contract).fit(record.members)


def fit_one(field: str, value: str) -> Any:
    """What the field becomes, in an object that is sound otherwise: its value, or the reason why it doesn't fit."""
    members = ",".join(f'"{name}":{text}' for name, text in {**SOUND, field: value}.items())
    fitted = fit(TYPES, "{" + members + "}")
    if fitted.reason:
        assert (fitted.field, fitted.values) == (field, [])
        return fitted.reason
    return fitted.values[TYPES.column_names.index(field)]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("text", '" a "', " a "),
        ("text", '"é😀"', "é😀"),
        ("text", '"\\ud83d\\ude00"', "😀"),
        ("text", '"\\ud800"', "not_utf8"),
        ("text", "246", "246"),
        ("text", "-7" + "0" * 5000, "-7" + "0" * 5000),
        ("text", "1.0", "wrong_type"),
        ("text", "NaN", "wrong_type"),
        ("text", "true", "wrong_type"),
        ("text", "[]", "wrong_type"),
        ("text", '{"a":1}', "wrong_type"),
        ("text", "null", "missing"),
        ("text", '""', "missing"),
        ("text", '" \\t\\u00a0"', "missing"),
        ("remark", '""', ""),
        ("remark", '" "', " "),
        ("remark", "null", None),
        ("remark", '"\\udc00"', "not_utf8"),
        ("flag", "true", True),
        ("flag", "1", "wrong_type"),
        ("flag", "null", None),
        ("small", "-0", 0),
        ("small", '"246"', 246),
        ("small", '" -2.46e2\\n"', -246),
        ("small", "246.0", 246),
        ("small", "2147483647", 2147483647),
        ("small", "2147483648", "out_of_range"),
        ("small", "-2147483649", "out_of_range"),
        ("small", "1.5", "wrong_type"),
        ("small", "246.00000000000000000000000000001", "wrong_type"),
        ("small", "1e-5", "wrong_type"),
        ("small", "1e-99999999999999999999", "wrong_type"),
        ("small", "true", "wrong_type"),
        ("small", "[1]", "wrong_type"),
        ("small", '"1,5"', "wrong_type"),
        ("small", '"0x10"', "wrong_type"),
        ("small", '"1_000"', "wrong_type"),
        ("small", '"+1"', "wrong_type"),
        ("small", '"007"', "wrong_type"),
        ("small", '"٣"', "wrong_type"),
        ("small", "NaN", "not_finite"),
        ("small", '"NaN"', "not_finite"),
        ("small", "-Infinity", "not_finite"),
        ("small", "1e999", "not_finite"),
        ("small", "1" + "0" * 5000, "out_of_range"),
        ("small", '""', "missing"),
        ("count", '" "', None),
        ("count", "null", None),
        ("large", "9007199254740993", 9007199254740993),
        ("large", "9007199254740993.0", 9007199254740993),
        ("large", "9.007199254740993e15", 9007199254740993),
        ("large", "9223372036854775807", 2**63 - 1),
        ("large", "-9223372036854775808", -(2**63)),
        ("large", "-9223372036854775808.0", -(2**63)),
        ("large", "9223372036854775808", "out_of_range"),
        ("large", "9223372036854775808.0", "out_of_range"),
        ("large", "1e30", "out_of_range"),
        ("real", "1", 1.0),
        ("real", '" 1.5 "', 1.5),
        ("real", "1" + "0" * 300, 1e300),
        ("real", "1" + "0" * 5000, "not_finite"),
        ("real", "1e999", "not_finite"),
        ("real", '"-1e999"', "not_finite"),
        ("real", "NaN", "not_finite"),
        ("real", '"Infinity"', "not_finite"),
        ("real", "1e-999", 0.0),
        ("real", "false", "wrong_type"),
        ("real", '"one"', "wrong_type"),
        ("moment", f'"{AT}"', AT),
        ("moment", f"{EARLIEST_EPOCH_MS}", EARLIEST_EPOCH_MS),
        ("moment", f"{EARLIEST_EPOCH_MS - 1}", "out_of_range"),
        ("moment", f"{LATEST_EPOCH_MS - 1}", LATEST_EPOCH_MS - 1),
        ("moment", f"{LATEST_EPOCH_MS}", "out_of_range"),
        ("moment", f"{AT // 1000}", "out_of_range"),
        ("moment", f"-{AT}", "out_of_range"),
        ("moment", "0", "out_of_range"),
        ("moment", '"2022-06-18"', "wrong_type"),
        ("moment", '""', "missing"),
        ("since", "0", 0),
        ("since", '"0"', 0),
        ("since", "0.0", 0),
        ("since", '""', None),
        ("since", '" "', None),
        ("since", "null", None),
        ("since", "1", "out_of_range"),
        ("since", f"{AT // 1000}", "out_of_range"),
        ("since", f"{LATEST_EPOCH_MS}", "out_of_range"),
        ("agreed", "0", 0),
        ("agreed", f"{LATEST_EPOCH_MS}", LATEST_EPOCH_MS),
        ("agreed", f"-{AT}", -AT),
        ("agreed", f"{AT // 1000}", "out_of_range"),
        ("agreed", f"{2**63}", "out_of_range"),
    ],
)
def test_values(field: str, value: str, expected: object) -> None:
    found = fit_one(field, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("key", ["timestamp", "timeStamp", "TIMESTAMP"])
def test_keys_match_in_any_case(key: str) -> None:
    fitted = fit(ACCELEROMETER_LANDING, f'{{"USER":"a","{key}":{AT},"X":1,"y":2,"z":3}}')
    assert fitted == Fitted(["a", AT, 1.0, 2.0, 3.0], None, None, None)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (f'"timestamp":{AT},"timeStamp":{AT}', None),
        (f'"timestamp":{AT},"timestamp":{AT}.0', None),
        (f'"timestamp":{AT},"TimeStamp":"{AT}"', None),
        (f'"timestamp":{AT},"timeStamp":{AT + 1}', "conflicting"),
        (f'"timestamp":{AT},"timestamp":{AT + 1}', "conflicting"),
        (f'"timestamp":{AT},"timeStamp":null', "conflicting"),
        (f'"timestamp":null,"timeStamp":{AT}', "conflicting"),
        (f'"timestamp":{AT},"timeStamp":"x"', "conflicting"),
        ('"timestamp":[1],"timeStamp":[2]', "conflicting"),
        ('"timestamp":{"a":[1]},"timeStamp":{"a":[1]}', "wrong_type"),
        ('"timestamp":null,"timeStamp":null', "missing"),
        ('"timestamp":true,"timeStamp":1', "conflicting"),
    ],
)
def test_a_field_that_is_there_twice(members: str, expected: str | None) -> None:
    fitted = fit(ACCELEROMETER_LANDING, f'{{"user":"a",{members},"x":1,"y":2,"z":3}}')
    assert (fitted.reason, fitted.field) == (expected, expected and "timestamp")


def test_a_name_and_a_number_that_look_alike() -> None:
    for first, second, expected in (('"1"', "1", None), ('"1.0"', "1.0", "conflicting"), ("1.0", "1.0", "wrong_type")):
        fitted = fit(ACCELEROMETER_LANDING, f'{{"user":{first},"USER":{second},"timestamp":{AT},"x":1,"y":2,"z":3}}')
        assert fitted.reason == expected


def test_consent_that_is_there_twice_with_and_without_a_date_is_none_to_guess() -> None:
    for other in ("null", "0", '""'):
        consents = f'"shareWithResearchAsOfDate":{AT},"ShareWithResearchAsOfDate":{other}'
        fitted = fit(CUSTOMER_LANDING, f'{{"email":"a","lastUpdateDate":{AT},{consents}}}')
        assert fitted[2:] == ("conflicting", "sharewithresearchasofdate")


@pytest.mark.parametrize(
    ("contract", "text", "field"),
    [
        (ACCELEROMETER_LANDING, "{}", "user"),
        (CUSTOMER_LANDING, "{}", "email"),
        (STEP_TRAINER_LANDING, "{}", "sensorreadingtime"),
        (ACCELEROMETER_LANDING, '{"y":true,"user":"a"}', "timestamp"),
        (ACCELEROMETER_LANDING, f'{{"nested":{{"user":"a"}},"timestamp":{AT},"x":1,"y":2,"z":3}}', "user"),
    ],
)
def test_the_first_misfit_in_the_contracts_order_is_named(contract: Contract, text: str, field: str) -> None:
    assert fit(contract, text) == Fitted([], None, "missing", field)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ('"b":1,"a":{"x":9},"b":2', "a,b"),
        ('"source_object":"k","Source_Offset":1,"extra_fields":[]', "Source_Offset,extra_fields,source_object"),
        ('"":0', ""),
        ('"\u017fource":0,"\u212a":1', "\u017fource,\u212a"),
        ('"\\ud800":0', "\\ud800"),
        (f'"{"k" * 300}":0', "k" * 200),
    ],
)
def test_unknown_fields_are_named(members: str, expected: str) -> None:
    fitted = fit(ACCELEROMETER_LANDING, f'{{"user":"a","timestamp":{AT},"x":1,"y":2,"z":3,{members}}}')
    assert (fitted.extra_fields, fitted.reason) == (expected, None)


def test_letters_beyond_ascii_match_no_column() -> None:
    """The Kelvin sign's lower case is a k."""
    fitter = Fitter(TYPES)
    assert fitter.index_of("REMARK") == TYPES.column_names.index("remark")
    assert fitter.index_of("remar\u212a") is None


def test_provenance_is_never_read_from_json() -> None:
    names = [column.name for column in read_columns(STEP_TRAINER_LANDING)]
    assert names == ["sensorreadingtime", "serialnumber", "distancefromobject"]
