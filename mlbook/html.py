"""What a page asks for when it is opened: nothing from another host, and nothing that is missing.

Ordinary links (`<a href>`) may lead anywhere, since following them is the reader's decision.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Links that a browser follows by itself; "canonical", "next" or "license" it only notes.
_FETCHED_LINKS = {
    "stylesheet", "icon", "apple-touch-icon", "mask-icon", "manifest", "preload", "prefetch",
    "modulepreload", "preconnect", "dns-prefetch", "prerender",
}  # fmt: skip
_FETCHED_ATTRIBUTES = {
    ("audio", "src"), ("embed", "src"), ("frame", "src"), ("iframe", "src"), ("img", "src"),
    ("input", "src"), ("object", "data"), ("script", "src"), ("source", "src"), ("track", "src"),
    ("video", "src"), ("video", "poster"), ("image", "href"), ("image", "xlink:href"),
    ("use", "href"), ("use", "xlink:href"), ("base", "href"),
}  # fmt: skip
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_CSS_ADDRESS = re.compile(
    r"url\(\s*(?:\"([^\"]*)\"|'([^']*)'|([^)\"'\s]*))\s*\)|@import\s+(?:\"([^\"]*)\"|'([^']*)')",
    re.I,
)


def page_problems(folder: str | Path) -> list[str]:
    """Check all HTML and CSS files under a folder.

    Found are scripts, style sheets, images, fonts, imports, preloads, frames and CSS addresses
    that lie on another host; the same where they lie in the folder but do not exist; and images
    without alternative text.

    Args:
        folder: the root of the site.

    Returns:
        Problems, one a line; empty if there are none.
    """
    folder = Path(folder)
    problems = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            if "<html" not in text.lower():
                continue  # a template that a theme leaves among its static files
            page = _Page()
            page.feed(text)
            wanted, page_notes = page.wanted, page.notes
        elif path.suffix == ".css":
            text = path.read_text(encoding="utf-8")
            wanted, page_notes = [("url()", it) for it in _css_addresses(text)], []
        else:
            continue
        name = path.relative_to(folder).as_posix()
        problems += [f"{name}: {note}" for note in page_notes]
        for what, address in wanted:
            if reason := _problem(address, path, folder):
                problems.append(f"{name}: {what} {reason}: {address[:120]}")
    return problems


def _css_addresses(text: str) -> list[str]:
    found = _CSS_ADDRESS.findall(_CSS_COMMENT.sub("", text))
    return [address for groups in found for address in groups if address]


def _problem(address: str, path: Path, folder: Path) -> str | None:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return "has no readable address"
    if parts.scheme in ("data", "blob", "about", "javascript"):
        return None
    if parts.scheme or parts.netloc:
        return "asks another host"
    if not parts.path:
        return None  # a fragment of the same page
    if parts.path.startswith("/"):
        return "is not relative to the page"  # and is lost if the book is opened as a file
    target = (path.parent / unquote(parts.path)).resolve()
    if folder.resolve() not in target.parents:
        return "lies outside the book"
    return None if target.is_file() else "does not exist"


class _Page(HTMLParser):
    """Collects what a page fetches (`wanted`) and what is wrong with it otherwise (`notes`)."""

    def __init__(self):
        super().__init__()
        self.wanted: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag, attrs):
        attributes = {key: value or "" for key, value in attrs}
        for key, value in attributes.items():
            if (tag, key) in _FETCHED_ATTRIBUTES and value:
                self.wanted.append((f"<{tag} {key}>", value))
            elif key in ("srcset", "imagesrcset"):
                # a data address contains commas, but never a comma and a space
                for candidate in re.split(r",\s+", value):
                    if candidate.strip():
                        self.wanted.append((f"<{tag} {key}>", candidate.split()[0]))
            elif key == "style":
                self.wanted += [("style url()", it) for it in _css_addresses(value)]
        if tag == "link" and _FETCHED_LINKS & set(attributes.get("rel", "").lower().split()):
            self.wanted.append(("<link>", attributes.get("href", "")))
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.notes.append("<meta http-equiv=refresh> leads elsewhere")
        if tag == "img" and not attributes.get("alt", "").strip():
            self.notes.append(f"image without alternative text: {attributes.get('src', '')[:120]}")
        self._in_style = tag == "style"

    def handle_endtag(self, tag):
        if tag == "style":
            self._in_style = False

    def handle_data(self, data):
        if self._in_style:
            self.wanted += [("<style> url()", it) for it in _css_addresses(data)]
