"""`stedi forget`: takes an address, makes a request of it, runs the job, prints the receipt.

Here: the one place where an address is taken in. From here on only the request's id and keyed hashes go on: not the
address, which is neither kept nor printed. Not here: erasure itself (`erasure`).
"""

import codecs
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.errors import UsageError, refuse_without_folder
from stedi_assets.cli.job import execute
from stedi_assets.cli.terminal import in_colour, print_line, print_table
from stedi_assets.contracts.customer_key import BLANKS, customer_key_of
from stedi_assets.keys import keyed_hash, keys_of
from stedi_assets.lakehouse.connection import start
from stedi_assets.lakehouse.engines import refuse_missing
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.lakehouse.store import Store
from stedi_assets.settings import GLUE, Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

_NO_ADDRESS = "what was given is no email address; one is expected, as in the customer's records"
_NOT_FOUND = (
    "nothing of a customer with this address was found: compare it with the customer's records. It is on the list of "
    "erasures: what arrives with it is dropped"
)
_MOST_INPUT_BYTES = 64 * 1024
_NOT_FINISHED = "the erasure is not finished; give the same command again to go on with it"


def forget_customers(email: str | None, landing: str | None, rewrite_landing: bool, json_file: Path | None) -> int:
    """Erases one customer, or, without an address, everyone who withdrew: 0 when done, 1 when it failed or when nothing
    of the customer was ever found."""
    settings = Settings.load()
    if email is not None and not _is_address(email):
        raise UsageError(_NO_ADDRESS)
    if settings.engine == GLUE:
        from stedi_assets.ops import NOT_BY_GLUE

        raise UsageError(NOT_BY_GLUE)
    refuse_missing(settings)
    keys_of(settings).pseudonym()  # a key that is no use is refused before anything is changed
    refuse_without_folder(json_file)
    starting = start(settings)  # the services come up while Python imports
    from stedi_assets.cli.dagster_home import dagster_instance
    from stedi_assets.cli.progress import Progress
    from stedi_assets.erasure.registry import WITHDRAWN

    with Progress() as progress:
        progress.say("starting")
        import stedi_assets.definitions  # noqa: F401

        store = starting.wait()
        with home_lock(settings, progress.say), dagster_instance(settings.home) as instance:
            request = WITHDRAWN if email is None else _request(settings, store, email)
            receipt, failure = _execute(instance, request, landing or "", rewrite_landing)
    if receipt is None:
        print_line(f"{in_colour('FAILED', 'red')}  {failure}")
        print_line(_NOT_FINISHED)
        return 1
    if json_file is not None:
        json_file.write_text(json.dumps(receipt, indent=2) + "\n")
    _print(receipt)
    if email is None or receipt["customers"] or _was_found(settings, request):
        return 0
    print_line(f"{in_colour('WARN', 'yellow')}  {_NOT_FOUND}")
    return 1


def address_on_input() -> str:
    """Return the one address on standard input, without line ends and a byte order mark. Raises UsageError."""
    if sys.stdin is None:
        raise UsageError(_NO_ADDRESS)
    stream = sys.stdin.buffer
    content = stream.readline() if sys.stdin.isatty() else stream.read(_MOST_INPUT_BYTES)
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        lines = [line for line in content.decode("utf-16" if is_utf16 else "utf-8").splitlines() if line.strip(BLANKS)]
    except UnicodeDecodeError:
        raise UsageError(_NO_ADDRESS) from None
    if len(lines) > 1:
        raise UsageError(f"standard input has {len(lines):,} lines; one address is expected")
    return lines[0] if lines else ""


def _was_found(settings: Settings, request: str) -> bool:
    """Return whether this request found anything, now or earlier: an empty receipt never replaces another."""
    from stedi_assets.erasure.receipt import RECEIPTS

    kept = settings.home / RECEIPTS / f"{request}.json"
    return kept.exists() and bool(json.loads(kept.read_text())["customers"])


def _is_address(email: str) -> bool:
    try:
        return "@" in email and bool(email.encode())
    except UnicodeEncodeError:  # bytes of the command line that are not UTF-8
        return False


def _request(settings: Settings, store: Store, email: str) -> str:
    """The id of the customer's request: from now on they are kept out."""
    from dagster_aws.s3 import S3Resource

    from stedi_assets.lakehouse.lakehouse import registry_of
    from stedi_assets.transforms.pseudonyms import SUBJECT

    subject = keyed_hash(keys_of(settings).pseudonym(), SUBJECT, customer_key_of(email))
    registry = registry_of(settings, store, S3Resource().get_client())
    request = registry.request_for(email, subject, int(time.time() * 1000))
    if request.subject != subject:  # an earlier request, from before the pseudonym key was changed
        registry.save(replace(request, subject=subject))
    return request.id


def _execute(
    instance: "DagsterInstance", request: str, landing: str, rewrite_landing: bool
) -> tuple[dict[str, Any] | None, str]:
    """The receipt, or why there is none."""
    from stedi_assets.failures import failures_of
    from stedi_assets.jobs import stedi_forget

    config = {
        "ops": {"forget": {"config": {"request": request, "rewrite_landing": rewrite_landing}}},
        "resources": {"lakehouse": {"config": {"landing": landing}}},
    }
    result = execute(instance, stedi_forget.name, config, interrupted=_NOT_FINISHED)
    if not result.success:
        return None, "; ".join(failures_of(instance.all_logs(result.run_id)))
    return result.output_for_node("forget"), ""


def _print(receipt: dict[str, Any]) -> None:
    """The receipt for people."""
    rows = [
        [
            name,
            f"{table['rows_removed']:,}",
            "" if table["rows"] is None else f"{table['rows']:,}",
            f"{len(table['snapshots_removed']):,}",
            f"{table['files_deleted']:,}",
            str(table["snapshot_id"] or "not published"),
        ]
        for name, table in receipt["tables"].items()
    ]
    columns = ["table", "rows erased", "rows left", "snapshots erased", "files deleted", "snapshot"]
    print_table(columns, rows, right=(1, 2, 3, 4))
    for zone in receipt["landing"]:
        if zone["rewritten"]:
            print_line(f"{zone['zone']}: {zone['records']:,} records taken out of {zone['objects']:,} objects")
        else:
            print_line(f"{zone['zone']}: left as it is; --rewrite-landing takes the customer out of its objects")
    if receipt["shared_serials"]:
        print_line(f"{receipt['shared_serials']:,} serials are also others': their readings stay")
    if others := receipt["mentioned_by_others"]:
        print_line(f"{others:,} records of others in landing_quarantine mention the customer: they stay")
    people = receipt["customers"]
    print_line(f"request {receipt['request']}: " + (f"{people:,} erased" if people else "nothing was found to erase"))
