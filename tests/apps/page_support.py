"""Pages that the program writes: what is in them, and what a browser makes of them."""
import base64
import hashlib
import html.parser
import json
import re
import shutil
import subprocess

from harness import PATIENCE, folder, read

# Elements that a page may consist of, and attributes that could load or run something.
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "label",
            "input", "select", "option", "span", "noscript", "main", "div", "aside", "button", "dl",
            "pre", "script", "canvas", "section", "footer"}
LOADING = {"src", "href", "srcset", "action", "data", "poster", "style", "background", "ping"}


class Page(html.parser.HTMLParser):
    """The page's elements, its script and style, and its records."""

    def __init__(self, file):
        super().__init__(convert_charrefs=False)
        self.elements, self.scripts, self.styles, self.records, self.comments = [], [], [], [], []
        self.policy = ""
        self._into = None
        octets = read(file)
        assert octets.isascii(), "something of a peer's stands there as it is"
        self.feed(octets.decode("ascii"))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        assert tag in ELEMENTS, tag
        attrs = dict(attrs)
        assert not set(attrs) & LOADING and not any(name.startswith("on") for name in attrs), attrs
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        self._into = None
        if tag == "style":
            self._into = self.styles
        elif tag == "script":
            kind = attrs.get("type")
            assert kind in (None, "application/json"), kind
            self._into = self.scripts if kind is None else self.records

    def handle_endtag(self, tag):
        self._into = None

    def handle_data(self, data):
        if self._into is not None:
            self._into.append(data)

    def handle_comment(self, data):
        self.comments.append(data)


def open_page(file):
    page = Page(file)
    assert len(page.scripts) == 1 and len(page.styles) == 1 and page.comments == []
    # Nothing can be loaded, and no other script can run.
    assert "default-src 'none'" in page.policy, page.policy
    for text, kind in ((page.scripts[0], "script"), (page.styles[0], "style")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.policy, kind
        assert not re.search(r"https?:|//[a-z]+\.|@import|url\(|fetch\(|XMLHttp|WebSocket", text)
    assert "innerHTML" not in page.scripts[0] and "eval(" not in page.scripts[0]
    return page, [json.loads(text) for text in page.records]


def dom_of(file, address=""):
    """The page as a browser makes it, or None where there is none."""
    browser = shutil.which("chromium")
    if browser is None:
        return None
    with folder() as profile:
        out = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
             "--window-size=1400,1000", f"--user-data-dir={profile}", "--dump-dom",
             f"file://{file}{address}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=True, timeout=2 * PATIENCE).stdout
    return out.decode("utf-8")
