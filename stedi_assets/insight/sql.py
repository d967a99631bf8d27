"""The SQL that questions share, in DuckDB's dialect.

Only who is one customer, and where a customer stands. On purpose a third way to it, beside the rule
(`transforms.consent`) and the recounts (`contracts.consenting`): what these publish has to add up with what is told.
"""

from stedi_assets.contracts.customer_key import BLANKS, CAPITALS, SMALLS


def key(column: str) -> str:
    """A customer's key, as `contracts.customer_key` has it. DuckDB's lower() loses the dot of an \u0130."""
    return f"lower(trim(translate(replace({column}, 'İ', 'i\u0307'), '{CAPITALS}', '{SMALLS}'), '{BLANKS}'))"


def judged_records(as_of_ms: int) -> str:
    """`judged`: each customer record, whether it is its customer's newest, and whether that customer agrees."""
    return f"""
    keyed AS (
        SELECT {key("email")} AS customer, lastupdatedate, coalesce(sharewithresearchasofdate, 0) AS since
        FROM customer_landing
    ),
    newest AS (
        SELECT *, lastupdatedate = max(lastupdatedate) OVER (PARTITION BY customer) AS current FROM keyed
    ),
    judged AS (
        SELECT *,
            bool_and(NOT current OR since BETWEEN 1 AND {as_of_ms}) OVER (PARTITION BY customer) AS agrees,
            row_number() OVER (PARTITION BY customer, current ORDER BY since DESC) AS place
        FROM newest
    )
    """
