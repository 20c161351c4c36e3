#!/usr/bin/env bash
# Saving a PDF again and again without a change never comes to rest in PDFium and MuPDF; in pypdf and pikepdf it
# does.
#
# One would expect: every writer puts a new file identifier or none; once a file has been through a program, going
#   through it again changes nothing.
# What happens: for a file that has an identifier pikepdf gives the same bytes each time, and from the first save on
#   its own output again; pypdf the same. PDFium and MuPDF write another file each time, of the same length from the
#   second on; with no_new_id=True MuPDF comes to rest too.
# Seen with: pikepdf 10.18, pypdf 7.1, pypdfium2 5.15.2, PyMuPDF 2.0. Why: the second half of the trailer's /ID is
#   drawn anew; all else is the same.
# For this program: equal bytes are proof enough, but other bytes prove nothing: verify compares objects after that.

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


def with_pikepdf(data):
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(file)
    return file.getvalue()


def with_pypdf(data):
    file = io.BytesIO()
    pypdf.PdfWriter(clone_from=io.BytesIO(data)).write(file)
    return file.getvalue()


def with_pdfium(data):
    file = io.BytesIO()
    pypdfium2.PdfDocument(data).save(file)
    return file.getvalue()


def with_mupdf(data):
    return pymupdf.open(stream=data).tobytes()


def with_mupdf_old_id(data):
    return pymupdf.open(stream=data).tobytes(no_new_id=True)


fresh, file = pikepdf.new(), io.BytesIO()
for _ in range(3):
    page = fresh.add_blank_page(page_size=(300, 100))
    page.Contents = fresh.make_stream(b"1 0 0 RG 10 10 m 90 90 l S")
fresh.save(file, static_id=True)
seen = {}
for save in (with_pikepdf, with_pypdf, with_pdfium, with_mupdf, with_mupdf_old_id):
    chain = [file.getvalue()]
    for _ in range(5):
        chain.append(save(chain[-1]))
    rest = next((number for number in range(5) if chain[number] == chain[number + 1]), None)
    seen[save.__name__] = save(chain[0]) == save(chain[0]), rest is not None
    print(f"{save.__name__:18} same bytes again: {seen[save.__name__][0]!s:5} at rest after saves: {rest}", end="")
    print("; lengths", *map(len, chain))
stated = [(True, True), (True, True), (False, False), (False, False), (True, True)]
sys.exit(list(seen.values()) != stated)
END
