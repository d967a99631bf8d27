"""Who is to be kept out, as keyed hashes, and what of arriving data is theirs.

Here: the question whether a row or an unreadable record is an erased person's. Not here: where the hashes are kept
(`registry`), and how unreadable text is taken apart (`traces`). No S3, no engine: this travels into workers.

Nobody's address is in here: whoever is on the list is recognised when they arrive, and cannot be read from it.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pyarrow as pa

from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets.contracts.model import Contract
from stedi_assets.erasure.traces import traces, traces_in_gzip
from stedi_assets.keys import keyed_hash

CUSTOMER, SERIAL, MENTION = "customer", "serial", "mention"  # the hashes' domains


@dataclass(frozen=True)
class Suppression:
    """The erased: hashes of their addresses, of their devices, and of other text about them.

    customers: of addresses. serials: of serials exactly as they are; every reading of such a device is erased.
    mentions: of whatever else gives the person away in a record that cannot be read: name, phone, serial.
    """

    key: bytes = field(repr=False)
    customers: frozenset[str]
    serials: frozenset[str]
    mentions: frozenset[str]

    @property
    def is_empty(self) -> bool:
        return not (self.customers or self.serials or self.mentions)

    @property
    def fingerprint(self) -> str:
        """Stands for this list: another one whenever somebody comes or goes. Made of hashes alone."""
        listed = [sorted(hashes) for hashes in (self.customers, self.serials, self.mentions)]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:32]

    def customer(self, email: str) -> str:
        """The hash of a customer, the same for every way to write the address."""
        return keyed_hash(self.key, CUSTOMER, customer_key_of(email))

    def serial(self, serial: str) -> str:
        """The hash of a device."""
        return keyed_hash(self.key, SERIAL, serial)

    def mention(self, text: str) -> str:
        """The hash of any other text about a person, whatever its case."""
        return keyed_hash(self.key, MENTION, customer_key_of(text))

    def but_for_serials(self, hashes: Collection[str]) -> "Suppression":
        """Without these devices: somebody who was not erased has them, and nobody can tell whose a reading is."""
        return replace(self, serials=self.serials.difference(hashes))

    def erased_rows(self, batch: pa.RecordBatch, contract: Contract) -> pa.BooleanArray:
        """For each row whether it is an erased person's; never null.

        Where a table has an address, that alone decides: the serial in a customer's record is often another's.
        """
        is_by_email = contract.email_column is not None
        name = contract.email_column if is_by_email else contract.serial_column
        listed, hash_of = (self.customers, self.customer) if is_by_email else (self.serials, self.serial)
        if not listed or name not in batch.schema.names:
            return pa.repeat(pa.scalar(False), batch.num_rows)
        encoded = batch.column(name).dictionary_encode()  # millions of rows, but few people
        distinct = encoded.dictionary.to_pylist()
        is_listed = pa.array([value is not None and hash_of(value) in listed for value in distinct], pa.bool_())
        return is_listed.take(encoded.indices).fill_null(False)

    def mentioned_in(self, raw: str) -> bool:
        """Whether the raw text of a quarantined record gives an erased person away, as far as text can be searched."""
        return not self.is_empty and any(self._gives_away(found) for found in traces(raw))

    def mentioned_in_gzip(self, packed: bytes) -> bool:
        """The same for damaged gzip itself, however long: raw text holds but the begin of it."""
        return not self.is_empty and any(self._gives_away(found) for found in traces_in_gzip(packed))

    def _gives_away(self, candidates: set[str]) -> bool:
        keys = {customer_key_of(candidate) for candidate in candidates}
        return (
            (bool(self.serials) and any(self.serial(candidate) in self.serials for candidate in candidates))
            or (bool(self.customers) and any(self.customer(key) in self.customers for key in keys))
            or (bool(self.mentions) and any(self.mention(key) in self.mentions for key in keys))
        )


NOBODY = Suppression(b"", frozenset(), frozenset(), frozenset())
