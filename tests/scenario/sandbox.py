#!/usr/bin/env python3
"""The sandbox is in force where it counts, in a release build: the three processes of a running server have a filter, no new
privileges and no core dump, and the courier works in it; what the filter and landlock must refuse, they do, another process's socket to the courier among it
(tests/scenario/sandbox_probe.c enters the same sandbox and tries). Run from the root of the repository; builds what it needs."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

OUT = "build/release/"
os.environ["YKT"] = os.path.abspath(OUT + "ykt")  # before demo_server reads it
from demo_server import ROOT, Server, check, end, with_server  # noqa: E402

ALWAYS = {"read-inside": "allowed", "write-inside": "allowed", "pair-connect": "refused", "ring": "refused", "name": "allowed", "run": "refused", "trace": "refused"}
FILES = {"write-to-read-only": "refused", "read-outside": "refused", "write-outside": "refused"}
UNIX = ("unix-socket", "unix-connect", "unix-connect-wide")
SOCKETS = ("inet-socket", "inet6-socket", "netlink-socket")


def probe(inet):
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(top + "/in/read")
        os.makedirs(top + "/in/write")
        for name in ("/in/read/file", "/other"):
            open(top + name, "w").write("words")
        done = subprocess.run([OUT + "tests/scenario/sandbox_probe", top + "/in", top + "/other", inet], capture_output=True, text=True, timeout=60)
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    check("%s: it enters" % inet, done.returncode == 0 and "filter on" in lines.get("said", ""), done.stdout + done.stderr)
    wanted = dict(ALWAYS)
    if "landlock on" in lines.get("said", ""):
        wanted.update(FILES)
    else:
        print("this kernel has no landlock: files are not tried")
    wanted.update({name: "refused" if inet == "local" else "allowed" for name in SOCKETS})
    wanted.update({name: "refused" if inet == "courier" else "allowed" for name in UNIX})
    if inet == "local":  # whatever stands above the 32 bits of a family: not the one that is allowed
        wanted["unix-connect-wide"] = "refused"
    for name, want in wanted.items():
        check("%s: %s is %s" % (inet, name, want), lines.get(name) == want, lines.get(name))


def gateway_by_name(folder):
    """The courier has to look a name up."""
    path = folder + "/ykt.conf"
    text = open(path).read()
    named = re.sub(r"^(url = http://)127\.0\.0\.1(:\d+/messages)$", r"\1localhost\2", text, flags=re.M)
    check("the gateway has a name", named != text)
    open(path, "w").write(named)


def message_goes_out(demo):
    """The courier does its work in its sandbox."""
    number = demo["residents"][0]["person_no"]
    status, answer = Server(demo["base"]).ask("POST", "/v1/sign-in-codes", {"number": number})
    check("a code is asked for", status in (200, 201, 202), (status, answer))
    came = []
    for _ in range(600):
        came = [one for one in json.load(urllib.request.urlopen(demo["sms_outbox"], timeout=5))["data"] if one.get("code")]
        if came:
            break
        time.sleep(0.1)
    check("the courier finds the gateway and calls it", came, came)


def look(demo, folder):
    message_goes_out(demo)
    log = open(folder + "/server.log").read()
    for name in ("keyd", "courier", "worker"):
        found = re.findall(r"%s started, process (\d+)" % name, log)
        if not check("%s runs" % name, len(found) == 1, found):
            continue
        status = dict(line.split(":\t", 1) for line in open("/proc/%s/status" % found[0]).read().splitlines() if ":\t" in line)
        check("%s: every thread under the filter" % name, all("Seccomp:\t2" in open("/proc/%s/task/%s/status" % (found[0], task)).read() for task in os.listdir("/proc/%s/task" % found[0])))
        check("%s: no new privileges" % name, status["NoNewPrivs"] == "1", status["NoNewPrivs"])
        limit = [line for line in open("/proc/%s/limits" % found[0]) if line.startswith("Max core file size")][0].split()
        check("%s: no core dump" % name, limit[4:6] == ["0", "0"], limit)
        said = [line for line in log.splitlines() if "%s: no new privileges" % name in line]
        check("%s: says so" % name, said and "filter on" in said[0], said)
        check("%s: UNIX sockets as it needs" % name, said and ("no new UNIX sockets" in said[0]) == (name == "courier"), said)
        check("%s: network as it needs" % name, said and ("network no" in said[0]) == (name == "keyd"), said)


subprocess.run(["make", "-s", "-j2", "BUILD=release", "all", OUT + "tests/scenario/sandbox_probe"], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
for inet in ("inet", "local", "courier"):
    probe(inet)
with_server(look, gateway_by_name)
sys.exit(end())
