"""The secrets of a home: made at random at its first use, kept in files that only the owner can read.

Here: the keys and the certificate. Not here: how they reach the server (`server`) or sign requests (`probe`).
"""

import json
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
_VALID_DAYS = 36_500


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
            "delete it and run `stedi down`: new keys are made, the data stays"
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
    """Makes the certificate that closes gRPC to everyone else. Hold the home's lock. Raises ServicesError.

    One file with the private key and the certificate, which signs itself and is its own authority.
    """
    if home.certificate.exists():
        return
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stedi")])
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)  # clocks are set back
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(yesterday)
        .not_valid_after(yesterday + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(loopback, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    home.write_private(home.certificate, (private + public).decode())
