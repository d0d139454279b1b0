"""axe-core in a page: what is seriously wrong for whoever uses a keyboard, a screen reader or weak eyes."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
SIZES = {"phone": (360, 740), "wide": (1440, 900)}
# what else than colours would a scheme change?
SCHEMES = {"light": "{}", "dark": '{runOnly: ["color-contrast"]}'}
# colours that are still on their way to another scheme would be measured
STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"
RUN = """async () => {
  const found = await axe.run(document, {...OPTIONS, resultTypes: ["violations"], elementRef: false});
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .flatMap((one) => one.nodes.map((node) => [one.id, node.target.join(" "), node.failureSummary]));
}"""


def violations(page: Page) -> list[str]:
    """Everything serious or critical that axe finds in a page as it stands, in both sizes and both schemes.

    The page's context must bypass its CSP.
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(SCRIPT)
        page.add_style_tag(content=STILL)
    found: list[str] = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme, options in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            nodes: list[Any] = page.evaluate(RUN.replace("OPTIONS", options))
            found += [f"{page.url} {size} {scheme}: {rule} {where}: {why}" for rule, where, why in nodes]
    return found
