"""The two keys that people are hashed with, and the hashes: where each key comes from, how it is kept.

Here: the pseudonym key (ids in the training table), the erasure key (the list of the erased), HMAC-SHA256 with them in
Python. Not here: the same hash in the engine (`transforms.pseudonyms`), the store's own keys (`lakehouse.services`).

They are two on purpose: whoever changes the pseudonym key, so that new ids cannot be linked to old ones, must not
thereby bring the erased back. A key is never logged, never an argument, never part of a query's text.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stedi_assets.settings import AWS, Settings, SettingsError

PSEUDONYM_SECRET = "STEDI_PSEUDONYM_SECRET"
PSEUDONYM_FILE = "pseudonym.key"
ERASURE_FILE = "erasure.key"
_USED_TAG = "stedi:erasures"
LEAST_BYTES = 32  # as long as the hash: a shorter key is the weakest part of HMAC-SHA256


class KeyFileError(RuntimeError):
    """A key that cannot be read or is no use: what was expected, what was found, what to do."""


class Keys(Protocol):
    """Where the keys of a lakehouse are kept."""

    @property
    def erasure_place(self) -> str:
        """Where the erasure key is, for people."""

    def pseudonym(self) -> bytes:
        """STEDI_PSEUDONYM_SECRET, or the kept key. Raises SettingsError, KeyFileError."""

    def erasure(self) -> bytes:
        """The key to the list of the erased, made at first use. Raises KeyFileError."""

    def has_erasure(self) -> bool:
        """Whether somebody was ever erased here."""


def keys_of(settings: Settings) -> Keys:
    """The keys of these settings' lakehouse: files of the home, or secrets on AWS."""
    return SecretKeys.of(settings) if settings.env == AWS else HomeKeys(settings.home)


@dataclass(frozen=True)
class HomeKeys:
    """Keys in files of the home, each made at first use."""

    home: Path

    @property
    def erasure_place(self) -> str:
        return str(self.home / ERASURE_FILE)

    def pseudonym(self) -> bytes:
        return _given_pseudonym_key(os.environ) or _find_or_make(self.home / PSEUDONYM_FILE)

    def erasure(self) -> bytes:
        return _find_or_make(self.home / ERASURE_FILE)

    def has_erasure(self) -> bool:
        return (self.home / ERASURE_FILE).exists()


@dataclass(frozen=True)
class SecretKeys:
    """Keys in AWS Secrets Manager, by their names or ARNs; the stack makes them. `client`: that service's.

    So that there is an erasure key says nothing of erasures: it has a tag from its first use on.
    """

    pseudonym_secret: str
    erasure_secret: str
    client: Any

    @classmethod
    def of(cls, settings: Settings) -> "SecretKeys":
        import boto3

        client = boto3.client("secretsmanager", region_name=settings.region)
        return cls(settings.pseudonym_secret, settings.erasure_secret, client)

    @property
    def erasure_place(self) -> str:
        return f"the secret {self.erasure_secret}"

    def pseudonym(self) -> bytes:
        return _given_pseudonym_key(os.environ) or self._read(self.pseudonym_secret)

    def erasure(self) -> bytes:
        key = self._read(self.erasure_secret)
        if not self.has_erasure():
            used = [{"Key": _USED_TAG, "Value": "yes"}]
            self._ask("tag_resource", self.erasure_secret, Tags=used)
        return key

    def has_erasure(self) -> bool:
        tags = self._ask("describe_secret", self.erasure_secret).get("Tags", ())
        return any(tag["Key"] == _USED_TAG for tag in tags)

    def _read(self, name: str) -> bytes:
        text = str(self._ask("get_secret_value", name).get("SecretString") or "")
        return _long_enough(text.strip().encode(), f"the secret {name}")

    def _ask(self, operation: str, name: str, **more: Any) -> Mapping[str, Any]:
        """What the service answers. Raises KeyFileError, which repeats nothing of it but its code."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: Mapping[str, Any] = getattr(self.client, operation)(SecretId=name, **more)
        except self.client.exceptions.ResourceNotFoundException:
            raise KeyFileError(
                f"the secret {name} is expected in Secrets Manager, and there is none: create the stack "
                "(docs/aws.md), or name another in STEDI_PSEUDONYM_SECRET_ID or STEDI_ERASURE_SECRET_ID"
            ) from None
        except (BotoCoreError, ClientError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
            raise KeyFileError(
                f"the secret {name} cannot be used ({code}); a role that may use it is expected (docs/aws.md)"
            ) from None
        return answer


def _given_pseudonym_key(environment: Mapping[str, str]) -> bytes | None:
    """STEDI_PSEUDONYM_SECRET, if it is set. Raises SettingsError."""
    key = environment.get(PSEUDONYM_SECRET, "").encode()
    if key and len(key) < LEAST_BYTES:
        raise SettingsError(
            f"{PSEUDONYM_SECRET} has {len(key)} bytes: at least {LEAST_BYTES} are expected; "
            "make one with: openssl rand -hex 32"
        )
    return key or None


def keyed_hash(key: bytes, domain: str, text: str) -> str:
    """HMAC-SHA256 of "domain:text" in UTF-8, as 64 hexadecimal digits. Domains keep ids of different kinds apart."""
    return hmac.new(key, f"{domain}:{text}".encode(), hashlib.sha256).hexdigest()


def fingerprint(key: bytes) -> str:
    """Tells two keys apart and nothing of either."""
    return keyed_hash(key, "fingerprint", "")[:16]


def _find_or_make(path: Path) -> bytes:
    """The key in a file that its owner alone can read. Two processes that make it at once end up with the same."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            own = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(LEAST_BYTES))
                file.flush()
                os.fsync(descriptor)
            try:
                path.hardlink_to(own)  # fails where another process was first, and never shows half a key
            except FileExistsError:
                pass
            finally:
                own.unlink()
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path} can be read by other users; make it yours alone: chmod 600 {path}")
        key = path.read_bytes().strip()
    except OSError as error:
        raise KeyFileError(
            f"{path} cannot be used ({(error.strerror or str(error)).lower()}); run as the owner of the home"
        ) from None
    return _long_enough(key, str(path))


def _long_enough(key: bytes, place: str) -> bytes:
    if len(key) < LEAST_BYTES:
        raise KeyFileError(f"{place} has {len(key)} bytes: at least {LEAST_BYTES} are expected; bring back the copy")
    return key
