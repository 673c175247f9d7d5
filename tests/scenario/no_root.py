#!/usr/bin/env python3
"""No root after the start: a server that root starts with server.user runs its processes as that user, with its groups, without
a right and without a way back, and works; without server.user it refuses, but on a test system. Needs root; else nothing is tried."""
import grp
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from demo_server import ROOT, YKT, Server, check, end
from ports import free_ports

USER = "nobody"


def status_of(pid):
    return dict(line.split(":\t", 1) for line in open("/proc/%d/status" % pid).read().splitlines() if ":\t" in line)


def children(parent):
    with open("/proc/%d/task/%d/children" % (parent, parent)) as f:
        return [int(pid) for pid in f.read().split()]


def ready(port):
    for _ in range(600):
        try:
            return urllib.request.urlopen("http://127.0.0.1:%d/readyz" % port, timeout=2).status == 200
        except OSError:
            time.sleep(0.1)
    return False


def refusals(conf):
    rows = (("root without server.user", ["--set", "server.test=false", "--set", "server.demo=false"], 2, "needs server.user"),
            ("a user who is not", ["--set", "server.user=no-such-user"], 2, "no user no-such-user"),
            ("root itself", ["--set", "server.user=root"], 2, "or it is root"))
    # a live node keeps its keys apart
    for title, sets, code, words in rows:
        done = subprocess.run([YKT, "server", "run", "--config", conf, "--lang", "en", *sets], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        check("%s: refused" % title, done.returncode == code, "%d %s" % (done.returncode, done.stderr[-300:]))
        check("%s: and told" % title, words in done.stderr, done.stderr[-300:])


def run(folder):
    user, port = pwd.getpwnam(USER), free_ports(3)
    subprocess.run([YKT, "demo", "make", "--dir", folder, "--store", "sqlite:%s/db/ykt.db" % folder, "--data", os.path.join(ROOT, "data"), "--residents", "100",
                    "--port", str(port)], check=True, capture_output=True, timeout=280)
    refusals(folder + "/ykt.conf")
    shutil.rmtree(folder + "/run", ignore_errors=True)
    for where, _, names in os.walk(folder):
        for name in [where] + [os.path.join(where, name) for name in names]:
            os.chown(name, user.pw_uid, user.pw_gid)
    log = open(folder + ".log", "w")
    server = subprocess.Popen([YKT, "server", "run", "--config", folder + "/ykt.conf", "--set", "server.user=" + USER], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        if not check("ready", ready(port + 1), open(folder + ".log").read()[-1500:]):
            return
        pids = children(server.pid)
        check("three processes", len(pids) == 3, pids)
        for pid in pids:
            status = status_of(pid)
            name = open("/proc/%d/cmdline" % pid, "rb").read().split(b"\0")[1:3]
            check("%s: its user, all four of them" % name, set(status["Uid"].split()) == {str(user.pw_uid)}, status["Uid"])
            check("%s: its group" % name, set(status["Gid"].split()) == {str(user.pw_gid)}, status["Gid"])
            groups = {str(g.gr_gid) for g in grp.getgrall() if USER in g.gr_mem} | {str(user.pw_gid)}
            check("%s: its groups and no other" % name, set(status["Groups"].split()) <= groups, status["Groups"])
            check("%s: no right" % name, int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, status["CapPrm"])
        for name in ("keyd.sock", "courier.sock"):
            seen = os.stat(folder + "/run/" + name)
            check("%s is the user's alone" % name, seen.st_uid == user.pw_uid and seen.st_mode & 0o777 == 0o600)
        demo = json.load(open(folder + "/demo.json.made"))
        me = demo["residents"][0]
        code, signed = Server(demo["base"]).ask("POST", "/v1/sessions", {"way": "resident", "number": me["person_no"], "password": me["password"]})
        check("it works: somebody signs in", code == 201, signed)
        worker = [pid for pid in pids if b"worker" in open("/proc/%d/cmdline" % pid, "rb").read()][0]
        os.kill(worker, signal.SIGKILL)
        while worker in children(server.pid):
            time.sleep(0.1)
        check("ready again", ready(port + 1))
        check("and one that was restarted is the user's, too", all(status_of(pid)["Uid"].split()[0] == str(user.pw_uid) for pid in children(server.pid)))
    finally:
        server.send_signal(signal.SIGTERM)
        check("stops when asked", server.wait(timeout=40) == 0)


if os.geteuid() != 0:
    print("not root: nothing is tried")
else:
    top = tempfile.mkdtemp(prefix="ykt-root-")
    os.chmod(top, 0o755)
    try:
        os.makedirs(top + "/d/db")
        run(top + "/d")
    finally:
        shutil.rmtree(top, ignore_errors=True)
sys.exit(end())
