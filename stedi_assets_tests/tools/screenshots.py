"""The pictures in docs/screenshots/, taken of the running product (`make screenshots`): the synthetic set, published.

Here: which pictures there are, and of what. Not here: the browser and the UI's pages (`browser`), the page of a
queried table (`table_page`). A new picture is one line in SHOTS.
"""

import base64
import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from stedi_assets_tests.support.browser import HEIGHT, WIDTH, Ui, blank_page, browser, ended
from stedi_assets_tests.support.commands import REPOSITORY, command, stedi_dev
from stedi_assets_tests.support.table_page import table_page

FOLDER = REPOSITORY / "docs" / "screenshots"
MARGIN = 24

CONSENT = """SELECT count(*) AS rows, count(*) FILTER (WHERE sharewithresearchasofdate IS NULL) AS blank_consent
FROM {table}"""
CUSTOMERS = """SELECT customername, email, phone, birthday, serialnumber, sharewithresearchasofdate
FROM {table} ORDER BY lastupdatedate, email LIMIT 14"""
READINGS = """SELECT count(*) AS rows, count(DISTINCT "user") AS users,
       count(*) FILTER (WHERE "user" IN (SELECT email FROM customer_trusted)) AS rows_of_customers_who_agreed
FROM accelerometer_landing"""
MOTIONS = """SELECT "user", "timestamp", x, y, z, source_object, source_offset
FROM accelerometer_landing ORDER BY "timestamp", "user" LIMIT 14"""
STEPS = """SELECT count(*) AS rows, count(DISTINCT serialnumber) AS step_trainers,
       min(distancefromobject) AS nearest_cm, max(distancefromobject) AS farthest_cm
FROM step_trainer_landing"""
DISTANCES = """SELECT sensorreadingtime, serialnumber, distancefromobject, source_object, source_offset
FROM step_trainer_landing ORDER BY sensorreadingtime, serialnumber LIMIT 14"""


@dataclass(frozen=True)
class Product:
    """The product as it runs: its home, its UI."""

    home: Path
    ui: Ui


Shot = Callable[[Product], bytes]


def queried(table: str, *questions: str) -> Shot:
    """A published table, asked by `stedi query`."""

    def shot(product: Product) -> bytes:
        page = blank_page(product.ui.browser)
        page.set_content(table_page(table, [sql.format(table=table) for sql in questions], product.home))
        return page.locator("body").screenshot()

    return shot


def lineage(product: Product) -> bytes:
    """The graph of the sources and tables alone, all groups open, as wide as the other pictures."""
    page = product.ui.graph("raw", "landing", "trusted", "curated")
    boxes = [box for group in page.locator("foreignObject.group").all() if (box := group.bounding_box())]
    left, top = min(box["x"] for box in boxes) - MARGIN, min(box["y"] for box in boxes) - MARGIN
    width = max(box["x"] + box["width"] for box in boxes) + MARGIN - left
    height = max(box["y"] + box["height"] for box in boxes) + MARGIN - top
    # Drawn at that scale, not shrunk afterwards: its text stays sharp.
    clip = {"x": left, "y": top, "width": width, "height": height, "scale": WIDTH / width}
    taken = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "png", "clip": clip})
    return base64.b64decode(taken["data"])


def checks(product: Product) -> bytes:
    """What the training table is checked for; chosen is the one that tells something about the data."""
    page = product.ui.asset("curated/machine_learning_curated", "checks", "pairs_two_customers")
    expect(page.get_by_text("Evaluation result")).to_be_visible()
    return settled(page)


def check_dashboard(product: Product) -> bytes:
    """The dashboard as its asset's page shows it."""
    page = product.ui.asset("check_dashboard")
    row = page.locator("tr").filter(has=page.get_by_text("stedi/dashboard", exact=True))
    row.get_by_text("Show Markdown").click()
    expect(page.get_by_role("dialog").locator("table").first).to_be_visible()
    return settled(page)


def report(product: Product) -> bytes:
    """The page that `stedi report` writes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        written = command("stedi", "report", "--out", str(file), home=product.home)
        if written.returncode != 0:
            raise RuntimeError(f"stedi report failed: {written.stderr}")
        page = blank_page(product.ui.browser)
        page.goto(file.as_uri())
        return page.screenshot(full_page=True)


def settled(page: Page) -> bytes:
    """The page once nothing is under way any more: its requests have been answered, its plots drawn."""
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("Loading...")).to_have_count(0)
    return page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})


SHOTS: dict[str, Shot] = {
    "customer_landing": queried("customer_landing", CONSENT, CUSTOMERS),
    "accelerometer_landing": queried("accelerometer_landing", READINGS, MOTIONS),
    "step_trainer_landing": queried("step_trainer_landing", STEPS, DISTANCES),
    "customer_trusted": queried("customer_trusted", CONSENT, CUSTOMERS),
    "lineage": lineage,
    "checks": checks,
    "check_dashboard": check_dashboard,
    "report": report,
}


def small(png: bytes) -> bytes:
    """The same picture in 256 colours: it is kept in a repository."""
    with Image.open(io.BytesIO(png)) as picture, io.BytesIO() as reduced:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(reduced, "png", optimize=True)
        return reduced.getvalue()


def main() -> int:
    """Publishes the synthetic set in a home of its own, through the UI, and takes every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home, log = Path(folder) / "home", Path(folder) / "dev.log"
        with stedi_dev(home, log) as url, browser() as opened:
            product = Product(home, Ui(opened, url))
            status = ended(product.ui.materialize_all())
            if status != "Success":
                raise RuntimeError(f"the run ended with {status}; Success is expected")
            for name, shot in SHOTS.items():
                (FOLDER / f"{name}.png").write_bytes(small(shot(product)))
                print(FOLDER / f"{name}.png")  # noqa: T201 - the answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
