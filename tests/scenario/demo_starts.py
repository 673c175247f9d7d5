#!/usr/bin/env python3
"""How script/demo begins, and what it leaves when it is cut off: a port that another program has, a folder that is not a
demonstration's, two at once, kill -9 of the script, a make that was cut, a province of another version, --fresh. With
PostgreSQL (YKT_TEST_POSTGRES, a cluster of tests) also a database that was half made, and one that is not a demonstration's.
A hundred residents, no life. Ends with `N passed, N failed`."""
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

from demo_server import ROOT, check, end
from ports import free_ports

RELEASE = os.path.join(ROOT, "build/release/ykt")


def start(folder, port, *more):
    args = ["script/demo", "--port", str(port), "--dir", folder, "--residents", "100", "--no-life", *more]
    process = subprocess.Popen(args, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    process.began = time.time()
    return process


def refused(title, words, folder, port, *more):
    """It ends by itself with exit code 1 and these words."""
    process = start(folder, port, *more)
    try:
        out = process.communicate(timeout=60)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        out = "not over"
    check(title, process.returncode == 1 and words in out, "%s %s" % (process.returncode, out[-500:]))


def ready(folder, process, seconds=90):
    """demo.json of this run is there: one that was killed leaves its own for a moment."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            if os.stat(folder + "/demo.json").st_mtime > process.began:
                return True
        except OSError:
            pass
        time.sleep(0.05)
    return False


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    try:
        out = process.communicate(timeout=60)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        out = "not over"
    return check("stops when asked", process.returncode == 0, "%s %s" % (process.returncode, out[-500:]))


def processes(folder):
    found = []
    for pid in os.listdir("/proc"):
        try:
            line = open("/proc/%s/cmdline" % pid, "rb").read()
        except OSError:
            continue
        if pid.isdigit() and int(pid) != os.getpid() and folder.encode() in line:
            found.append(line.replace(b"\0", b" "))
    return found


def gone(folder, seconds=30):
    until = time.monotonic() + seconds
    while processes(folder) and time.monotonic() < until:
        time.sleep(0.1)
    return not processes(folder)


def serial(folder):
    return os.stat(folder + "/keys").st_ino, open(folder + "/demo.json.made").read()


def folders(top, port):
    other = top + "/other"
    os.mkdir(other)
    open(other + "/ykt.db", "w").write("somebody's records")
    for more in ((), ("--fresh",)):
        refused("a folder that is not ours is left %s" % " ".join(more), "not a demonstration", other, port, *more)
    check("with all that is in it", os.listdir(other) == ["ykt.db"] and open(other + "/ykt.db").read() == "somebody's records")
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", port + 1))
        busy.listen()
        refused("a port that another program has", "port %d is taken" % (port + 1), top + "/d", port)
    check("nothing was made", not os.path.exists(top + "/d/ykt.conf"))


def runs(folder, port):
    first = start(folder, port)
    if not check("ready", ready(folder, first), first.poll()):
        return stop(first)
    check("the folder is its owner's alone", os.stat(folder).st_mode & 0o77 == 0)
    wide = [name for name in os.listdir(folder) if os.path.isfile(folder + "/" + name) and os.stat(folder + "/" + name).st_mode & 0o77]
    check("and each file in it", not wide, wide)
    check("nothing lies where it was started", not os.path.exists(ROOT + "/run") and not os.path.exists(ROOT + "/derived"))
    refused("another on the same folder", "another demonstration runs", folder, port + 3)
    refused("another on the same port", "is taken", folder + "2", port)
    check("the first goes on", urllib.request.urlopen("http://127.0.0.1:%d/readyz" % (port + 1), timeout=5).status == 200)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=40)
    check("its processes end with it, even by kill -9", gone(folder), processes(folder))
    made = serial(folder)
    again = start(folder, port)
    check("and it starts again", ready(folder, again), again.poll())
    check("on the same province", serial(folder) == made)
    stop(again)
    with sqlite3.connect(folder + "/ykt.db") as db:
        db.execute("UPDATE store_migration SET checksum = 1 WHERE version = 1")
    db.close()
    refused("a province of another version", "--fresh", folder, port)
    check("is left as it is", serial(folder) == made)
    fresh = start(folder, port, "--fresh")
    check("--fresh makes a new one", ready(folder, fresh) and serial(folder) != made)
    stop(fresh)
    os.unlink(folder + "/demo.json.made")  # as if it had been cut while it was being made
    last = start(folder, port)
    check("a make that was cut begins again", ready(folder, last), last.poll())
    stop(last)


def postgres(folder, port, cluster):
    before, _, query = cluster.partition("?")
    base = "ykt_demo_%d" % os.getpid()
    url = before.rsplit("/", 1)[0] + "/" + base + ("?" + query if query else "")

    def sql(where, text):
        return subprocess.run(["psql", "-qtAX", "-v", "ON_ERROR_STOP=1", where, "-c", text], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    check("a database", sql(cluster, "CREATE DATABASE %s" % base).returncode == 0)
    try:
        sql(url, "CREATE TABLE person (name text); INSERT INTO person VALUES ('somebody')")
        refused("a database that is not a demonstration's", "", folder, port, "--postgres", url)
        refused("nor with --fresh", "", folder, port, "--postgres", url, "--fresh")
        check("is left as it is", sql(url, "SELECT name FROM person").stdout.strip() == "somebody")
        sql(url, "DROP TABLE person")
        cut = start(folder, port, "--postgres", url)
        until = time.monotonic() + 60
        while time.monotonic() < until and "9" not in sql(url, "SELECT version FROM store_migration").stdout:
            time.sleep(0.05)
        os.killpg(cut.pid, signal.SIGKILL)
        cut.communicate(timeout=40)
        check("cut while it was being made", gone(folder) and not os.path.exists(folder + "/demo.json.made"))
        again = start(folder, port, "--postgres", url)
        check("it begins again", ready(folder, again), again.poll())
        stop(again)
        fresh = start(folder, port, "--postgres", url, "--fresh")
        check("--fresh empties its own database", ready(folder, fresh), fresh.poll())
        stop(fresh)
    finally:
        sql(cluster, "DROP DATABASE IF EXISTS %s WITH (FORCE)" % base)


def main():
    top = tempfile.mkdtemp(prefix="ykt-demo-")
    port = free_ports(6)
    subprocess.run(["make", "-s", "-j2", "BUILD=release", "all"], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    try:
        folders(top, port)
        runs(top + "/d", port)
        if os.environ.get("YKT_TEST_POSTGRES"):
            postgres(top + "/p", port, os.environ["YKT_TEST_POSTGRES"])
        else:
            print("no PostgreSQL: its part is not tried")
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return end()


if __name__ == "__main__":
    raise SystemExit(main())
