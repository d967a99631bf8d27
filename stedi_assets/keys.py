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
from pathlib import Path

from stedi_assets.settings import SettingsError

PSEUDONYM_SECRET = "STEDI_PSEUDONYM_SECRET"
PSEUDONYM_FILE = "pseudonym.key"
ERASURE_FILE = "erasure.key"
LEAST_BYTES = 32  # as long as the hash: a shorter key is the weakest part of HMAC-SHA256


class KeyFileError(RuntimeError):
    """A key that cannot be read or is no use: what was expected, what was found, what to do."""


def pseudonym_key(home: Path, environment: Mapping[str, str] | None = None) -> bytes:
    """STEDI_PSEUDONYM_SECRET, or the home's own key, made at first use. Raises SettingsError, KeyFileError."""
    given = (os.environ if environment is None else environment).get(PSEUDONYM_SECRET)
    if not given:
        return _find_or_make(home / PSEUDONYM_FILE)
    key = given.encode()
    if len(key) < LEAST_BYTES:
        raise SettingsError(
            f"{PSEUDONYM_SECRET} has {len(key)} bytes: at least {LEAST_BYTES} are expected; "
            "make one with: openssl rand -hex 32"
        )
    return key


def erasure_key(home: Path) -> bytes:
    """The home's key to the list of the erased, made at first use. Raises KeyFileError."""
    return _find_or_make(home / ERASURE_FILE)


def has_erasure_key(home: Path) -> bool:
    """Whether somebody was ever erased here."""
    return (home / ERASURE_FILE).exists()


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
    if len(key) < LEAST_BYTES:
        raise KeyFileError(f"{path} has {len(key)} bytes: at least {LEAST_BYTES} are expected; bring back the copy")
    return key
