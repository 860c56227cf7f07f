"""Papers read back from the PDF that a browser printed: what is on the pages, as poppler reads it.

From a test in another language:

    python3 tests/e2e/_pdf.py FILE --size letter --each WORDS … --whole FIRST LAST …

checks page sizes, "page x of y", that each page has the WORDS, the least size of type, and that the block which begins
with FIRST ends with LAST on the same page; prints {"pages": [text, …], "points": least}, or why not, and exits with 1.
"""
import argparse
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

LEAST_POINTS = 14
SIZES = {"letter": (612, 792), "a4": (595.28, 841.89)}


def tool(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, timeout=60).stdout


def flat(text):
    return re.sub(r"\s+", " ", text)


def check_pages(pdf, size, words):
    """Text of each page, as it is laid out."""
    info = dict(line.split(":", 1) for line in tool("pdfinfo", pdf).splitlines() if ":" in line)
    width, height = (float(n) for n in re.findall(r"[\d.]+", info["Page size"])[:2])
    assert abs(width - SIZES[size][0]) < 2 and abs(height - SIZES[size][1]) < 2, f"{pdf.name}: {info['Page size']}"
    pages = tool("pdftotext", "-layout", pdf, "-").rstrip("\f").split("\f")
    assert int(info["Pages"]) == len(pages), f"{pdf.name}: {info['Pages']} pages, {len(pages)} with text"
    for number, page in enumerate(pages, 1):
        for one in [f"page {number} of {len(pages)}", *words]:
            assert one in flat(page), f"{pdf.name}: page {number} does not say “{one}”:\n{page}"
    return pages


def check_type(pdf):
    """Every piece of text is as large as poppler says the font is: in points, as printed."""
    root = xml.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", tool("pdftohtml", "-xml", "-i", "-stdout", "-zoom", "1", pdf)))
    fonts = {spec.get("id"): float(spec.get("size")) for spec in root.iter("fontspec")}
    used = {text.get("font") for text in root.iter("text") if "".join(text.itertext()).strip()}
    least = min((fonts[font] for font in used), default=0)
    assert least >= LEAST_POINTS, f"{pdf.name}: type of {least} points"
    return least


def check_whole(pages, blocks):
    """A block whose first words stand on a page has its last ones there, too."""
    for first, last in blocks:
        on = next((n for n, page in enumerate(pages) if first in flat(page)), None)
        assert on is not None, f"“{first}” is nowhere"
        place = flat(pages[on])
        assert last in place[place.index(first):], f"the block of “{first}” is cut: “{last}” is not on page {on + 1}"


def main():
    parser = argparse.ArgumentParser(description="Checks a printed paper.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--size", choices=SIZES, default="letter")
    parser.add_argument("--each", nargs="+", default=[], metavar="WORDS")
    parser.add_argument("--whole", nargs=2, action="append", default=[], metavar=("FIRST", "LAST"))
    asked = parser.parse_args()
    try:
        pages = check_pages(asked.file, asked.size, asked.each)
        points = check_type(asked.file)
        check_whole(pages, asked.whole)
    except AssertionError as wrong:
        sys.exit(str(wrong))
    print(json.dumps({"pages": [flat(page) for page in pages], "points": points}))


if __name__ == "__main__":
    main()
