#!/usr/bin/env bash
# watchfiles loses a watched file after the first careful save, and says nothing of files in a folder that is new.
#
# One would expect: watching one file reports every change of it; watching a folder reports every file that appears
#   in it.
# What happens: a file that is replaced (written beside and renamed, as editors do) is reported once, as deleted and
#   modified, and never again, however it is written. Watched through its folder each replacement is reported, as
#   added. A folder made together with three files in it is reported alone: the files never are. With polling both
#   are.
# Seen with: watchfiles 1.3.0, Linux. Why: inotify watches inodes; the name's new inode has no watch, and the watch
#   of a new folder is set after its first files were there.
# For this program: `watch` watches folders and filters names, never a single report.toml; and every build begins
#   with a look at all files, so that an unreported one is still built from.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  watchfiles==1.3.0 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - "$folder" <<'END'
import os
import sys
import threading
import time
from pathlib import Path

from watchfiles import watch

home = Path(sys.argv[1], "watched")
home.mkdir()


def reported(target, act):
    """Return what is reported while `act` runs, each change as kind and name."""
    stop, found = threading.Event(), []

    def listen():
        for changes in watch(target, stop_event=stop, debounce=200, step=50):
            found.extend((change.name, str(Path(path).relative_to(home))) for change, path in changes)

    listener = threading.Thread(target=listen)
    listener.start()
    time.sleep(1)
    act()
    time.sleep(1)
    stop.set()
    listener.join()
    return sorted(found)


def replace_thrice():
    for text in "123":
        (home / "new").write_text(text)
        os.replace(home / "new", home / "report.toml")
        time.sleep(1)


def new_folder():
    (home / "parts").mkdir()
    for name in "abc":
        (home / "parts" / name).write_text("text")


(home / "report.toml").write_text("0")
as_file = reported(home / "report.toml", replace_thrice)
as_folder = [change for change in reported(home, replace_thrice) if "report" in change[1]]
inside = reported(home, new_folder)
print("the file, replaced three times:     ", as_file)
print("the same, watched in its folder:    ", as_folder)
print("a new folder with three files:      ", inside)
once = [name for name, _ in as_file] == ["deleted", "modified"]
sys.exit(not (once and len(as_folder) == 3 and inside == [("added", "parts")]))
END
