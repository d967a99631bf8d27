"""Publications to the Glue Data Catalog: told once, refused, or with an answer that is lost.

The bucket is the home's real S3; Glue is moto's, and what it cannot be brought to answer is scripted.
"""

import io
import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from pyspark.sql import SparkSession

from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.lakehouse import committing
from stedi_assets.lakehouse.catalog import bring_up_to_contract, open_catalog
from stedi_assets.lakehouse.publication import CommitUnknownError, PublicationRefusedError
from stedi_assets.lakehouse.store import Store
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.settings import Settings
from stedi_assets_tests.support.aws import in_glue, use_bucket_of
from stedi_assets_tests.support.frames import frame, values


@pytest.fixture
def tables(moto: str, store: Store, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """The tables of a lakehouse on AWS that has none yet."""
    use_bucket_of(store, moto, monkeypatch)
    return Tables(open_catalog(_store()), spark, boto3.client("s3"), retention_days=3)


def _store() -> Store:
    settings = Settings.load()
    return Store(settings.bucket, settings.region, settings.prefix, s3_url=os.environ["AWS_ENDPOINT_URL"])


def publish(tables: Tables, *emails: str) -> int:
    return tables.publish(tables.stage(customers(tables, *emails), CUSTOMER_TRUSTED), "run").snapshot_id


def customers(tables: Tables, *emails: str) -> Any:
    return frame(tables.spark, CUSTOMER_TRUSTED, *({"email": email} for email in emails))


def emails(tables: Tables) -> list[str]:
    return values(tables.read(CUSTOMER_TRUSTED), "email")


def test_a_publication_is_one_update_of_glue_for_the_version_that_was_read(tables: Tables) -> None:
    publish(tables, "a@x")
    staged = tables.stage(customers(tables, "b@x"), CUSTOMER_TRUSTED)
    assert emails(tables) == ["a@x"]
    read, updates = in_glue(CUSTOMER_TRUSTED)["VersionId"], []
    tables.catalog.glue.meta.events.register(  # type: ignore[attr-defined]
        "before-parameter-build.glue.UpdateTable", lambda params, **_: updates.append(dict(params))
    )
    tables.publish(staged, "run")
    assert emails(Tables(tables.catalog, tables.spark, tables.s3, 3)) == ["b@x"]
    assert [(update["VersionId"], update["SkipArchive"]) for update in updates] == [(read, True)]


def test_another_writers_change_is_refused(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Main moves after the publication looked at it: the commit itself has to refuse, and is not tried again."""
    publish(tables, "a@x")
    slow = tables.stage(customers(tables, "slow@x"), CUSTOMER_TRUSTED)
    where = "stedi_assets.lakehouse.tables.bring_up_to_contract"

    def move_main_meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(where, bring_up_to_contract)
        publish(Tables(open_catalog(_store()), tables.spark, tables.s3, 3), "quick@x")
        bring_up_to_contract(*arguments)

    monkeypatch.setattr(where, move_main_meanwhile)
    with pytest.raises(PublicationRefusedError, match="by someone else"):
        tables.publish(slow, "run")
    assert emails(Tables(tables.catalog, tables.spark, tables.s3, 3)) == ["quick@x"]


def test_a_change_that_glue_itself_refuses_publishes_nothing(tables: Tables) -> None:
    """Moto takes any version; Glue answers like this where another writer came between its look and its commit."""
    publish(tables, "a@x")
    staged = tables.stage(customers(tables, "b@x"), CUSTOMER_TRUSTED)
    glue = tables.catalog.glue  # type: ignore[attr-defined]
    answer = {"Error": {"Code": "ConcurrentModificationException", "Message": "stale"}}
    tries = []

    def refuse(**_: Any) -> None:
        tries.append(1)
        raise glue.exceptions.ConcurrentModificationException(answer, "UpdateTable")

    glue.update_table = refuse
    with pytest.raises(PublicationRefusedError, match="by someone else"):
        tables.publish(staged, "run")
    assert emails(Tables(open_catalog(_store()), tables.spark, tables.s3, 3)) == ["a@x"]
    assert tries == [1], "it is not tried again"


class Answers:
    """What comes of UpdateTable: Glue carries it out or not, and one of these is the answer."""

    LOST, REFUSED, FAILED = "lost", "ConcurrentModificationException", "InternalServiceException"

    def __init__(self, glue: Any, *script: tuple[bool, str]) -> None:
        self.told, self._script = 0, list(script)
        glue.meta.events.register("before-send.glue.UpdateTable", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse | None:
        self.told += 1
        if not self._script:
            return None
        is_made, answer = self._script.pop(0)
        if is_made:
            URLLib3Session().send(request)
        if answer == self.LOST:
            raise ConnectionClosedError(endpoint_url=request.url)
        status = 500 if answer == self.FAILED else 400
        body = json.dumps({"__type": answer, "Message": "scripted"}).encode()
        return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.1"}, Raw(body))


class Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ([(True, Answers.LOST), (False, Answers.REFUSED)], 1),
        ([(True, Answers.FAILED), (False, Answers.REFUSED)], 1),
        ([(True, Answers.REFUSED)], 1),
        ([(False, Answers.LOST)], 2),
        ([(False, Answers.FAILED), (True, Answers.LOST)], 2),
    ],
)
def test_a_publication_whose_answer_is_lost_is_made_once(
    tables: Tables, script: list[tuple[bool, str]], told: int
) -> None:
    publish(tables, "a@x")
    staged = tables.stage(customers(tables, "b@x"), CUSTOMER_TRUSTED)
    answers = Answers(tables.catalog.glue, *script)  # type: ignore[attr-defined]
    published = tables.publish(staged, "run")
    tables.discard_unpublished()
    assert answers.told == told
    seen = Tables(open_catalog(_store()), tables.spark, tables.s3, 3)
    assert (emails(seen), seen.published(CUSTOMER_TRUSTED).snapshot_id) == (["b@x"], published.snapshot_id)


def test_where_glue_never_answers_nothing_is_deleted(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of four updates might yet be made: the files that it names must be there then."""
    monkeypatch.setattr(committing, "FIRST_PAUSE_SECONDS", 0.0)
    publish(tables, "a@x")
    staged = tables.stage(customers(tables, "b@x"), CUSTOMER_TRUSTED)
    answers = Answers(tables.catalog.glue, *[(False, Answers.LOST)] * 4)  # type: ignore[attr-defined]
    with pytest.raises(CommitUnknownError, match="customer_trusted was changed") as unknown:
        tables.publish(staged, "run")
    assert "(ConnectionClosedError)" in str(unknown.value)
    tables.discard_unpublished()
    assert answers.told == 4
    seen = Tables(open_catalog(_store()), tables.spark, tables.s3, 3)
    assert emails(seen) == ["a@x"]
    assert set(seen.every_file(CUSTOMER_TRUSTED)) > set(staged.files)
