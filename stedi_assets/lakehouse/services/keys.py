"""The secrets of a home: made at random at its first use, kept in files that only the owner can read.

Here: the keys and the certificate. Not here: how they reach the server (`server`) or sign requests (`probe`).
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home

JWT_VARIABLES = (
    "WEED_JWT_SIGNING_KEY",
    "WEED_JWT_SIGNING_READ_KEY",
    "WEED_JWT_FILER_SIGNING_KEY",
    "WEED_JWT_FILER_SIGNING_READ_KEY",
)
# Given on standard input, since the system's own openssl.cnf may be missing or say anything.
_CERTIFICATE_REQUEST = b"""\
[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
CN = stedi
[authority]
basicConstraints = critical,CA:TRUE
subjectAltName = IP:127.0.0.1
"""


@dataclass(frozen=True)
class Keys:
    """The pair for S3 and the catalog, and what the server's parts sign for each other (by variable name)."""

    access_key: str
    secret_key: str = field(repr=False)
    jwt: Mapping[str, str] = field(repr=False)

    def strike_from(self, text: str) -> str:
        """The text without any key in it."""
        for key in (self.access_key, self.secret_key, *self.jwt.values()):
            text = text.replace(key, "***")
        return text


def read_keys(home: Home) -> Keys | None:
    """The keys of this home, None before its first use. Raises ServicesError for a file that is no use."""
    try:
        found = json.loads(home.credentials.read_text())
        return Keys(found["access_key"], found["secret_key"], {name: found[name] for name in JWT_VARIABLES})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ServicesError(
            f"expected to read {home.credentials}, found '{(error.strerror or '').lower()}'; "
            "run as the owner of the home"
        ) from error
    except (ValueError, KeyError, TypeError):
        raise ServicesError(
            f"expected the keys of this home in {home.credentials}, found a damaged file; "
            "delete it and run `stedi stop`: new keys are made, the data stays"
        ) from None


def find_or_make_keys(home: Home) -> Keys:
    """The keys of this home, made if it has none. Hold the home's lock. Raises ServicesError."""
    if known := read_keys(home):
        return known
    import secrets

    made = {
        "access_key": f"STEDI{secrets.token_hex(8).upper()}",
        "secret_key": secrets.token_urlsafe(32),
        **{name: secrets.token_urlsafe(32) for name in JWT_VARIABLES},
    }
    home.write_private(home.credentials, json.dumps(made, indent=1))
    return Keys(made["access_key"], made["secret_key"], {name: made[name] for name in JWT_VARIABLES})


def find_or_make_certificate(home: Home) -> None:
    """Makes the certificate that closes gRPC to everyone else. Hold the home's lock. Raises ServicesError."""
    if home.certificate.exists():
        return
    new = home.certificate.with_name(f"{home.certificate.name}.new")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    files = ["-config", "/dev/stdin", "-keyout", str(new), "-out", str(new)]
    command = ["openssl", "req", "-x509", *curve, "-nodes", "-days", "36500", *files]
    with home.writing():
        new.unlink(missing_ok=True)
    try:
        subprocess.run(command, input=_CERTIFICATE_REQUEST, check=True, capture_output=True, umask=0o077)
    except FileNotFoundError:
        raise ServicesError(
            "expected the command openssl to make the store's certificate, found none in PATH; install it"
        ) from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise ServicesError(
            f"expected openssl to make the store's certificate, found '{said[-1]}'; "
            "see that `openssl version` works and that there is space on the disk"
        ) from None
    with home.writing():
        new.replace(home.certificate)
