#!/usr/bin/env python3
"""The living demonstration as its users start it: `script/demo` on free ports in a temporary folder with 500 residents.

Ready in time, demo.json with what it promises, twenty seconds of life, the worker and keyd killed with -9, Ctrl-C, the
same folder again, silence under --no-life, and what it left behind proved by `ykt audit verify`. With YKT_DEMO_STORE
(a PostgreSQL URL of an empty database) the records are kept there. Ends with `N passed, N failed`."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from demo_server import ROOT, Server, check, end
from ports import free_ports

READY_SEC, AGAIN_SEC, LIFE_SEC, ACTS_SEC = 90, 10, 20, 120
RELEASE = os.path.join(ROOT, "build/release/ykt")
MEMBERS = ["base", "openapi", "internal", "store", "sms_outbox", "roots", "accounts", "residents", "gates"]
ROLES = {"agent", "clerk", "supervisor", "officer", "finance", "clearing", "venue", "library", "hospital", "pharmacy",
         "union", "admin", "auditor", "operator", "developer"}
ACCOUNT = ["role", "region_code", "org", "user", "password", "totp_secret", "api_token"]
RESIDENT = ["person_no", "name", "phone", "card_no", "password", "state"]
ACTS = ["进门", "核验", "预约", "取消预约", "挂失", "解挂", "柜台查询"]

class Demo:
    """One run of script/demo on a folder."""

    def __init__(self, folder, port, *more):
        self.folder, self.port = folder, port
        args = ["script/demo", "--port", str(port), "--dir", folder, "--residents", "500", "--pace", "50ms"]
        if os.environ.get("YKT_DEMO_STORE"):
            args += ["--postgres", os.environ["YKT_DEMO_STORE"]]
        self.out = open(folder + ".out", "ab")
        # A group of its own, so that Ctrl-C can be sent to it alone.
        self.process = subprocess.Popen(args + list(more), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.out,
                                        stderr=self.out, start_new_session=True)

    def wait(self, seconds):
        """Seconds until demo.json was there; None when it never was."""
        began = time.monotonic()
        while time.monotonic() - began < seconds and self.process.poll() is None:
            if os.path.exists(self.folder + "/demo.json"):
                return time.monotonic() - began
            time.sleep(0.05)
        return None

    def stop(self, number):
        """The exit code, and how many of its processes are left."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            code = None
        self.out.close()
        return code, len(processes(self.folder))

def processes(folder, *words):
    """Ids of the running processes that name the folder, and these words, in their command lines."""
    found = []
    for pid in os.listdir("/proc"):
        try:
            line = open("/proc/%s/cmdline" % pid, "rb").read().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue
        if pid.isdigit() and int(pid) != os.getpid() and folder in line and all(word in line for word in words):
            found.append(int(pid))
    return found

def status(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0

def lines(folder, since=0):
    with open(folder + "/life.log", encoding="utf-8") as file:
        return file.read().splitlines()[since:]

def faults(folder):
    """Lines of the server's log that are neither information nor told by what was killed."""
    return [line for line in open(folder + "/server.log", encoding="utf-8") if not re.search(r" info +| info$", line)]

def check_members(folder):
    demo = json.load(open(folder + "/demo.json"))
    for name in MEMBERS:
        check("demo.json has " + name, demo.get(name))
    check("only its owner reads it", os.stat(folder + "/demo.json").st_mode & 0o77 == 0)
    check("an account of each role", ROLES <= {one["role"] for one in demo["accounts"]})
    check("accounts are whole", all(one.get(name) for one in demo["accounts"] for name in ACCOUNT))
    check("fifty residents", len(demo["residents"]) >= 50)
    check("residents are whole", all(one.get(name) for one in demo["residents"] for name in RESIDENT))
    check("in different states", len({one["state"] for one in demo["residents"]}) >= 10)
    check("gates with their key files", demo["gates"] and all(os.path.isfile(one["key_file"]) for one in demo["gates"]))
    check("the API answers", status(demo["openapi"]) == 200)
    check("messages are listed", status(demo["sms_outbox"]) == 200)
    return demo

def check_reach(demo):
    """A role limited to an organisation reaches the place that it runs, and no other."""
    server, mine = Server(demo["base"]), demo["gates"][0]["venue"]
    others = [gate["venue"] for gate in demo["gates"] if gate["venue"] != mine]
    token = [one["api_token"] for one in demo["accounts"] if one["role"] == "venue"][0]
    _, seen = server.ask("GET", "/v1/terminals?limit=200", token=token)
    check("staff of a place see its gates alone", {one["venue"] for one in seen.get("data", [])} == {mine}, seen)
    code, answer = server.ask("GET", "/v1/terminals?venue=" + others[0], token=token)
    check("and are refused at another", (code, answer.get("code")) == (403, "region"), answer)
    _, place = server.ask("GET", "/v1/venues/" + mine)
    org = [one["org"] for one in demo["accounts"] if one["role"] == "venue"][0]
    check("whose operator they are", place.get("operator", {}).get("name") == org, (place, org))

def check_life(demo, folder):
    began = time.monotonic()
    while len(lines(folder)) <= LIFE_SEC and time.monotonic() - began < ACTS_SEC:
        time.sleep(0.2)
    check("a visible pace", len(lines(folder)) > LIFE_SEC, len(lines(folder)))
    missing = ACTS
    while missing and time.monotonic() - began < ACTS_SEC:  # who does what next is drawn by lot
        said = lines(folder)
        missing = [act for act in ACTS if not any(" %s " % act in line for line in said)]
        time.sleep(0.2)
    check("somebody does each of them", not missing, missing)
    numbers = [one[name] for one in demo["residents"] for name in ("person_no", "name", "phone", "card_no")]
    log = open(folder + "/life.log").read() + open(folder + "/server.log").read()
    check("no personal value in the logs", not [value for value in numbers if value in log])
    check("no fault", not faults(folder), faults(folder)[:3])
    with urllib.request.urlopen(demo["internal"] + "/readyz", timeout=5) as answer:
        ready = json.loads(answer.read())
    check("no work failed, no message refused, nothing degraded", "degraded" not in json.dumps(ready), ready)
    metrics = urllib.request.urlopen(demo["internal"] + "/metrics", timeout=5).read().decode()
    dead = re.findall(r'^ykt_messages_dead\{topic="([a-z_.]+)"\} (\d+)$', metrics, re.M)
    check("messages of every topic are counted, none dead", dead and all(n == "0" for _, n in dead), dead)
    operator = [one["api_token"] for one in demo["accounts"] if one["role"] == "operator"][0]
    _, jobs = Server(demo["base"]).ask("GET", "/v1/jobs?limit=200", token=operator)
    ended = {one["kind"]: one["state"] for one in jobs["data"]}
    check("the sweep of no-shows ended well", ended.get("venues.no_shows") == "done", ended)

def check_receipt(demo):
    """A loss reported by the test itself is obeyed by the gates, each telling so by its heartbeat."""
    server, me = Server(demo["base"]), demo["residents"][0]
    code, signed = server.ask("POST", "/v1/sessions", {"way": "resident", "number": me["person_no"], "password": me["password"]})
    if not check("the guest signs in", code == 201, signed):
        return None
    token = signed["token"]
    code, loss = server.ask("POST", "/v1/cards/%s/loss-reports" % me["card"], {"kind": "temporary", "reason": "lost"},
                            token, os.urandom(8).hex())
    check("reports a loss", code == 201, loss)
    obeyed, of, path = 0, -1, "/v1/cards/%s/loss-reports/%s" % (me["card"], loss.get("id"))
    for _ in range(225):
        _, receipt = server.ask("GET", path + "/receipt", token=token)
        obeyed, of = receipt.get("obeyed", 0), receipt.get("of", -1)
        if obeyed == of:
            break
        time.sleep(0.2)
    check("every gate obeys, all signed in, within 45 seconds", obeyed == of, "%d of %d" % (obeyed, of))
    clerk = [one["api_token"] for one in demo["accounts"] if one["role"] == "clerk"][0]
    code, _ = server.ask("DELETE", path, token=clerk, key=os.urandom(8).hex())
    check("the clerk lifts it", code == 200)
    return token

def check_killed(demo, folder, what, token):
    pid = processes(folder, what)
    if not check("one process: " + what, len(pid) == 1, pid):
        return
    before, errors = len(lines(folder)), len(faults(folder))
    os.kill(pid[0], signal.SIGKILL)
    began = time.monotonic()
    ready = 0
    while time.monotonic() - began < AGAIN_SEC and ready != 200:
        time.sleep(0.05)
        ready = status(demo["internal"] + "/readyz") if processes(folder, what) not in ([], pid) else 0
    check("ready again within %d s: %s" % (AGAIN_SEC, what), ready == 200)
    done = 0
    while time.monotonic() - began < ACTS_SEC and done <= 3:
        time.sleep(0.2)
        done = len([line for line in lines(folder, before) if " 核验 " in line or " 预约 " in line])
    check("life goes on", done > 3, done)
    code, answer = Server(demo["base"]).ask("GET", "/v1/sessions/current", token=token)
    check("a session outlives it: " + what, code == 200, answer)
    check("no fault but its end", len(faults(folder)) == errors, faults(folder)[errors:][:3])

def check_stop(demo, number, title):
    code, left = demo.stop(number)
    check("%s: exit 0" % title, code == 0, code)
    check("%s: no process left" % title, left == 0, left)
    check("%s: demo.json is gone" % title, not os.path.exists(demo.folder + "/demo.json"))

def check_audit(store, title="the audit finds nothing"):
    done = subprocess.run([RELEASE, "audit", "verify", "--store", store, "--json"], capture_output=True, text=True, timeout=60)
    check(title, done.returncode == 0, done.stdout + done.stderr)

def run(folder):
    port = free_ports(3)
    subprocess.run(["make", "-s", "-j2", "BUILD=release", "all"], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    running = demo = Demo(folder, port)
    try:
        took = demo.wait(READY_SEC)
        if not check("ready in time", took is not None, "see " + folder + ".out"):
            return
        made = check_members(folder)
        check_reach(made)
        check_life(made, folder)
        token = check_receipt(made)
        check_audit(made["store"], "nor while they live")
        check_killed(made, folder, "server worker", token)
        check_killed(made, folder, "keyd serve", token)
        check_stop(demo, signal.SIGINT, "Ctrl-C")
        check_audit(made["store"])

        before = len(lines(folder))
        running = again = Demo(folder, port)
        check("the same folder again", again.wait(READY_SEC) is not None)
        check("nobody was made anew", json.load(open(folder + "/demo.json")) == made)
        said, until = [], time.monotonic() + ACTS_SEC
        while time.monotonic() < until and len(said) <= 6:
            time.sleep(0.2)
            said = lines(folder, before)
        check("life goes on where it was", len(said) > 6, len(said))
        check("and meets no state it did not know", not [line for line in said if "未挂失" in line or "未办" in line], said)
        check_stop(again, signal.SIGTERM, "SIGTERM")

        before = len(lines(folder))
        running = quiet = Demo(folder, port, "--no-life")
        check("without life", quiet.wait(READY_SEC) is not None)
        time.sleep(3)
        check("nobody acts", len(lines(folder)) == before and not processes(folder, "simulate life"))
        check_stop(quiet, signal.SIGTERM, "quiet")
        check_audit(made["store"])
        check("no fault in all of it", not faults(folder), faults(folder)[:5])
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGTERM)

def main():
    top = tempfile.mkdtemp(prefix="ykt-demo-")
    try:
        run(os.path.join(top, "d"))
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return end()

if __name__ == "__main__":
    raise SystemExit(main())
