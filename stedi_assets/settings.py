"""Every setting of the product, read from the environment once, checked, and given a type.

Here: names, defaults and validation of settings. Not here: what they cause, and secrets (these stay in the home's
credentials file or in the environment of the one who uses them).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY_DATA = Path(__file__).resolve().parent.parent / "data"

DEFAULT_CACHE = Path("~/.cache/stedi")
EMBEDDED, SPARK, GLUE = "embedded", "spark", "glue"
LOCAL, AWS = "local", "aws"
# Host and port, then parameters; a user's name or a path has no place there.
_ENDPOINT = re.compile(r"sc://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?/?((?<=/)(;[A-Za-z_-]+=[^;\s]*)+)?")
_URL = re.compile(r"https?://[!-~]+")
_BEHIND = re.compile(r"[a-z_][a-z0-9_-]*@[A-Za-z0-9][A-Za-z0-9.-]*")
_WORD = re.compile(r"[\w-]+")
_MEMORY = re.compile(r"[1-9][0-9]*[mgMG]")
# What stands for something else in Spark's list of jars, or in the paths of it.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_PREFIX = re.compile(r"[\w.=-]+(/[\w.=-]+)*", re.ASCII)
_NOT_IN_CACHE = re.compile(r"[,*?\[\]{}\\#%\t\r\n]")


class SettingsError(ValueError):
    """A setting that cannot be used: the message names it, what was found and what is expected."""


@dataclass(frozen=True)
class Settings:
    """What can be set from outside; each field names its environment variable.

    home: STEDI_HOME. Folder for everything that the product keeps.
    data: STEDI_DATA. Folder with the demo set, which a new home's first run copies to its landing zone.
    max_quarantine_share: STEDI_MAX_QUARANTINE_SHARE. Share of a source's bytes (0 to 1) that may be in quarantine
        before a run fails with nothing published.
    max_object_bytes: STEDI_MAX_OBJECT_BYTES. Largest landing object that is read, as it lies there and unpacked.
    max_orphan_share: STEDI_MAX_ORPHAN_SHARE. Share of the content in the home's store (0 to 1) that may be of no object
        and is then deleted after an unclean end and by an erasure. More than that looks like a lost index.
    max_value_bytes: STEDI_MAX_VALUE_BYTES. Longest value of a column, as UTF-8; a record with a longer one goes to
        the quarantine.
    retention_days: STEDI_RETENTION_DAYS. How long replaced snapshots stay readable before upkeep removes them.
    lock_timeout_seconds: STEDI_LOCK_TIMEOUT_SECONDS. How long a run waits for another run in the same home.
    audit_timeout_seconds: STEDI_AUDIT_TIMEOUT_SECONDS. How long the checks of one table may take before the run fails
        with the table not published.
    consent: STEDI_CONSENT. published or at-reading; `policy` tells what they mean.
    serials: STEDI_SERIALS. published or unambiguous; `policy` tells what they mean.
    engine: STEDI_ENGINE. embedded, spark (Apache Spark on this machine), sc://HOST:PORT (any Spark Connect endpoint) or
        glue (AWS Glue jobs; on AWS alone).
    spark_memory: STEDI_SPARK_MEMORY. What Apache Spark on this machine may use, as 2g or 900m.
    cache: STEDI_CACHE. Folder for what is fetched once, whatever the home: Apache Spark's jars.
    minimum_subjects: STEDI_MINIMUM_SUBJECTS. With fewer customers, but not none, the training table is left empty.
    env: STEDI_ENV. local (the home's own store and catalog) or aws (S3 and the Glue Data Catalog).
    bucket: STEDI_BUCKET. On AWS, the bucket of everything; elsewhere of no account.
    region: STEDI_REGION, else AWS_REGION or AWS_DEFAULT_REGION. On AWS, where the bucket and the catalog are.
    prefix: STEDI_PREFIX. On AWS, below which the bucket is used; empty: all of it.
    pseudonym_secret: STEDI_PSEUDONYM_SECRET_ID. On AWS, the name or ARN of the pseudonym key in Secrets Manager.
    erasure_secret: STEDI_ERASURE_SECRET_ID. On AWS, the same for the key to the list of the erased.
    behind: STEDI_BEHIND. USER@HOST of a reverse proxy with a login before the UI: whose it is, its name in browsers.
    alert_webhook: STEDI_ALERT_WEBHOOK. URL that is told of failed runs by a POST of {"text": ...}; empty: the log is.
    """

    home: Path
    data: Path = REPOSITORY_DATA
    max_quarantine_share: float = 0.01
    max_object_bytes: int = 512 * 1024 * 1024
    max_orphan_share: float = 0.2
    max_value_bytes: int = 64 * 1024
    retention_days: int = 7
    lock_timeout_seconds: float = 600.0
    audit_timeout_seconds: float = 3600.0
    consent: str = "published"
    serials: str = "published"
    minimum_subjects: int = 0
    engine: str = EMBEDDED
    spark_memory: str = "2g"
    cache: Path = DEFAULT_CACHE
    env: str = LOCAL
    bucket: str = ""
    region: str = ""
    prefix: str = ""
    pseudonym_secret: str = "stedi/pseudonym-key"
    erasure_secret: str = "stedi/erasure-key"
    behind: str = ""
    alert_webhook: str = field(default="", repr=False)

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """The settings of this process. Raises SettingsError."""
        env = os.environ if environment is None else environment
        engine, place = _engine(env.get("STEDI_ENGINE") or cls.engine), _env(env.get("STEDI_ENV") or cls.env)
        if engine == GLUE and place != AWS:
            raise SettingsError(
                "STEDI_ENGINE is 'glue', which computes on AWS alone: STEDI_ENV=aws is expected with it"
            )
        return cls(
            home=_home(_path(env, "STEDI_HOME", ".stedi")),
            data=_path(env, "STEDI_DATA", REPOSITORY_DATA),
            max_quarantine_share=_number(env, "STEDI_MAX_QUARANTINE_SHARE", cls.max_quarantine_share, 0, 1),
            max_object_bytes=int(_number(env, "STEDI_MAX_OBJECT_BYTES", cls.max_object_bytes, 1, 2**31 - 2**20)),
            max_orphan_share=_number(env, "STEDI_MAX_ORPHAN_SHARE", cls.max_orphan_share, 0, 1),
            max_value_bytes=int(_number(env, "STEDI_MAX_VALUE_BYTES", cls.max_value_bytes, 256, 2**24)),
            retention_days=int(_number(env, "STEDI_RETENTION_DAYS", cls.retention_days, 0, 36_500)),
            lock_timeout_seconds=_number(env, "STEDI_LOCK_TIMEOUT_SECONDS", cls.lock_timeout_seconds, 0, 86_400),
            audit_timeout_seconds=_number(env, "STEDI_AUDIT_TIMEOUT_SECONDS", cls.audit_timeout_seconds, 0.1, 604_800),
            consent=env.get("STEDI_CONSENT") or cls.consent,
            serials=env.get("STEDI_SERIALS") or cls.serials,
            minimum_subjects=int(_number(env, "STEDI_MINIMUM_SUBJECTS", cls.minimum_subjects, 0, 2**31)),
            engine=engine,
            spark_memory=_memory(env.get("STEDI_SPARK_MEMORY") or cls.spark_memory),
            cache=_cache(_path(env, "STEDI_CACHE", cls.cache)),
            env=place,
            **(_on_aws(env) if place == AWS else {}),
            pseudonym_secret=env.get("STEDI_PSEUDONYM_SECRET_ID") or cls.pseudonym_secret,
            erasure_secret=env.get("STEDI_ERASURE_SECRET_ID") or cls.erasure_secret,
            behind=_behind(env.get("STEDI_BEHIND") or ""),
            alert_webhook=_webhook(env.get("STEDI_ALERT_WEBHOOK") or ""),
        )


def _env(name: str) -> str:
    if name not in (LOCAL, AWS):
        raise SettingsError(f"STEDI_ENV is {name!r}: {LOCAL} or {AWS} is expected")
    return name


def _on_aws(env: Mapping[str, str]) -> dict[str, str]:
    """Where on AWS. Raises SettingsError for what is missing, and for what S3 or SQL would take for something else."""
    region = next((env[n] for n in ("STEDI_REGION", "AWS_REGION", "AWS_DEFAULT_REGION") if env.get(n)), "")
    found = {"bucket": env.get("STEDI_BUCKET") or "", "region": region, "prefix": env.get("STEDI_PREFIX") or ""}
    found["prefix"] = found["prefix"].strip("/")
    wanted = {
        "bucket": (_BUCKET, "the name of an S3 bucket"),
        "region": (_REGION, "a region as eu-central-1"),
        "prefix": (_PREFIX, "folders of letters, digits, . _ = and - (or nothing)"),
    }
    for name, (pattern, expected) in wanted.items():
        is_empty_prefix = name == "prefix" and not found[name]
        if not is_empty_prefix and not pattern.fullmatch(found[name]):
            variable = f"STEDI_{name.upper()}"
            said = f"is {found[name]!r}" if found[name] else "is not set"
            raise SettingsError(f"{variable} {said}: with STEDI_ENV=aws {expected} is expected")
    return found


def _engine(name: str) -> str:
    if name in (EMBEDDED, SPARK, GLUE) or _ENDPOINT.fullmatch(name):
        return name
    # Of anything but a word nothing is repeated: a token may be in it, wherever a slip of the hand put it.
    found = repr(name) if _WORD.fullmatch(name) else "something else"
    raise SettingsError(
        f"STEDI_ENGINE is {found}: embedded, spark or sc://HOST:PORT is expected, or on AWS glue; parameters of an "
        "endpoint follow as in sc://HOST:PORT/;use_ssl=true;token=..."
    )


def _behind(proxy: str) -> str:
    if proxy and not _BEHIND.fullmatch(proxy):
        raise SettingsError(f"STEDI_BEHIND is {proxy!r}: USER@HOST is expected, as www-data@stedi.example.org")
    return proxy


def _webhook(url: str) -> str:
    if url and not _URL.fullmatch(url):  # nothing of it is repeated: a secret may be in it
        raise SettingsError("STEDI_ALERT_WEBHOOK is something else: a URL as https://HOST/PATH is expected, or http")
    return url


def _memory(text: str) -> str:
    if not _MEMORY.fullmatch(text):
        raise SettingsError(f"STEDI_SPARK_MEMORY is {text!r}: a size as 2g or 900m is expected")
    return text


def _path(env: Mapping[str, str], name: str, default: str | Path) -> Path:
    return expand(env.get(name) or default, name).resolve()


def expand(path: str | Path, name: str) -> Path:
    """Return the path with ~ or ~USER replaced. Raises SettingsError, which names the setting or option."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # pathlib's error for a user that the machine does not have
        raise SettingsError(
            f"{name} is {str(path)!r}: this machine knows no home folder for it; a path without ~ is expected"
        ) from None


def _home(path: Path) -> Path:
    if "?" in str(path):
        raise SettingsError(
            f"STEDI_HOME is {str(path)!r}: a path without ? is expected; Dagster's databases would lie elsewhere"
        )
    return path


def _cache(path: Path) -> Path:
    if _NOT_IN_CACHE.search(str(path)):
        raise SettingsError(f"STEDI_CACHE is {str(path)!r}: a path without , * ? [ ] {{ }} # % or \\ is expected")
    return path


def _number(env: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = env.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise SettingsError(f"{name} is {text!r}: a number from {least:g} to {most:g} is expected")
    return value
