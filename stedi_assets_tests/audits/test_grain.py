"""The grain is asked of the keys' hashes first: what these cannot tell is asked of the keys themselves."""

from copy import deepcopy

from pyspark.sql import SparkSession

from stedi_assets_tests.support.worlds import SOUND, add_row, alter, device, subject, verdicts_of


def test_the_two_zeros_are_one_value(spark: SparkSession) -> None:
    world = deepcopy(SOUND)
    alter("accelerometer_trusted", 0, x=0.0)(world)
    add_row("accelerometer_trusted", x=-0.0)(world)
    verdict = verdicts_of(spark, "accelerometer_trusted", world)["grain"]
    assert (verdict.blocks, verdict.actual) == (True, 1)


def test_rows_that_share_the_hash_of_their_keys_alone_share_nothing(spark: SparkSession) -> None:
    """A hash passes over nulls: which of the columns is the null, it does not tell."""
    world = deepcopy(SOUND)
    alter("machine_learning_curated", 0, subject_id=subject("a@x"), device_id=None)(world)
    add_row("machine_learning_curated", subject_id=None, device_id=subject("a@x"))(world)
    assert verdicts_of(spark, "machine_learning_curated", world)["grain"].passed


def test_one_row_too_many_is_counted_beside_a_shared_hash(spark: SparkSession) -> None:
    world = deepcopy(SOUND)
    alter("machine_learning_curated", 0, subject_id=device("s1"), device_id=None)(world)
    add_row("machine_learning_curated", subject_id=None, device_id=device("s1"))(world)
    world["staged"].append(dict(world["staged"][0]))
    verdict = verdicts_of(spark, "machine_learning_curated", world)["grain"]
    assert (verdict.blocks, verdict.actual) == (True, 1)
