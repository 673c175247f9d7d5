#!/usr/bin/env python3
"""The one screen in headless Chromium, by its buttons: code, gate, loss, red gate, replacement, the new card's entry
(tests/browser/journey.mjs); then its pages without scripts, the counter's keys, and axe on every main page (live.mjs);
and a resident's errands by keyboard and without scripts (resident.mjs).
Left out with a word where node, Chromium or playwright-core is missing. Ends with `N passed, N failed`."""
import os
import re
import shutil
import subprocess
import sys

from demo_server import ROOT, check, end, with_server

BROWSER = os.path.join(ROOT, "tests/browser")


def drive(script, title, least, *words):
    made = subprocess.run(["node", script, *words], cwd=BROWSER, capture_output=True, text=True, timeout=280)
    count = re.findall(r"^(\d+) passed, (\d+) failed$", made.stdout, re.M)
    ok = count and int(count[-1][0]) >= least and count[-1][1] == "0"
    check(title, ok, made.stdout[-2000:] + made.stderr[-3000:])
    print("\n".join(line for line in made.stdout.splitlines() if "second" in line))


def run(demo, folder):
    somebody = [one for one in demo["residents"] if one["state"] == "normal"][-1]
    # the promise is one second; with sanitizers and beside other tests, only that it comes by itself
    drive("journey.mjs", "the journey on the one screen", 14, demo["base"], "60")
    drive("live.mjs", "pages without scripts, keys, accessibility", 110, demo["base"])
    drive("resident.mjs", "a resident's errands, by keyboard and without scripts", 60, demo["base"], somebody["person_no"], somebody["password"])


if os.environ.get("YKT_TEST_QUICK") == "1" or not shutil.which("node") or not shutil.which("chromium") or \
        not os.path.isdir(os.path.join(BROWSER, "node_modules/playwright-core")):
    print("the one screen: left out (quick, or no node, Chromium or playwright-core)")
    print("0 passed, 0 failed")
    sys.exit(0)
with_server(run)
sys.exit(end())
