#!/usr/bin/env python3
"""One server a folder, a key folder and a database: a second one says so with exit code 5 and changes nothing, offline verbs
that write refuse beside a running server, those that read work; and all of it lies in the folder of the settings, wherever
the server was started. Run from the root of the repository after `make all`."""
import json
import os
import shutil
import subprocess
import tempfile

from demo_server import ROOT, YKT, Server, check, end, with_server
from ports import free_ports


def ykt(*args, cwd=ROOT):
    return subprocess.run([YKT, *args, "--lang", "en"], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, cwd=cwd)


def told(title, done, words):
    """Exit code 5 and the reason."""
    check(title + ": exit 5", done.returncode == 5, "%d %s" % (done.returncode, done.stderr[-400:]))
    check("%s: says %s" % (title, words), words in done.stderr, done.stderr[-400:])


def run(demo, folder):
    server, store, conf = Server(demo["base"]), demo["store"], folder + "/ykt.conf"
    before = sorted(os.listdir(folder + "/run"))
    check("its sockets lie in the settings' folder", before == ["courier.sock", "keyd.sock", "lock"], before)
    sockets = [os.stat(folder + "/run/" + name).st_ino for name in before]
    check("and nothing where it was started", not os.path.exists(os.path.join(ROOT, "run")) and not os.path.exists(os.path.join(ROOT, "derived")))
    check("the database is its owner's alone", os.stat(folder + "/ykt.db").st_mode & 0o77 == 0 and os.stat(folder + "/ykt.db-wal").st_mode & 0o77 == 0)

    told("a second server", ykt("server", "run", "--config", conf), "a server runs on")
    other = ["--set", "server.run_folder=" + folder + "/run2", "--set", "derived.folder=" + folder + "/derived2"]
    port = free_ports(2)
    ports = ["--set", "server.listen=127.0.0.1:%d" % port, "--set", "server.internal=127.0.0.1:%d" % (port + 1)]
    told("one with its own run folder", ykt("server", "run", "--config", conf, *other, *ports), "has the key folder")
    shutil.copytree(folder + "/keys", folder + "/keys2")
    told("one with its own keys, too", ykt("server", "run", "--config", conf, *other, *ports, "--set", "keys.folder=" + folder + "/keys2"),
         "another process writes this database")

    told("an import beside it", ykt("catalogue", "import", "data", "--store", store), "another process writes this database")
    told("raising the incarnation", ykt("db", "raise-incarnation", "--store", store), "another process writes this database")
    for title, args in (("status", ["db", "status"]), ("backup", ["db", "backup", "--file", folder + "/copy"]), ("audit", ["audit", "verify"])):
        done = ykt(*args, "--store", store)
        check("%s works beside it" % title, done.returncode == 0, done.stderr)
    check("a backup is its owner's alone", os.stat(folder + "/copy").st_mode & 0o77 == 0)

    check("the same sockets", [os.stat(folder + "/run/" + name).st_ino for name in before] == sockets)
    me = demo["residents"][0]
    code, signed = server.ask("POST", "/v1/sessions", {"way": "resident", "number": me["person_no"], "password": me["password"]})
    check("the first goes on", code == 201, signed)


def check_paths():
    """Relative paths of a file, given and preset, count from its folder."""
    top = tempfile.mkdtemp(prefix="ykt-paths-")
    try:
        os.mkdir(top + "/conf")
        open(top + "/conf/ykt.conf", "w").write("[server]\nlisten = unix:run/http.sock\ntest = true\n[database]\nurl = sqlite:ykt.db\n[keys]\nsecret_file = ykt.conf\n")
        for where, name in ((ROOT, top + "/conf/ykt.conf"), (top, "conf/ykt.conf")):
            done = ykt("config", "show", "--config", name, "--json", cwd=where)
            text = done.stdout
            at = os.path.dirname(name)
            for wanted in (at + "/run", at + "/derived", at + "/keys", "unix:%s/run/http.sock" % at):
                check("%s from %s" % (wanted, where), json.dumps(wanted) in text, text[-600:] + done.stderr)
    finally:
        shutil.rmtree(top)


def check_demo():
    """A demonstration's roles by a click need a test system and keys that say so."""
    with tempfile.TemporaryDirectory(prefix="ykt-demo-") as top:
        open(top + "/ykt.conf", "w").write("[server]\ndemo = true\ntest = true\n[database]\nurl = sqlite:db/ykt.db\n[keys]\nsecret_file = ykt.conf\ntest = true\n")
        rows = (("as it is", [], 0, ""), ("no test system", ["server.test=false"], 2, "server.demo: only together with server.test"),
                ("keys of a device", ["keys.device=pkcs11", "keys.test=false"], 2, "server.demo: only with keys that are marked"))
        for title, sets, code, words in rows:
            done = ykt("server", "check", "--config", top + "/ykt.conf", *[word for one in sets for word in ("--set", one)])
            check("a demonstration, %s" % title, done.returncode == code and words in done.stderr, "%d %s" % (done.returncode, done.stderr))


check_paths()
check_demo()
with_server(run)
raise SystemExit(end())
