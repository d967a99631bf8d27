"""The demo set in a landing zone: when `data/` is brought there, and what keeps it apart from real data.

Contains the rules. For the copying and the mark in the zone, see `landing.zone`. The set is synthetic: records of it
must neither replace real ones nor be published together with them.
"""

from typing import Any

from stedi_assets.contracts import SOURCES
from stedi_assets.lakehouse.inventory import count_tables, read_inventory
from stedi_assets.lakehouse.store import Store
from stedi_assets.landing.folder import LandingError
from stedi_assets.landing.zone import Zone
from stedi_assets.settings import LOCAL, Settings


def fill_new_home(settings: Settings, store: Store, zone: Zone) -> int:
    """Bring the demo set into the empty landing zone of a home that has never held anything.

    Only a home of this machine is filled: on AWS nothing is brought that was not asked for. A copying of the set that
    was cut off goes on.

    Returns:
        The number of objects written.

    Raises:
        LandingError: The zone of a home that has been used is empty.
    """
    if settings.env != LOCAL:
        return 0
    if zone.objects():
        is_cut_off = zone.is_being_mirrored and zone.holds_demo
        return zone.mirror(settings.data, is_demo=True)[0] if is_cut_off else 0
    if used := _use_of(settings, store, zone.s3):
        raise LandingError(
            f"{zone.uri} is empty, and this home is not new ({used}). Nothing was published; bring its objects back "
            "(stedi deliver, stedi run --landing PATH, or a backup of the home), or start again with the demo set: "
            "stedi run --demo"
        )
    return zone.mirror(settings.data, is_demo=True)[0]


def bring_demo(settings: Settings, zone: Zone) -> tuple[int, int]:
    """Mirror the demo set into a zone that holds nothing else: (objects written, objects removed).

    Raises LandingError before anything changes.
    """
    _, others = zone.compare(settings.data)
    if others and (not zone.holds_demo or zone.other_than_demo(zone.objects())):
        raise LandingError(
            f"{zone.uri} holds {others:,} objects that are not of the demo set, and made-up records must not replace "
            "real ones or be published with them; choose another home for it: --home. Nothing was changed"
        )
    return zone.mirror(settings.data, is_demo=True)


def adopt_demo(settings: Settings, zone: Zone) -> None:
    """Mark the demo set in the zone of a home that an older version has filled, which did not mark it."""
    if settings.env != LOCAL or read_inventory(settings.home) is not None or zone.holds_demo:
        return
    try:
        lacking, _ = zone.compare(settings.data)
    except LandingError:  # this installation has no demo set
        return
    if not lacking:
        zone.mark_demo()


def refuse_demo(zone: Zone) -> None:
    """Raise LandingError where real data would come into a zone that holds the demo set."""
    if zone.holds_demo:
        raise LandingError(
            f"{zone.uri} holds the demo set, and made-up records must not be published with real ones. Nothing was "
            "changed; replace the demo set: --replace-demo, or choose another home: --home"
        )


def replace_demo(own: Zone, zone: Zone) -> int:
    """Remove the demo set from a home's landing zone `own` for the other data in `zone`, which may be the same.

    Returns the number of deleted objects. Raises LandingError before anything changes where a source has no other data.
    """
    if not own.holds_demo:
        return 0
    if zone.uri != own.uri:
        zone.objects_to_ingest()
    else:
        sources = {landed.source for landed in own.other_than_demo(own.objects())}
        if lacking := [source for source in SOURCES if source not in sources]:
            raise LandingError(
                f"{own.uri} has no objects for {', '.join(lacking)} except those of the demo set. Nothing was changed; "
                "bring them: stedi run --landing PATH --replace-demo, or stedi deliver SOURCE PATH --replace-demo"
            )
    return own.remove_demo()


def _use_of(settings: Settings, store: Store, s3: Any) -> str:
    """Return what a home has held, in words; empty for a home that never held anything."""
    recorded = read_inventory(settings.home)
    if recorded is not None:
        return f"{recorded.tables} tables and {recorded.objects:,} objects after its last run"
    tables = count_tables(store, s3)
    return f"{tables} tables" if tables else ""
