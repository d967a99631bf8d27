"""Questions to a running server over HTTP: does it answer, to whom, and are the buckets there.

Here: requests signed with the standard library, since importing boto3 takes as long as starting the server.
Not here: what is done about the answers (`lifecycle`).
"""

import json
import time
from collections.abc import Mapping

from stedi_assets.lakehouse.services.endpoints import Endpoints, ServicesError

_TIMEOUT_SECONDS = 2.0
_S3, _CATALOG = "s3", "s3tables"
_OK, _FORBIDDEN, _MISSING = 200, 403, 404


def answers(endpoints: Endpoints) -> bool:
    """Whether S3 and the catalog answer for both buckets."""
    return all(part_answers(endpoints))


def part_answers(endpoints: Endpoints) -> tuple[bool, bool]:
    """The same for each of them: S3, the catalog."""
    return _ask_bucket(endpoints) == _OK, _ask_catalog(endpoints) == _OK


def serves_strangers(endpoints: Endpoints) -> bool:
    """Whether S3 or the catalog answers unsigned requests, as weed does if it has no file of identities."""
    urls = (_bucket_url(endpoints), _namespaces_url(endpoints))
    return any(_send("GET", url, {}) in (_OK, _MISSING) for url in urls)


def make_usable(endpoints: Endpoints) -> str | None:
    """Makes buckets that are missing. What is still in the way of using the services, None if nothing is.

    Raises ServicesError if the server has other keys.
    """
    # In this order: the catalog's port opens after S3's.
    if (status := _ask_bucket(endpoints)) == _MISSING:
        _request(endpoints, "PUT", _bucket_url(endpoints), _S3)
        status = _ask_bucket(endpoints)
    if status != _OK:
        return _obstacle("S3", status)
    if (status := _ask_catalog(endpoints)) == _MISSING:
        body = json.dumps({"name": endpoints.table_bucket}).encode()
        _request(endpoints, "PUT", f"{endpoints.s3_url}/buckets", _CATALOG, body)
        status = _ask_catalog(endpoints)
    return None if status == _OK else _obstacle("the catalog", status)


def _obstacle(name: str, status: int | None) -> str:
    if status == _FORBIDDEN:
        # Asking on would fill its log, and each line has the key's name in it.
        raise ServicesError(
            f"expected {name} to take the keys of this home, found that the running server has others; "
            "run `stedi down` and try again, the data stays"
        )
    return f"{name} does not answer" if status is None else f"{name} answers {status}"


def _bucket_url(endpoints: Endpoints) -> str:
    return f"{endpoints.s3_url}/{endpoints.bucket}"


def _namespaces_url(endpoints: Endpoints) -> str:
    return f"{endpoints.catalog_url}/v1/{endpoints.table_bucket}/namespaces"


def _ask_bucket(endpoints: Endpoints) -> int | None:
    return _request(endpoints, "HEAD", _bucket_url(endpoints), _S3)


def _ask_catalog(endpoints: Endpoints) -> int | None:
    return _request(endpoints, "GET", _namespaces_url(endpoints), _CATALOG)


def _request(endpoints: Endpoints, method: str, url: str, service: str, body: bytes = b"") -> int | None:
    """The status of a request signed with AWS Signature Version 4, None without an answer."""
    import hashlib
    import hmac

    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{now[:8]}/{endpoints.region}/{service}/aws4_request"
    digest = hashlib.sha256(body).hexdigest()
    host, path = _split(url)
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": now}
    names = ";".join(headers)  # already in the alphabetical order that is asked for
    lines = [method, path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names, digest]
    canonical = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = f"AWS4{endpoints.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{canonical}".encode(), "sha256").hex()
    parts = {"Credential": f"{endpoints.access_key}/{scope}", "SignedHeaders": names, "Signature": signature}
    headers["authorization"] = f"AWS4-HMAC-SHA256 {', '.join(f'{k}={v}' for k, v in parts.items())}"
    return _send(method, url, headers, body)


def _send(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> int | None:
    from http.client import HTTPConnection, HTTPException

    host, path = _split(url)
    connection = HTTPConnection(host, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, dict(headers))
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def _split(url: str) -> tuple[str, str]:
    host, _, path = url.removeprefix("http://").partition("/")
    return host, f"/{path}"
