"""Every setting of the product, read from the environment once, checked, and given a type.

Here: names, defaults and validation of settings. Not here: what they cause, and secrets (these stay in the home's
credentials file or in the environment of the one who uses them).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY_DATA = Path(__file__).resolve().parent.parent / "data"

DEFAULT_CACHE = Path("~/.cache/stedi").expanduser()
EMBEDDED, SPARK = "embedded", "spark"
# Host and port, then parameters; a user's name or a path has no place there.
_ENDPOINT = re.compile(r"sc://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?/?((?<=/)(;[A-Za-z_-]+=[^;\s]*)+)?")
_WORD = re.compile(r"[\w-]+")
_MEMORY = re.compile(r"[1-9][0-9]*[mgMG]")
# What stands for something else in Spark's list of jars, or in the paths of it.
_NOT_IN_CACHE = re.compile(r"[,*?\[\]{}\\#%\t\r\n]")


class SettingsError(ValueError):
    """A setting that cannot be used: the message names it, what was found and what is expected."""


@dataclass(frozen=True)
class Settings:
    """What can be set from outside; each field names its environment variable.

    home: STEDI_HOME. Folder for everything that the product keeps.
    data: STEDI_DATA. Folder with the synthetic set that fills an empty landing zone.
    max_quarantine_share: STEDI_MAX_QUARANTINE_SHARE. Share of a source's bytes (0 to 1) that may be in quarantine
        before a run fails with nothing published.
    max_object_bytes: STEDI_MAX_OBJECT_BYTES. Largest unpacked landing object that is read.
    retention_days: STEDI_RETENTION_DAYS. How long replaced snapshots stay readable before upkeep removes them.
    lock_timeout_seconds: STEDI_LOCK_TIMEOUT_SECONDS. How long a run waits for another run in the same home.
    consent: STEDI_CONSENT. published or at-reading; `policy` tells what they mean.
    serials: STEDI_SERIALS. published or unambiguous; `policy` tells what they mean.
    engine: STEDI_ENGINE. embedded, spark (Apache Spark on this machine) or sc://HOST:PORT (any Spark Connect endpoint).
    spark_memory: STEDI_SPARK_MEMORY. What Apache Spark on this machine may use, as 2g or 900m.
    cache: STEDI_CACHE. Folder for what is fetched once, whatever the home: Apache Spark's jars.
    minimum_subjects: STEDI_MINIMUM_SUBJECTS. With fewer customers, but not none, the training table is left empty.
    """

    home: Path
    data: Path = REPOSITORY_DATA
    max_quarantine_share: float = 0.01
    max_object_bytes: int = 512 * 1024 * 1024
    retention_days: int = 7
    lock_timeout_seconds: float = 600.0
    consent: str = "published"
    serials: str = "published"
    minimum_subjects: int = 0
    engine: str = EMBEDDED
    spark_memory: str = "2g"
    cache: Path = DEFAULT_CACHE

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """The settings of this process. Raises SettingsError."""
        env = os.environ if environment is None else environment
        return cls(
            home=Path(env.get("STEDI_HOME") or ".stedi").expanduser().resolve(),
            data=Path(env.get("STEDI_DATA") or REPOSITORY_DATA).expanduser().resolve(),
            max_quarantine_share=_number(env, "STEDI_MAX_QUARANTINE_SHARE", cls.max_quarantine_share, 0, 1),
            max_object_bytes=int(_number(env, "STEDI_MAX_OBJECT_BYTES", cls.max_object_bytes, 1, 2**31 - 2**20)),
            retention_days=int(_number(env, "STEDI_RETENTION_DAYS", cls.retention_days, 0, 36_500)),
            lock_timeout_seconds=_number(env, "STEDI_LOCK_TIMEOUT_SECONDS", cls.lock_timeout_seconds, 0, 86_400),
            consent=env.get("STEDI_CONSENT") or cls.consent,
            serials=env.get("STEDI_SERIALS") or cls.serials,
            minimum_subjects=int(_number(env, "STEDI_MINIMUM_SUBJECTS", cls.minimum_subjects, 0, 2**31)),
            engine=_engine(env.get("STEDI_ENGINE") or cls.engine),
            spark_memory=_memory(env.get("STEDI_SPARK_MEMORY") or cls.spark_memory),
            cache=_cache(env.get("STEDI_CACHE") or cls.cache),
        )


def _engine(name: str) -> str:
    if name in (EMBEDDED, SPARK) or _ENDPOINT.fullmatch(name):
        return name
    # Of anything but a word nothing is repeated: a token may be in it, wherever a slip of the hand put it.
    found = repr(name) if _WORD.fullmatch(name) else "something else"
    raise SettingsError(
        f"STEDI_ENGINE is {found}: embedded, spark or sc://HOST:PORT is expected; parameters of an endpoint follow as "
        "in sc://HOST:PORT/;use_ssl=true;token=..."
    )


def _memory(text: str) -> str:
    if not _MEMORY.fullmatch(text):
        raise SettingsError(f"STEDI_SPARK_MEMORY is {text!r}: a size as 2g or 900m is expected")
    return text


def _cache(given: str | Path) -> Path:
    path = Path(given).expanduser().resolve()
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
