"""Erasure, from the request to the receipt: what is taken out where, in which order.

Here: the order, and which columns lead to a person. Not here: whom it is about (`people`), how rows leave a table
(`history`) or an object (`raw_objects`), the list that keeps them out (`registry`), Dagster and the command line.

The order is such that an erasure which dies is finished by the same request: whom it is about is found in the
customers' own records, so these go last, after everything that is found by way of them. Who is on the list is kept out
from the request on, whatever comes of it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import pyarrow as pa

from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    ACCELEROMETER_TRUSTED,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_LANDING,
    STEP_TRAINER_TRUSTED,
    Contract,
)
from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets.erasure.data_files import ErasedRows
from stedi_assets.erasure.history import IsForeign, TableReceipt, erase_from_table, never
from stedi_assets.erasure.people import (
    CUSTOMER_TABLES,
    Person,
    Refusing,
    current_records,
    identify,
    refusing,
    zone_of,
)
from stedi_assets.erasure.raw_objects import rewrite_zone
from stedi_assets.erasure.receipt import Journal, LandingReceipt, Receipt
from stedi_assets.erasure.registry import WITHDRAWN, Request
from stedi_assets.erasure.serials import theirs_alone
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.keys import fingerprint, keyed_hash
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.objects import abort_uploads
from stedi_assets.lakehouse.publication import ERASURE, PSEUDONYM_KEY, RUN_ID
from stedi_assets.lakehouse.store import MANIFESTS_FOLDER
from stedi_assets.policy import MINIMUM_SUBJECTS, SERIALS
from stedi_assets.transforms.pseudonyms import DEVICE, SUBJECT

RECEIPTS = "erasures"  # folder of the home
LANDED_READINGS = (STEP_TRAINER_LANDING, ACCELEROMETER_LANDING, LANDING_QUARANTINE)
Test = Callable[[str], bool]


def forget(lakehouse: Lakehouse, request: str, run_id: str, rewrite_landing: bool) -> Receipt:
    """Carries out a request by its id, or, for `withdrawn`, erases whoever refuses from what is published.

    `rewrite_landing`: also objects of a landing zone that is not the home's own. Called again it finishes what was
    begun. Raises NoSuchRequestError, RegistryError, KeyFileError, NobodyKnownError, and what `history` raises.
    """
    lakehouse.tables.refuse_damaged()  # before anything is deleted
    journal = Journal(lakehouse.settings.home / RECEIPTS / f"{request}.json")
    erasing = _Erasing(lakehouse, {RUN_ID: run_id, ERASURE: request}, journal)
    receipt = erasing.withdrawn() if request == WITHDRAWN else erasing.person(request, rewrite_landing)
    lakehouse.held.release()
    # What dead runs kept for themselves, manifests among it, and so bounds; none is on while this one holds the lock.
    for folder in (lakehouse.staging, *lakehouse.tables.scratch()):
        lakehouse.tables.delete_folder(folder)
    # Names of objects can be somebody's: the next run reads the landing zone as a whole and notes anew what it read.
    lakehouse.tables.delete_folder(lakehouse.store.uri(MANIFESTS_FOLDER))
    abort_uploads(lakehouse.s3, lakehouse.staging)
    lakehouse.vacuum()
    if request != WITHDRAWN:
        registry = lakehouse.registry
        registry.save(replace(registry.request(request), completed_ms=_now_ms()))
    journal.close(receipt)
    return receipt


class _Erasing:
    """One erasure. `facts` are kept in the snapshots that it publishes."""

    def __init__(self, lakehouse: Lakehouse, facts: Mapping[str, str], journal: Journal) -> None:
        self._lakehouse = lakehouse
        self._facts = facts
        self._journal = journal
        self._key = lakehouse.keys.pseudonym()

    def withdrawn(self) -> Receipt:
        """Everyone who has a record that does not agree, from the trusted and curated tables and their history."""
        erased = refusing(self._lakehouse)
        seen: set[str] = set()
        order = (STEP_TRAINER_TRUSTED, ACCELEROMETER_TRUSTED, CUSTOMERS_CURATED, CUSTOMER_TRUSTED)
        tables = [self._erase(contract, self._refusing(contract, erased, seen)) for contract in order]
        # Ids made with another key can't be judged: they go as soon as anybody has to.
        foreign = self._is_foreign if seen else never
        training = MACHINE_LEARNING_CURATED
        tables += self._erase_training(self._refusing(training, erased, seen), foreign)
        return Receipt(WITHDRAWN, _now_ms(), len(seen), tuple(tables), (), 0)

    def person(self, request_id: str, rewrite_landing: bool) -> Receipt:
        """One customer, from every table and every landed object."""
        lakehouse, registry = self._lakehouse, self._lakehouse.registry
        request, listed = registry.request(request_id), registry.suppression()
        person = identify(lakehouse, listed, request.customer)
        request = _with(request, listed, person)
        registry.save(request)
        suppression = theirs_alone(registry.suppression(), current_records(lakehouse))
        tests = self._of(request, suppression, person.serials_unused)
        landed: dict[str, Test] = {
            "serialnumber": lambda serial: suppression.serial(serial) in suppression.serials,
            "raw": suppression.mentioned_in,
        }
        tables = self._erase_training(tests, self._is_foreign if person.is_known else never)
        tables += [self._erase(contract, tests) for contract in (STEP_TRAINER_TRUSTED, ACCELEROMETER_TRUSTED)]
        tables += [self._erase(contract, {**tests, **landed}) for contract in LANDED_READINGS]
        zones = self._rewrite(suppression, rewrite_landing)
        tables += [self._erase(contract, tests) for contract in CUSTOMER_TABLES]
        is_found = person.is_known or any(table.snapshots_removed for table in tables)
        return Receipt(request_id, _now_ms(), int(is_found), tuple(tables), zones, person.shared_serials)

    def _erase_training(self, tests: Mapping[str, Test], is_foreign: IsForeign) -> list[TableReceipt]:
        """From the training table; where too few subjects are left for it, all of what is published of it."""
        lakehouse, contract = self._lakehouse, MACHINE_LEARNING_CURATED
        receipt = self._erase(contract, tests, is_foreign)
        published = lakehouse.tables.find_published(contract)
        if published is None:
            return [receipt]
        subjects = lakehouse.tables.read_published(contract, published)
        left = subjects.select("subject_id").distinct().count() if "subject_id" in subjects.columns else 0
        if not receipt.rows_removed or not 0 < left < int(published.summary.get(MINIMUM_SUBJECTS, "0")):
            return [receipt]
        return [self._erase(contract, tests, lambda summary: summary.get(ERASURE) == self._facts[ERASURE])]

    def _erase(self, contract: Contract, tests: Mapping[str, Test], is_foreign: IsForeign = never) -> TableReceipt:
        lakehouse = self._lakehouse
        foreign = is_foreign if contract.subject_column else never
        return self._journal.add(
            erase_from_table(
                lakehouse.tables.catalog,
                lakehouse.s3,
                contract,
                tuple(tests),
                _rows(tests),
                self._facts,
                foreign,
            )
        )

    def _is_foreign(self, summary: Mapping[str, str]) -> bool:
        """Ids made with another key: whose they are, nobody can tell any more."""
        return summary.get(PSEUDONYM_KEY, fingerprint(self._key)) != fingerprint(self._key)

    def _of(self, request: Request, suppression: Suppression, serials: frozenset[str]) -> dict[str, Test]:
        devices = {keyed_hash(self._key, DEVICE, serial) for serial in serials}
        return {
            **dict.fromkeys(("email", "user"), lambda email: suppression.customer(email) == request.customer),
            "serialnumber": lambda serial: serial in serials,
            "subject_id": lambda subject: subject == request.subject,
            "device_id": lambda device: device in devices,
        }

    def _refusing(self, contract: Contract, erased: Refusing, seen: set[str]) -> dict[str, Test]:
        """Of `erased`; `seen` comes to hold the customers that were found. The table's policy says which serials."""
        serials = erased.ambiguous if self._is_unambiguous(contract) else erased.serials
        subjects = {keyed_hash(self._key, SUBJECT, customer): customer for customer in erased.customers}
        devices = {keyed_hash(self._key, DEVICE, serial) for serial in serials}

        def found(customer: str | None) -> bool:
            if customer in erased.customers:
                seen.add(str(customer))
            return customer in erased.customers

        return {
            **dict.fromkeys(("email", "user"), lambda email: found(customer_key_of(email))),
            "serialnumber": lambda serial: serial in serials,
            "subject_id": lambda subject: found(subjects.get(subject)),
            "device_id": lambda device: device in devices,
        }

    def _is_unambiguous(self, contract: Contract) -> bool:
        published = self._lakehouse.tables.find_published(contract)
        return published is not None and published.summary.get(SERIALS) == "unambiguous"

    def _rewrite(self, suppression: Suppression, rewrite_landing: bool) -> tuple[LandingReceipt, ...]:
        """The home's own zone always, the zone that the data came from only if it was asked for."""
        lakehouse = self._lakehouse
        own = lakehouse.own_zone
        abort_uploads(lakehouse.s3, own.uri)  # parts of objects that never came to be are kept, too
        found = zone_of(lakehouse)
        zones = [own] if found.uri == own.uri else [own, found]
        limit = lakehouse.settings.max_object_bytes
        return tuple(
            self._journal.add_zone(LandingReceipt.of(zone.uri, rewrite_zone(zone, suppression, limit)))
            if zone.uri == own.uri or rewrite_landing
            else LandingReceipt.left(zone.uri)
            for zone in zones
        )


def _rows(tests: Mapping[str, Test]) -> ErasedRows:
    """Rows with a value that fails the test of its column; in a customer's own record the address alone decides."""

    def erased(piece: pa.Table) -> pa.BooleanArray:
        names = [name for name in tests if name in piece.column_names]
        gone = pa.repeat(pa.scalar(False), piece.num_rows)
        for name in ["email"] if "email" in names else names:
            encoded = piece.column(name).combine_chunks().dictionary_encode()
            is_gone = [value is not None and tests[name](value) for value in encoded.dictionary.to_pylist()]
            gone = pa.compute.or_(gone, pa.array(is_gone, pa.bool_()).take(encoded.indices).fill_null(False))
        return gone

    return erased


def _with(request: Request, suppression: Suppression, person: Person) -> Request:
    """The request with what was found of the person; what an earlier attempt found stays."""
    return replace(
        request,
        serials=tuple(sorted({*request.serials, *map(suppression.serial, person.serials)})),
        mentions=tuple(sorted({*request.mentions, *map(suppression.mention, person.texts)})),
    )


def _now_ms() -> int:
    return int(time.time() * 1000)
