"""The pictures in docs/screenshots/: one for each shot, of a size for a repository."""

import pytest

from stedi_assets_tests.support.browser import NoChromiumError, chromium
from stedi_assets_tests.tools.screenshots import FOLDER, SHOTS

PNG = b"\x89PNG\r\n\x1a\n"


def test_there_is_a_picture_for_each_shot() -> None:
    """Another set of files: take them anew with `make screenshots`."""
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.png" for name in SHOTS}


def test_pictures_are_small() -> None:
    for file in FOLDER.iterdir():
        content = file.read_bytes()
        assert content.startswith(PNG)
        assert len(content) < 400_000, file.name


def test_without_chromium_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoChromiumError, match="apt-get install chromium"):
        chromium()
