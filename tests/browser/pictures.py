"""Takes the pictures of the README: `scripts/pictures`."""

from __future__ import annotations

import io
import shutil

from PIL import Image
from playwright.sync_api import sync_playwright
from scenes import AT, SCENES
from visitor import PHONE, Visitor
from world import ROOT, World

PLACE = ROOT / "docs" / "pictures"
# A picture shows the top of a page.
COLOURS = 64


def main() -> None:
    """Takes them all, at the size of a phone."""
    path = shutil.which("chromium")
    assert path, "chromium is not installed: scripts/pictures installs it"
    PLACE.mkdir(parents=True, exist_ok=True)
    world = World("--at", AT)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for scene in SCENES:
                context = browser.new_context(
                    viewport={"width": PHONE.width, "height": PHONE.height}, locale="en-GB", reduced_motion="reduce"
                )
                visitor = Visitor(world, context, set(), "en-GB", scripts=True)
                scene.reach(visitor)
                picture = Image.open(io.BytesIO(visitor.page.screenshot()))
                # Few colours make a small file.
                small = picture.convert("RGB").quantize(COLOURS)
                small.save(PLACE / f"{scene.name}.png", optimize=True)
                print(f"docs/pictures/{scene.name}.png: {scene.what}")
                context.close()
            browser.close()
    finally:
        world.stop()


if __name__ == "__main__":
    main()
