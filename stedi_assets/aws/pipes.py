"""Dagster Pipes over the lakehouse's own bucket: how a Glue job and this process tell each other things.

Here: where the messages lie, and keeping what was told by a job that failed. Not here: what is told
(`glue_jobs.report`), starting jobs (`assets.by_glue`).
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dagster._core.pipes.context import PipesMessageHandler
from dagster_aws.pipes import PipesGlueClient, PipesS3ContextInjector, PipesS3MessageReader

from stedi_assets.lakehouse.objects import delete_folder
from stedi_assets.lakehouse.store import PIPES_FOLDER, Store

MESSAGE_SECONDS = 2.0


class MessageReader(PipesS3MessageReader):
    """dagster-aws's reader, below a folder of its own, that hands out what it has read whatever became of the job."""

    def __init__(self, store: Store, s3: Any) -> None:
        super().__init__(interval=MESSAGE_SECONDS, bucket=store.bucket, client=s3)
        self.folder = store.key(f"{PIPES_FOLDER}/{uuid.uuid4().hex}")
        self._handler: PipesMessageHandler | None = None

    @contextmanager
    def get_params(self) -> Iterator[dict[str, Any]]:
        with super().get_params() as params:
            yield {**params, "key_prefix": self.folder}

    @contextmanager
    def read_messages(self, handler: PipesMessageHandler) -> Iterator[Any]:
        self._handler = handler
        try:
            with super().read_messages(handler) as params:
                yield params
        finally:
            delete_folder(self.client, f"s3://{self.bucket}/{self.folder}")

    @property
    def custom_messages(self) -> Sequence[Any]:
        """What the job has told beside its log."""
        return self._handler.get_custom_messages() if self._handler else ()


def glue_service(region: str) -> Any:
    """Glue itself, as boto3 speaks to it."""
    import boto3

    return boto3.client("glue", region_name=region)


def glue_client(glue: Any, reader: MessageReader) -> PipesGlueClient:
    """dagster-aws's client, which starts a job and waits for its end; what it tells the job lies by the messages."""
    place = PipesS3ContextInjector(bucket=reader.bucket, client=reader.client, key_prefix=f"{reader.folder}/")
    return PipesGlueClient(context_injector=place, message_reader=reader, client=glue)
