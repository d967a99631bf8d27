"""Headless Chromium on the Dagster UI: what the tests of the UI and the pictures in docs/ share.

Here: the system's Chromium, opened; the pages of the UI and what a user does on them. Not here: starting `stedi dev`
(`commands`), what is expected of a page (`test_ui`), which pages become pictures (`screenshots`).
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1600, 1000
# Nodes show their names and checks only when the whole graph fits at a scale where these can be read.
GRAPH_WIDTH, GRAPH_HEIGHT = 3200, 2600
# A run waits for the home's lock while another one is on.
RUN_SECONDS, PAGE_SECONDS = 400, 60
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
# The graph from top to bottom is the form that fits a page; it alone takes the room of the navigation, too.
_GRAPH_SETTINGS = """
localStorage.setItem("asset-graph-direction", '"vertical"');
localStorage.setItem("dagster-nav-collapsed", "true");
"""


class NoChromiumError(RuntimeError):
    """There is no Chromium: what was looked for, what to install."""


def chromium() -> str:
    """The system's Chromium. Raises NoChromiumError."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise NoChromiumError(
        f"a browser on PATH is expected ({', '.join(NAMES)}); none was found: install Chromium "
        "(Debian and Ubuntu: apt-get install chromium)"
    )


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium without a window. It reaches this machine alone."""
    # Chromium refuses to run as root within its sandbox.
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=[*_ARGUMENTS, *as_root])
        yield opened
        opened.close()


def blank_page(opened: Browser, width: int = WIDTH, height: int = HEIGHT) -> Page:
    """An empty page, in the place of those before, each of which asks the server for news all the time."""
    for context in opened.contexts:
        context.close()
    page = opened.new_page(
        viewport={"width": width, "height": height}, locale="en-US", timezone_id="UTC", color_scheme="light"
    )
    page.set_default_timeout(PAGE_SECONDS * 1000)
    return page


class Ui:
    """The Dagster UI at an address, as a user goes about in it: one page at a time."""

    def __init__(self, opened: Browser, url: str) -> None:
        self.browser = opened
        self.url = url

    def open(self, path: str, width: int = WIDTH, height: int = HEIGHT) -> Page:
        page = blank_page(self.browser, width, height)
        page.goto(f"{self.url}{path}")
        return page

    def asset(self, key: str, tab: str = "overview", check: str = "") -> Page:
        """An asset's tab: overview, events, checks (one of them chosen) or lineage. `key` is ZONE/TABLE."""
        return self.open(f"/assets/{key}?view={tab}" + (f"&checkDetail={check}" if check else ""))

    def graph(self, *groups: str) -> Page:
        """The lineage of these groups, or of everything: all open, every node's state loaded."""
        page = blank_page(self.browser, GRAPH_WIDTH, GRAPH_HEIGHT)
        page.add_init_script(_GRAPH_SETTINGS)
        selected = " or ".join(f'group:"{group}"' for group in groups)
        page.goto(f"{self.url}/asset-groups" + (f"~{quote(selected, safe='')}" if groups else ""))
        page.locator("foreignObject").first.wait_for()
        if groups:  # the whole graph is drawn first, and it is that which would be opened
            expect(page.locator("foreignObject")).to_have_count(len(groups))
        page.keyboard.press("Alt+e")
        page.wait_for_url("**expanded=*")
        page.reload()  # a graph is fitted to its page when it is first drawn
        page.locator("button:has(> [aria-label='panel_show_right'])").last.click()
        node(page, "machine_learning_curated").wait_for()
        expect(page.get_by_text("Loading...")).to_have_count(0, timeout=PAGE_SECONDS * 1000)
        return page

    def materialize_all(self) -> Page:
        """Launches a run of everything from the graph's page: the run's page."""
        page = self.open("/asset-groups")
        page.get_by_role("button", name="Materialize all").click()
        page.get_by_text("Launched run").wait_for()
        page.get_by_text("View", exact=True).last.click()
        page.wait_for_url("**/runs/*-*")
        return page


def node(page: Page, name: str) -> Locator:
    """The graph's node of an asset, by the last part of its key."""
    return page.locator("foreignObject").filter(has_text=re.compile(f"^{name}Latest event"))


def ended(run: Page) -> str:
    """How the run of that page ended: Success, Failure or Canceled."""
    status = run.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first
    status.wait_for(timeout=RUN_SECONDS * 1000)
    return status.inner_text()
