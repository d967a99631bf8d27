"""What is checked on each landing table: that nothing was lost, and what is odd about what arrived.

Here: the statements that the three landing contracts share. They read `tally` (one row per landed object, counted by
a tokenizer of its own), `objects` (the listing of the landing zone), `quarantine` and `erased` (one row per record
that was dropped because its person was erased).
"""

from stedi_assets.contracts.model import Check


def recount_landing(source: str) -> str:
    """The records that the census found, less those in quarantine and those of the erased."""
    return f"""
    SELECT (SELECT coalesce(sum(objects), 0) FROM tally WHERE source = '{source}')
         - (SELECT count(*) FROM quarantine WHERE source = '{source}')
         - (SELECT count(*) FROM erased WHERE source = '{source}')
    """


def landing_checks(source: str) -> tuple[Check, ...]:
    """Nothing lost, by files, objects and bytes; how much is in quarantine; what came twice or was not expected."""
    quarantined_bytes = f"SELECT coalesce(sum(source_bytes), 0) FROM quarantine WHERE source = '{source}'"
    return (
        Check(
            "files_accounted",
            "Every object of the listing was read, whatever its name.",
            actual=f"SELECT count(*) FROM tally WHERE source = '{source}'",
            expected=f"SELECT count(*) FROM objects WHERE source = '{source}'",
            whole=("actual", "expected"),
        ),
        Check(
            "objects_accounted",
            "Every object that the census found in the landing zone is a row, in quarantine, or of an erased person.",
            actual=f"""
            SELECT (SELECT count(*) FROM staged) + (SELECT count(*) FROM quarantine WHERE source = '{source}')
                 + (SELECT count(*) FROM erased WHERE source = '{source}')
            """,
            expected=f"SELECT coalesce(sum(objects), 0) FROM tally WHERE source = '{source}'",
            whole=("actual", "expected"),
        ),
        Check(
            "bytes_accounted",
            "Every byte that landed belongs to a row, to a record in quarantine, or to one of an erased person.",
            actual=f"""
            SELECT coalesce(sum(t.landed_bytes - CASE WHEN t.objects = 0 THEN 0
                                             ELSE abs(t.text_bytes - coalesce(s.accounted, 0)) END), 0)
            FROM tally t LEFT JOIN (
                SELECT source_object, sum(source_bytes) AS accounted FROM (
                    SELECT source_object, source_bytes FROM staged
                    UNION ALL
                    SELECT source_object, source_bytes FROM quarantine WHERE source = '{source}'
                    UNION ALL
                    SELECT source_object, source_bytes FROM erased WHERE source = '{source}'
                ) GROUP BY source_object
            ) s ON s.source_object = t.source_object
            WHERE t.source = '{source}'
            """,
            expected=f"SELECT coalesce(sum(bytes), 0) FROM objects WHERE source = '{source}'",
        ),
        Check(
            "quarantine_share",
            "Bytes in quarantine stay within the share of the source's bytes that the setting "
            "STEDI_MAX_QUARANTINE_SHARE allows. Counted: bytes above that share.",
            actual=f"""
            SELECT greatest(0, ({quarantined_bytes}) - (
                SELECT CAST(floor(coalesce(sum(text_bytes), 0) * $max_quarantine_share) AS bigint) FROM tally
                WHERE source = '{source}'))
            """,
            example=f"""
            SELECT concat(CAST(max(source_bytes) AS string), ' bytes of reason ', max_by(reason, source_bytes))
            FROM quarantine WHERE source = '{source}'
            """,
            whole=("actual",),
        ),
        Check(
            "quarantined",
            "Nothing of this source is in quarantine. Counted: records in quarantine.",
            actual=f"SELECT count(*) FROM quarantine WHERE source = '{source}'",
            severity="WARN",
            whole=("actual",),
            example=f"""
            SELECT min(concat('a record of ', CAST(source_bytes AS string), ' bytes, reason ', reason,
                              coalesce(concat(', field ', field), '')))
            FROM quarantine WHERE source = '{source}'
            """,
        ),
        Check(
            "unreadable",
            "Every object of this source can be read. Counted: objects that the store lists and cannot return; deliver "
            "them again under their names, which landing_quarantine has.",
            actual=f"SELECT count(*) FROM quarantine WHERE source = '{source}' AND reason = 'unreadable'",
            severity="WARN",
            whole=("actual",),
            example=f"""
            SELECT concat('an object of ', CAST(max(source_bytes) AS string), ' bytes') FROM quarantine
            WHERE source = '{source}' AND reason = 'unreadable'
            """,
        ),
        Check(
            "erased",
            "Nothing that arrived is of someone who was erased (stedi forget). Counted: records that were dropped.",
            actual=f"SELECT count(*) FROM erased WHERE source = '{source}'",
            severity="WARN",
            whole=("actual",),
            example=f"""
            SELECT concat('a record of ', CAST(max(source_bytes) AS string), ' bytes') FROM erased
            WHERE source = '{source}'
            """,
        ),
        Check(
            "repeated_objects",
            "No object was delivered twice under two names. Counted: objects whose content another one has too.",
            actual=f"""
            SELECT coalesce(sum(copies - 1), 0) FROM (
                SELECT count(*) AS copies FROM objects WHERE source = '{source}' GROUP BY etag, bytes
            )
            """,
            severity="WARN",
            whole=("actual",),
            example=f"""
            SELECT min(concat(CAST(bytes AS string), ' bytes under ', CAST(copies AS string), ' names')) FROM (
                SELECT bytes, count(*) AS copies FROM objects WHERE source = '{source}' GROUP BY etag, bytes
            ) WHERE copies > 1
            """,
        ),
        Check(
            "extra_fields",
            "No object has fields that the contract does not know. Counted: rows with such fields.",
            actual="SELECT count(*) FROM staged WHERE extra_fields IS NOT NULL",
            severity="WARN",
            example="SELECT concat('a row with ', CAST(max(size(split(extra_fields, ','))) AS string), ' of them') "
            "FROM staged WHERE extra_fields IS NOT NULL",
        ),
    )
