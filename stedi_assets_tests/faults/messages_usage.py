"""Messages about what a user gave: options, settings, keys, engines, AWS."""

import io
import socket
import sys
from typing import Any

from pyspark.sql import SparkSession

from stedi_assets.lakehouse.engines import connect, door, embedded
from stedi_assets.lakehouse.engines.connect import connect_session, end_session
from stedi_assets.lakehouse.engines.embedded import embedded_session
from stedi_assets.lakehouse.engines.errors import losing
from stedi_assets_tests.engines.test_engine_answers import undecoded
from stedi_assets_tests.faults.said import Given, Provoke, refused, sentence
from stedi_assets_tests.support.commands import command, free_port
from stedi_assets_tests.support.stranger import visited_before_it_closes


def _key_of_everybody(given: Given) -> str:
    given.home.mkdir()
    (given.home / "pseudonym.key").write_text("k" * 64)
    (given.home / "pseudonym.key").chmod(0o644)
    return given.said("run")


def _key_cut_short(given: Given) -> str:
    given.home.mkdir()
    (given.home / "pseudonym.key").touch(mode=0o600)
    return given.said("run")


def _expected(text: str) -> Provoke:
    def provoke(given: Given) -> str:
        (given.folder / "expected.json").write_text(text)
        return given.said("run", "--expect", str(given.folder / "expected.json"))

    return provoke


def _taken_port(given: Given) -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        return given.said("dev", "--port", str(listener.getsockname()[1]))


def _missing_module(given: Given) -> str:
    given.patch.setitem(sys.modules, "duckdb", None)
    return given.said("query", "SELECT 1")


def _old_java(given: Given) -> str:
    java = given.folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    return given.said("run", "--engine", "spark", JAVA_HOME=str(given.folder))


def _silent_engine(given: Given) -> str:
    return given.said("run", "--engine", f"sc://127.0.0.1:{free_port()}")


def _undecoded_answers(given: Given) -> str:
    spark = given.tables.spark
    undecoded(spark, given.patch, range(1, 100))

    def compute() -> None:
        with losing("embedded"):
            spark.range(3).count()

    return refused(compute)


def _lost_engine(given: Given) -> str:
    from pysail.spark import SparkConnectServer

    given.patch.setattr(connect, "_RETRIES", 0)
    server = SparkConnectServer()
    server.start(background=True)
    url = f"sc://127.0.0.1:{server.listening_address[1]}"  # type: ignore[index]
    session: SparkSession = connect_session(url, {})
    server.stop()

    def compute() -> None:
        with losing(url):
            session.range(3).count()

    try:
        return sentence(compute)
    finally:
        end_session(url, is_lost=True)


def _stranger_first(given: Given) -> str:
    store = given.lake.store  # whose own engine starts as always
    with visited_before_it_closes(given.patch):
        return sentence(lambda: embedded_session(store))


def _no_door(given: Given) -> str:
    store = given.lake.store
    given.patch.setattr(door, "_sockets", lambda: iter(()))
    given.patch.setattr(embedded, "_started", {})
    return sentence(lambda: embedded_session(store))


def _on_aws(given: Given, **settings: str) -> str:
    """In a process of its own: boto3 keeps the credentials that it found first."""
    here: dict[str, Any] = {
        "STEDI_ENV": "aws",
        "STEDI_BUCKET": "stedi",
        "STEDI_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_MAX_ATTEMPTS": "1",
    }
    finished = command("stedi", "tables", home=given.home, **{**here, **settings})
    assert (finished.returncode, "Traceback" in finished.stderr) == (2, False), finished.stderr
    return finished.stderr.splitlines()[-1].removeprefix("stedi: ")


def _with_keys(given: Given, secret: str = "", **settings: str) -> str:
    services: Any = given.lake.endpoints
    keys = {"AWS_ACCESS_KEY_ID": services.access_key, "AWS_SECRET_ACCESS_KEY": secret or services.secret_key}
    return _on_aws(given, AWS_ENDPOINT_URL=services.s3_url, **keys, **settings)


GLUE: dict[str, Any] = {
    "STEDI_ENV": "aws",
    "STEDI_ENGINE": "glue",
    "STEDI_BUCKET": "stedi",
    "STEDI_REGION": "us-east-1",
}


def _two_addresses(given: Given) -> str:
    given.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a@x.org\nb@x.org\n")))
    return given.said("forget", "-")


MESSAGES: dict[str, Provoke] = {
    "STEDI_… is …: a number from … to … is expected": lambda g: g.said("run", STEDI_MAX_QUARANTINE_SHARE="lots"),
    "STEDI_ENV is …: local or aws is expected": lambda g: g.said("tables", STEDI_ENV="moon"),
    "STEDI_… is not set: with STEDI_ENV=aws … is expected": lambda g: g.said("tables", STEDI_ENV="aws"),
    "STEDI_ENGINE is …: embedded, spark or sc://HOST:PORT is expected, …": lambda g: g.said(
        "run", STEDI_ENGINE="flink"
    ),
    "STEDI_HOME is …: a path without ? is expected; …": lambda g: g.said("tables", STEDI_HOME="/h?me"),
    "… is …: this machine knows no home folder for it; a path without ~ is expected": lambda g: g.said(
        "tables", STEDI_HOME="~no-such-user/x"
    ),
    "STEDI_CACHE is …: a path without … is expected": lambda g: g.said("tables", STEDI_CACHE="/a,b"),
    "STEDI_SPARK_MEMORY is …: a size as 2g or 900m is expected": lambda g: g.said("tables", STEDI_SPARK_MEMORY="much"),
    "the policy … is …: … is expected": lambda g: g.said("run", STEDI_CONSENT="sometimes"),
    "… has … bytes: at least 32 are expected; make one with: openssl rand -hex 32": lambda g: g.said(
        "run", STEDI_PSEUDONYM_SECRET="too short"
    ),
    "… has … bytes: at least 32 are expected; bring back the copy": _key_cut_short,
    "… can be read by other users; make it yours alone: chmod 600 …": _key_of_everybody,
    "--expect …: cannot be read (…); reference, none or a JSON file is expected": lambda g: g.said(
        "run", "--expect", "/nowhere.json"
    ),
    '--expect …: is not JSON; {"TABLE": ROWS} is expected': _expected("rows"),
    '--expect …: {"TABLE": ROWS} with whole numbers from 0 on is expected': _expected("[3]"),
    "--expect …: no such table: …; known: …": _expected('{"customers": 3}'),
    "--json …: … is no folder; name a file in one that exists": lambda g: g.said("doctor", "--json", "/nowhere/r.json"),
    "Invalid value for 'TABLE': no such table: …; known: … (see stedi history --help)": lambda g: g.said(
        "history", "customers"
    ),
    "what was given is no email address; one is expected, as in the customer's records": lambda g: g.said(
        "forget", "nobody"
    ),
    "standard input has … lines; one address is expected": _two_addresses,
    "no Glue job erases: use an engine here, embedded or spark (STEDI_ENGINE), …": lambda g: g.said(
        "forget", "a@x.org", **GLUE
    ),
    "no Glue job asks an older version who has withdrawn: use an engine here, …": lambda g: g.said(
        "rollback", "customer_trusted", **GLUE
    ),
    "STEDI_ENV is …: Athena is on AWS; set STEDI_ENV=aws, STEDI_BUCKET and STEDI_REGION …": lambda g: g.said(
        "athena", "ddl", STEDI_ENV="local"
    ),
    "arguments are seen by others: an address with parameters belongs into STEDI_ENGINE…": lambda g: g.said(
        "run", "--engine", "sc://h:1/;token=secret"
    ),
    "STEDI_BEHIND is …: USER@HOST is expected, as …": lambda g: g.said("dev", STEDI_BEHIND="stedi.example.org"),
    "--behind: this machine has no user …; name the one as whom the proxy runs": lambda g: g.said(
        "dev", "--port", str(free_port()), "--behind", "nobody-of-this-name@stedi.example.org"
    ),
    "port … cannot be used (…); name another: --port": _taken_port,
    "the module … is not installed; … tells what is missing: install the package anew": _missing_module,
    "…needs Java 17 or newer, by JAVA_HOME or on PATH; found none at …": lambda g: g.said(
        "run", "--engine", "spark", JAVA_HOME="/nowhere"
    ),
    "…needs Java 17 or newer, by JAVA_HOME or on PATH; found Java … at …": _old_java,
    "the engine at … does not answer as Spark Connect (…); check the address, …": _silent_engine,
    "another program of this machine connected to the embedded engine as it started; …": _stranger_first,
    "expected the embedded engine to listen on port … of this process, found no socket that does; …": _no_door,
    "the engine (…) was lost while it was used (…); what is published is whole, the rest is unchanged: …": _lost_engine,
    "an answer of the engine (…) could not be decoded, nor when all was done anew; what is published is whole, …": (
        _undecoded_answers
    ),
    "…; no AWS credentials were found: sign in (aws sso login), or set AWS_PROFILE or a role's keys": _on_aws,
    "…; it refuses these credentials: …": lambda g: _with_keys(g, secret="wrong"),
    "…; it does not exist: …": lambda g: _with_keys(g, STEDI_BUCKET="nowhere-at-all"),
    "…; it did not (…): …, and the network": lambda g: _on_aws(
        g,
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}",
        AWS_ACCESS_KEY_ID="a",
        AWS_SECRET_ACCESS_KEY="b",
    ),
}
