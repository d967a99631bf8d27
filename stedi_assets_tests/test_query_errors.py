"""What `stedi query` says of an error never has a value of the data in it; what is wrong with the SQL it does say."""

import pytest

from stedi_assets.cli.errors import UsageError
from stedi_assets.cli.query import answer

# An address that does not stand in the text of the query.
PEOPLE = "FROM (SELECT 'ann' || '@' || 'x' || range || '.org' AS email FROM range(3))"
ADDRESS = "ann@x"


def error_of(sql: str) -> str:
    with pytest.raises(UsageError) as caught:
        answer(sql, "table")
    return str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "strptime(email, '%Y')",
        "error(email)",
        "json_extract(email, '$.a')",
        "json_array_length(email)",
        "regexp_matches('a', '(' || email)",
        "date_trunc(email, TIMESTAMP '2020-01-01')",
        "from_base64(email)",
        "email::INTEGER",
        "email::JSON",
        "email::UUID",
    ],
)
def test_of_an_error_about_a_value_the_kind_alone_is_told(expression: str) -> None:
    said = error_of(f"SELECT {expression} {PEOPLE}")
    assert ADDRESS not in said
    assert "error; its words are left out, as they quote data" in said


@pytest.mark.parametrize(
    "expression",
    [
        "SELECT strftime(DATE '2020-01-01', '%!' || getvariable('e'))",
        "SELECT struct_extract({'a': 1}, getvariable('e'))",
        "SELECT list_aggregate([1], getvariable('e'))",
        "FROM query_table(getvariable('e'))",
    ],
)
def test_nor_does_a_later_statement_quote_what_an_earlier_one_has_read(expression: str) -> None:
    said = error_of(f"SET VARIABLE e = (SELECT email {PEOPLE} LIMIT 1); {expression}")
    assert ADDRESS not in said
    assert "error; its words are left out, as they quote data" in said


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT emial FROM (SELECT 1 AS email)", 'Referenced column "emial" not found'),
        ("FROM customer_trusty", "Table with name customer_trusty does not exist"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT 1; SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT no_such_function(1)", "Scalar Function with name no_such_function does not exist"),
        ("FROM '/etc/passwd.csv'", "file system operations are disabled"),
    ],
)
def test_of_an_error_about_the_sql_the_words_are_told(sql: str, said: str) -> None:
    assert said in error_of(sql)
