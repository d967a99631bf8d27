"""What is installed, running and reachable, and what to do about what is not. It starts nothing and changes nothing.

Here: the order of the subjects, each in a module of its own, which looks at real things and gives findings (`finding`).
Not here: how they are shown (`cli.doctor`).
"""

from collections.abc import Callable, Iterator

from stedi_assets.doctor.finding import Finding, State
from stedi_assets.settings import AWS, Settings, SettingsError

__all__ = ["Finding", "State", "examine"]


def examine() -> Iterator[Finding]:
    """Everything that there is to say of this installation with these settings."""
    from stedi_assets.doctor import contents, engine, home, installation, store, tables

    yield from _unless_a_part_is_missing(installation.findings)
    try:
        settings = Settings.load()
    except SettingsError as error:
        yield Finding("settings", "wrong", str(error), "set it as expected, or unset it")
        return
    places = [store.on_aws] if settings.env == AWS else [home.keys, store.of_home]
    for subject in (
        home.folder,
        home.dagster,
        home.erasures,
        *places,
        engine.findings,
        tables.findings,
        contents.findings,
    ):
        yield from _unless_a_part_is_missing(lambda look=subject: look(settings))  # type: ignore[misc]


def _unless_a_part_is_missing(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of a subject; of one that needs a package which is not there, that."""
    try:
        yield from look()
    except ImportError as error:
        yield Finding("a package", "missing", str(error).splitlines()[0], "install the package anew: make run does it")
