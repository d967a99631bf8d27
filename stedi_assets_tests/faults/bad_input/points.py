"""The list of bad input, point by point: what must happen, and which tests prove it beside the cases of this folder.

Here: the one place to look a point up. Not here: its cases (`texts`, `fields`, `people`), which name their point.
"""

from typing import NamedTuple


class Point(NamedTuple):
    """What must happen; `proofs`: test functions, as module:function below stedi_assets_tests."""

    demand: str
    proofs: tuple[str, ...] = ()


POINTS = {
    1: Point(
        "Objects come out as they went in, whatever stands between them and in their strings.",
        ("landing.test_split:test_objects_come_out_as_they_went_in", "landing.test_split:test_grammar"),
    ),
    2: Point(
        "Of a file that is cut the whole objects are kept; the rest is in quarantine with file, offset and reason, and "
        "a warning; above the configured share an error, main untouched.",
        (
            "assets.test_gating:test_damage_beyond_the_share_publishes_nothing",
            "landing.test_split:test_a_cut_in_the_last_object_keeps_the_others",
            "faults.bad_input.test_refused:test_what_is_refused_leaves_every_table_as_it_was",
        ),
    ),
    3: Point(
        "Byte order marks, blank lines and empty files: all rows, the file counted. A source without a file: an error, "
        "the old table stays.",
        (
            "faults.bad_input.test_files:test_the_assets_warn_of_what_arrived",
            "assets.test_assets:test_a_source_without_objects_is_an_error_and_changes_nothing",
        ),
    ),
    4: Point("However a key is spelled it is one column; twice with different values is quarantine."),
    5: Point(
        "What is no object, or lacks a key field, is in quarantine; unknown fields are reported.",
        ("faults.bad_input.test_files:test_the_assets_warn_of_what_arrived",),
    ),
    6: Point(
        "Numbers as text are read; what is not finite, no date of this business or no number is in quarantine.",
        ("landing.test_fit:test_values",),
    ),
    7: Point(
        "Bytes that are not UTF-8 are readable in quarantine. Gzip is read whole or not at all, whatever its name.",
        (
            "landing.test_parse:test_damaged_gzip_is_one_record_and_never_read_in_part",
            "faults.bad_input.test_refused:test_what_is_refused_leaves_every_table_as_it_was",
        ),
    ),
    8: Point(
        "A file that came under two names lands twice, with a warning, and is doubled nowhere downstream.",
        (
            "assets.test_assets:test_the_same_file_twice_lands_twice_and_counts_once",
            "faults.bad_input.test_files:test_what_came_twice_lands_twice",
        ),
    ),
    9: Point(
        "Files shuffled, renamed or joined give the same table.",
        ("assets.test_assets:test_the_same_objects_in_any_files_and_order_give_the_same_tables",),
    ),
    10: Point(
        "The newest record governs; of a tie every one has to agree; null, zero, absent, to come is none.",
        ("transforms.test_transforms:test_newest_record_alone_governs",),
    ),
    11: Point(
        "Who withdraws in a later delivery is in no table after one run, also when a table becomes empty.",
        ("assets.test_assets:test_who_withdraws_is_gone_after_one_run_even_if_tables_become_empty",),
    ),
    12: Point(
        "Thirty serials of a thousand customers multiply nothing.",
        (
            "pipeline.test_policies:test_thirty_serials_of_thousands_multiply_nothing",
            "faults.bad_input.test_files:test_nobody_else_is_in_them_and_shared_serials_multiply_nothing",
        ),
    ),
    13: Point(
        "Null matches nothing; addresses that differ in case or outer blanks are one customer.",
        ("faults.bad_input.test_files:test_nobody_else_is_in_them_and_shared_serials_multiply_nothing",),
    ),
}
