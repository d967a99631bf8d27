"""Who is to be kept out, as keyed hashes, and what of arriving data is theirs.

Here: the question whether a row or an unreadable record is an erased person's. Not here: where the hashes are kept
(`registry`), and how unreadable text is taken apart (`traces`, `fields`). No S3, no engine: this travels into workers.

An unreadable record goes if it is provably an erased person's own: by the address in it, in a step trainer's by the
serial; where it has neither, by anything that was the person's alone. A record of another customer stays, though it has
a serial, a name or an address of an erased person in it: a serial is used over and over.

Nobody's address is in here: whoever is on the list is recognised when they arrive, and cannot be read from it.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from stedi_assets.contracts import SOURCES
from stedi_assets.contracts.customer_key import customer_key_of, former_key_of
from stedi_assets.contracts.model import Contract
from stedi_assets.erasure.encodings import bytes_of, is_packed
from stedi_assets.erasure.fields import fields_of, pieces, says_nothing, text_of
from stedi_assets.erasure.traces import addresses, traces, traces_in_gzip, views
from stedi_assets.keys import keyed_hash

CUSTOMER, SERIAL, MENTION = "customer", "serial", "mention"  # the hashes' domains

_LEFT_OUT = "damaged gzip, left out here: it has records of an erased person beside those of others"


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

    def is_customer(self, email: str) -> bool:
        """Whether the address is on the list, by this rule of who is one customer or by the rule before."""
        return self._is_listed(CUSTOMER, {customer_key_of(email), former_key_of(email)}, self.customers)

    def _is_listed(self, domain: str, keys: Iterable[str], listed: Collection[str]) -> bool:
        return bool(listed) and any(keyed_hash(self.key, domain, key) in listed for key in keys)

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
        is_erased = self.is_customer if is_by_email else self.is_serial
        if not (self.customers if is_by_email else self.serials) or name not in batch.schema.names:
            return pa.repeat(pa.scalar(False), batch.num_rows)
        encoded = batch.column(name).dictionary_encode()  # millions of rows, but few people
        distinct = encoded.dictionary.to_pylist()
        is_listed = pa.array([value is not None and is_erased(value) for value in distinct], pa.bool_())
        return is_listed.take(encoded.indices).fill_null(False)

    def mentioned_in(self, raw: str) -> bool:
        """Whether the raw text of a quarantined record gives an erased person away, as far as text can be searched."""
        return not self.is_empty and any(self._gives_away(found) for found in traces(raw))

    def mentioned_in_gzip(self, packed: bytes) -> bool:
        """The same for damaged gzip itself, however long: raw text holds but the begin of it."""
        return not self.is_empty and any(self._gives_away(found) for found in traces_in_gzip(packed))

    def remaining(self, raw: str, contract: Contract) -> str | None:
        """A quarantined record without what is an erased person's own; None if nothing is left of it then.

        contract: of the landing table that the record was meant for. Unchanged if nothing in it is an erased person's.
        """
        if not self.mentioned_in(raw):
            return raw
        text = text_of(raw)
        parts = pieces(text)
        is_own = self.own_pieces(parts, contract)
        left = "".join(part for part, own in zip(parts, is_own, strict=True) if not own)
        if not any(is_own):
            return raw
        if says_nothing(left):
            return None
        return left if text is raw else _LEFT_OUT

    def erased_records(self, quarantined: pa.RecordBatch | pa.Table) -> pa.BooleanArray:
        """For each row of the quarantine whether anything in it is an erased person's own; never null."""
        return self._judged(quarantined, lambda raw, contract: self.remaining(raw, contract) != raw)

    def mentioning_records(self, quarantined: pa.RecordBatch | pa.Table) -> pa.BooleanArray:
        """For each row of the quarantine whether it mentions an erased person, whosever it is; never null."""
        return self._judged(quarantined, lambda raw, _: self.mentioned_in(raw))

    def _judged(
        self, quarantined: pa.RecordBatch | pa.Table, judge: Callable[[str, Contract], bool]
    ) -> pa.BooleanArray:
        records = quarantined.select(["source", "raw"]).to_pylist()
        return pa.array([judge(record["raw"] or "", SOURCES[record["source"]]) for record in records], pa.bool_())

    def own_pieces(self, parts: Sequence[str], contract: Contract) -> list[bool]:
        """Which pieces of a record are an erased person's own. Where a person is found in none of them, but in all
        together, they are judged as one."""
        mentioning = self._mentioning(parts)
        if not mentioning and len(parts) > 1:
            whole = "".join(parts)
            return [self.mentioned_in(whole) and self._is_own(whole, contract)] * len(parts)
        return [place in mentioning and self._is_own(part, contract) for place, part in enumerate(parts)]

    def _mentioning(self, parts: Sequence[str], first: int = 0) -> set[int]:
        """The places of those that mention anybody, by halves: of a long text few do."""
        if not self.mentioned_in("".join(parts)):
            return set()
        half = len(parts) // 2
        return self._mentioning(parts[:half], first) | self._mentioning(parts[half:], first + half) if half else {first}

    def _is_own(self, piece: str, contract: Contract) -> bool:
        """Whether a piece that mentions an erased person is that person's, as far as it tells."""
        fields = fields_of(piece)
        if contract.email_column is None and (serials := fields["serialnumber"]):
            return any(map(self.is_serial, serials))
        if contract.email_column and (named := {v for v in fields["email"] | fields["user"] if "@" in v}):
            return any(map(self.is_customer, named))
        # Packed bytes look like addresses by chance, the more the longer they are.
        if not is_packed(bytes_of(piece)) and all(self._names_others(view) for view in views(piece)):
            return False
        own = self if contract.email_column is None else replace(self, serials=frozenset())
        return own.mentioned_in(piece)

    def _names_others(self, text: str) -> bool:
        return any(not any(map(self.is_customer, spellings)) for spellings in addresses(text))

    def is_serial(self, serial: str) -> bool:
        """Whether the device is on the list."""
        return self.serial(serial) in self.serials

    def _gives_away(self, candidates: set[str]) -> bool:
        keys = {key for candidate in candidates for key in (customer_key_of(candidate), former_key_of(candidate))}
        return (
            self._is_listed(SERIAL, candidates, self.serials)
            or self._is_listed(CUSTOMER, keys, self.customers)
            or self._is_listed(MENTION, keys, self.mentions)
        )


NOBODY = Suppression(b"", frozenset(), frozenset(), frozenset())
