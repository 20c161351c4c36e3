#!/usr/bin/env bash
# How wide a gap must be to be read as a space depends on the reader and the font: in Courier 0.12 em for PDFium,
# 0.15 for MuPDF, 0.29 for pypdf.
#
# One would expect: about a quarter of an em, which is a word space, in all of them.
# What happens: "0.90" and "56" with a growing gap between them become two words at 0.14 em in Helvetica for PDFium
#   and pypdf and at 0.15 for MuPDF; in Times at 0.12 for pypdf and 0.13 for PDFium. pypdf's two modes differ: 0.29
#   and 0.31 in Courier. MuPDF makes a gap of 0.8 em a new line.
# Seen with: pypdf 7.1.0, pypdfium2 5.15.2, PyMuPDF 2.0. Why: pypdf takes about half the width of the font's space,
#   MuPDF a constant; PDFium's rule is its own. A PDF made by TeX has no spaces, only gaps.
# For this program: reported values are read from marked content, glyph by glyph, and not from a reader's text: a
#   thin space within 10 000 is one number for some and two for others.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  pikepdf==10.18.0 pypdf==7.1.0 pypdfium2==5.15.2 pymupdf==2.0 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import io
import sys

import pikepdf
import pymupdf
import pypdf
import pypdfium2

GAPS = range(0, 1001, 10)  # thousandths of an em


def document(font):
    pdf = pikepdf.new()
    kind = {"/Type": pikepdf.Name.Font, "/Subtype": pikepdf.Name.Type1, "/BaseFont": pikepdf.Name(font)}
    resource = pdf.make_indirect(pikepdf.Dictionary(kind))
    for gap in GAPS:
        page = pdf.add_blank_page(page_size=(300, 100))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=resource))
        page.Contents = pdf.make_stream(f"BT /F 10 Tf 20 50 Td [(0.90) {-gap} (56)] TJ ET".encode())
    file = io.BytesIO()
    pdf.save(file)
    return file.getvalue()


def first(texts, mark):
    return next((gap for gap, text in zip(GAPS, texts, strict=True) if mark in text.strip()), None)


seen = {}
for font in ("/Helvetica", "/Times-Roman", "/Courier"):
    data = document(font)
    pages = list(pypdf.PdfReader(io.BytesIO(data)).pages)
    texts = {
        "pypdf": [page.extract_text() for page in pages],
        "pypdf layout": [page.extract_text(extraction_mode="layout") for page in pages],
        "PDFium": [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data)],
        "MuPDF": [page.get_text() for page in pymupdf.open(stream=data)],
    }
    seen[font] = {name: first(found, " ") for name, found in texts.items()}
    print(f"{font:13} a space from (em/1000): {seen[font]}; a line for MuPDF from {first(texts['MuPDF'], chr(10))}")
courier = seen["/Courier"]
sys.exit(not (max(courier.values()) >= 2 * min(courier.values()) and len(set(map(str, seen.values()))) == 3))
END
