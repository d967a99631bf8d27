"""The tables that can be built on what is published: which of their rows go, and which come, where little changed.

Here: one function for each such table, in pure PySpark. The rows come by the table's own transform, on less: no rule
stands here a second time. Not here: when a table may be built so (`building.ground`), the files that stay
(`building.increment`), what changed (`changes`). A table without a function here is built in full: it is small.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stedi_assets.policy import Policy
from stedi_assets.transforms.changes import (
    TOUCHED,
    changed_customers,
    changed_owners,
    changed_serials,
    differing,
    only,
    serials_covered,
    without,
)
from stedi_assets.transforms.consent import customer_key


@dataclass(frozen=True)
class Versions:
    """A table's own rows as published, and what it was and is to be made from.

    transform: the table's own. before, after: the tables that it reads, as they were then and are now. came, went: the
    rows of files that only the one or the other has; rows that were merely written again are in both. hold: keeps rows
    that are read more than once.
    """

    transform: Callable[..., DataFrame]
    published: DataFrame
    before: Mapping[str, DataFrame]
    after: Mapping[str, DataFrame]
    came: Mapping[str, DataFrame]
    went: Mapping[str, DataFrame]
    policy_before: Policy
    policy: Policy
    hold: Callable[[DataFrame], DataFrame]
    pseudonym_key: Callable[[], DataFrame]


@dataclass(frozen=True)
class Increment:
    """What makes of the published rows those that a full build makes.

    touched: keys of which every published row goes. key: of a row. rows: those that come.
    """

    touched: DataFrame
    key: Column
    rows: DataFrame


class NoIncrementError(Exception):
    """It takes a full build; says why."""


def increment_of_accelerometer_trusted(versions: Versions) -> Increment:
    """By customer. New readings of others than the touched come beside what is there; repetitions do not.

    Of two spellings of a reading's address the smaller stands: who repeats a reading in a smaller one is touched.
    """
    axes = ("timestamp", "x", "y", "z")
    landed, came = versions.after["accelerometer_landing"].select("user", *axes), versions.came["accelerometer_landing"]
    trusted, published = versions.after["customer_trusted"], versions.published
    user, policy, transform = customer_key(F.col("user")), versions.policy, versions.transform
    changed = versions.hold(changed_customers(versions.before["customer_trusted"], trusted))
    new = versions.hold(transform(without(came, user, changed), trusted, policy))
    there = published.select(user.alias(TOUCHED), *axes, F.col("user").alias("published"))
    known = new.withColumn(TOUCHED, user).join(there, on=[TOUCHED, *axes], how="inner")
    known = versions.hold(known.select(TOUCHED, *axes, "user", "published"))
    respelled = known.where(F.col("user") < F.col("published")).select(TOUCHED)
    touched = versions.hold(changed.unionByName(respelled).distinct())
    unknown = new.withColumn(TOUCHED, user).join(known, on=[TOUCHED, *axes], how="left_anti")
    theirs = transform(versions.hold(only(landed, user, touched)), trusted, policy)  # it reads them more than once
    rows = without(unknown.select(*published.columns), user, touched).unionByName(theirs)
    return Increment(touched, user, rows)


def increment_of_step_trainer_trusted(versions: Versions) -> Increment:
    """By serial. New readings of others than the touched come beside what is there; repetitions do not."""
    landed, came = versions.after["step_trainer_landing"], versions.came["step_trainer_landing"]
    curated, customers = versions.after["customers_curated"], versions.after["customer_landing"]
    serial, policy, published = F.col("serialnumber"), versions.policy, versions.published
    then = serials_covered(
        versions.before["customers_curated"], versions.before["customer_landing"], versions.policy_before
    )
    touched = versions.hold(changed_serials(then, serials_covered(curated, customers, policy)))
    new = versions.transform(without(came, serial, touched), curated, customers, policy)
    unknown = new.join(published, on=published.columns, how="left_anti").select(*published.columns)
    theirs = versions.transform(only(landed, serial, touched), curated, customers, policy)
    return Increment(touched, serial, unknown.unionByName(theirs))


def increment_of_machine_learning_curated(versions: Versions) -> Increment:
    """By the moment of a reading: those of rows that came or went, and of all readings of those who changed device."""
    steps, motions = versions.after["step_trainer_trusted"], versions.after["accelerometer_trusted"]
    curated, policy, published = versions.after["customers_curated"], versions.policy, versions.published
    user, taken = customer_key(F.col("user")), F.col("sensorreadingtime")
    owners = versions.hold(changed_owners(versions.before["customers_curated"], curated))
    moments = _changed(versions, "step_trainer_trusted").select(taken.alias(TOUCHED))
    for moved in (_changed(versions, "accelerometer_trusted"), only(motions, user, owners)):
        moments = moments.unionByName(moved.select(F.col("timestamp").alias(TOUCHED)))
    touched = versions.hold(moments.distinct())
    rows = versions.transform(
        only(steps, taken, touched),
        only(motions, F.col("timestamp"), touched),
        curated,
        versions.pseudonym_key(),
        replace(policy, minimum_subjects=0),
    )
    _refuse_too_few(versions, without(published, taken, touched).unionByName(rows))
    return Increment(touched, taken, rows)


def _changed(versions: Versions, table: str) -> DataFrame:
    return differing(versions.went[table], versions.came[table])


def _refuse_too_few(versions: Versions, rows: DataFrame) -> None:
    """Whether there are enough subjects is said of the whole table, and of one that was withheld nothing is there."""
    minimum = versions.policy.minimum_subjects
    if minimum == 0:
        return
    subjects = rows.select("subject_id").distinct().count()
    if subjects < minimum or versions.published.limit(1).count() == 0:
        raise NoIncrementError("it had, or has, fewer customers than STEDI_MINIMUM_SUBJECTS asks for")


# By table. ONLY_GROWING: tables of which a row that went cannot be made up for by looking at less than all.
INCREMENTS: Mapping[str, Callable[[Versions], Increment]] = {
    "accelerometer_trusted": increment_of_accelerometer_trusted,
    "step_trainer_trusted": increment_of_step_trainer_trusted,
    "machine_learning_curated": increment_of_machine_learning_curated,
}
ONLY_GROWING = frozenset({"accelerometer_landing", "step_trainer_landing"})
