"""What a Glue job installs beside the wheel is what the package needs there, in the versions that setup.py pins.

pip runs there without dependencies, so that one that is missing from the list would be missing in the job. Versions
that setup.py pins, directly or through an exact pin of a pinned package, must be the same; the others must satisfy
whoever asks for them. So a changed pin fails here, and a release of somebody else's package does not.
"""

from collections.abc import Iterator
from importlib.metadata import distribution, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stedi_assets_tests.support.cloud_template import Template, changed, load, of_type, resolved

TEMPLATE = load()
WHEEL = "s3://stedi-lakehouse/stedi/jobs/stedi_lakehouse-0.1.0-py3-none-any.whl"
NEEDED = ("pyiceberg[pyarrow]", "dagster-pipes")
# What Glue 6.0 runs: markers are judged for it, not for this Python.
GLUE = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux"}


def listed(template: Template) -> dict[str, str]:
    """The versions that the template pins, by name."""
    pins = [pin.partition("==") for pin in template["Mappings"]["Job"]["Modules"]["Pinned"]]
    return {canonicalize_name(name): pinned for name, _, pinned in pins}


def needs(requirement: Requirement) -> Iterator[Requirement]:
    """What an installed package needs on Glue, with the extras that are asked of it."""
    for text in distribution(requirement.name).requires or ():
        needed = Requirement(text)
        asked = ("", *requirement.extras)
        if needed.marker is None or any(needed.marker.evaluate({**GLUE, "extra": extra}) for extra in asked):
            yield needed


def closure(roots: tuple[str, ...]) -> dict[tuple[str, str], Requirement]:
    """Everything that is needed for these, by who needs it and the name of what is needed."""
    found: dict[tuple[str, str], Requirement] = {}
    left = [("", Requirement(root)) for root in roots]
    while left:
        parent, requirement = left.pop()
        name = canonicalize_name(requirement.name)
        if (parent, name) not in found:
            found[parent, name] = requirement
            left += [(name, needed) for needed in needs(requirement)]
    return found


def pinned_by_setup() -> dict[str, str]:
    """The versions that follow from setup.py alone: its own pins, and what these pin exactly in turn."""
    found: dict[str, str] = {}
    left = [Requirement("stedi-lakehouse")]
    while left:
        for needed in needs(left.pop()):
            name, exact = canonicalize_name(needed.name), [s for s in needed.specifier if s.operator == "=="]
            if exact and name not in found:
                found[name] = exact[0].version
                left.append(needed)
    return found


def faults(template: Template) -> list[str]:
    """What is missing, what is too much, and what has another version than it must have."""
    pins, needed, exact = listed(template), closure(NEEDED), pinned_by_setup()
    names = {name for _, name in needed}
    found = [f"{name}: in one of the two alone" for name in names ^ set(pins)]
    found += [f"{n}: {exact[n]} in setup.py" for n in pins if n in exact and exact[n] != pins[n]]
    for (parent, name), requirement in needed.items():
        # Of a version that is not installed here, nobody knows what it needs.
        is_known = not parent or pins.get(parent) == version(parent)
        if is_known and name in pins and not requirement.specifier.contains(pins[name]):
            found.append(f"{name}: {requirement.specifier} needed by {parent}")
    return found


def test_the_list_is_the_closure() -> None:
    assert faults(TEMPLATE) == []


def test_pins_of_setup_are_among_it() -> None:
    assert {"pyiceberg", "pyarrow", "dagster-pipes", "click", "rich"} <= set(pinned_by_setup()) & set(listed(TEMPLATE))


def test_a_changed_pin_is_noticed() -> None:
    pins = [f"{name}=={pinned}" for name, pinned in listed(TEMPLATE).items()]
    for altered in (
        [pin.replace("pyiceberg==0.12.0", "pyiceberg==0.11.0") for pin in pins],
        [pin.replace("dagster-pipes==", "dagster-pipes==0.") for pin in pins],
        [pin for pin in pins if not pin.startswith("mmh3==")],
        [*pins, "dagster==1.13.27"],
        [f"urllib3==1.0.{i}" if pin.startswith("urllib3==") else pin for i, pin in enumerate(pins)],
    ):
        assert faults(changed(TEMPLATE, "Mappings/Job/Modules/Pinned", altered))


def test_every_job_installs_the_wheel_and_the_list_and_nothing_else() -> None:
    for properties in of_type(TEMPLATE, "AWS::Glue::Job").values():
        arguments = resolved(TEMPLATE, properties["DefaultArguments"])
        assert arguments["--python-modules-installer-option"] == "--no-deps"
        wheel, *modules = arguments["--additional-python-modules"].split(",")
        assert wheel == WHEEL
        assert {name: pinned for name, _, pinned in (m.partition("==") for m in modules)} == listed(TEMPLATE)


def test_the_wheel_is_this_version() -> None:
    assert f"-{version('stedi-lakehouse')}-" in WHEEL
