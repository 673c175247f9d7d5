#!/usr/bin/env python3
"""The one screen in headless Chromium, by its buttons: code, gate, loss, red gate, replacement (tests/browser/journey.mjs).
Left out with a word where node, Chromium or playwright-core is missing. Ends with `N passed, N failed`."""
import os
import re
import shutil
import subprocess
import sys

from demo_server import ROOT, check, end, with_server

BROWSER = os.path.join(ROOT, "tests/browser")


def run(demo, folder):
    made = subprocess.run(["node", "journey.mjs", demo["base"]], cwd=BROWSER, capture_output=True, text=True, timeout=200)
    count = re.findall(r"^(\d+) passed, (\d+) failed$", made.stdout, re.M)
    ok = count and int(count[-1][0]) >= 8 and count[-1][1] == "0"
    check("the journey on the one screen", ok, made.stdout[-2000:] + made.stderr[-1000:])
    print("\n".join(line for line in made.stdout.splitlines() if "second" in line or "秒" in line))


if os.environ.get("YKT_TEST_QUICK") == "1" or not shutil.which("node") or not shutil.which("chromium") or \
        not os.path.isdir(os.path.join(BROWSER, "node_modules/playwright-core")):
    print("the one screen: left out (quick, or no node, Chromium or playwright-core)")
    print("0 passed, 0 failed")
    sys.exit(0)
with_server(run)
sys.exit(end())
