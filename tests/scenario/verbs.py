#!/usr/bin/env python3
"""Verbs that are clients of the running server: each does what it says with the right token and tells what it may not; exit
codes are those of the documents; with --json standard output is data and a failure one problem object; nothing personal is
an argument; a lost connection is tried again under one key. On a small demonstration of its own. Ends with
`N passed, N failed`."""
import contextlib
import datetime
import http.server
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from demo_server import RESIDENTS, YKT, check, end, with_server


class Desk:
    """A shell of one member of staff."""

    def __init__(self, base, folder, name, token):
        self.file = os.path.join(folder, name + ".token")
        with open(os.open(self.file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(token + "\n")
        self.env = {"PATH": os.environ["PATH"], "LANG": "en_GB.UTF-8", "YKT_SERVER": base, "YKT_TOKEN_FILE": self.file}

    def run(self, *words, stdin="", env=None):
        done = subprocess.run([YKT, *words], input=stdin, capture_output=True, text=True, timeout=60, env={**self.env, **(env or {})})
        return done.returncode, done.stdout, done.stderr

    def does(self, title, *words, stdin="", code=0):
        """The data that comes with --json; a failure's problem otherwise."""
        got, out, err = self.run(*words, "--json", stdin=stdin)
        try:
            data = json.loads(out if code == 0 else err) if (out if code == 0 else err).strip() else None
        except ValueError:
            data = None
        ok = got == code and (code == 0 or (out == "" and data and data["exit"] == code))
        check("%s: ykt %s" % (title, " ".join(words)), ok, (got, out, err))
        return data


def desks(demo, folder):
    return {a["role"]: Desk(demo["base"], folder, a["role"], a["api_token"]) for a in demo["accounts"] if "api_token" in a}


def people(demo, desk):
    clerk, auditor = desk["clerk"], desk["auditor"]
    resident = next(r for r in demo["residents"] if r["state"] == "normal")
    found = clerk.does("found by number", "person", "find", stdin=resident["person_no"] + "\n")
    person, card = found[0]["person"], found[0]["card"]
    check("masked", "*" in found[0]["name"] and "*" in found[0]["number"] and resident["person_no"] not in json.dumps(found), found)
    clerk.does("found by card number", "person", "find", "--card-no", stdin=resident["card_no"] + "\n")
    clerk.does("nobody", "person", "find", stdin="11010519491231002X\n", code=3)
    clerk.does("a number with a wrong check digit", "person", "find", stdin="110105194912310021\n", code=2)
    clerk.does("nothing typed", "person", "find", code=2)
    check("no verb takes a number as an argument", clerk.run("person", "find", resident["person_no"])[0] == 2)
    seen = clerk.does("a record", "person", "show", person)
    check("of that person", seen["id"] == person and "*" in seen["name"], seen)
    clerk.does("cards", "person", "cards", person)
    opened = clerk.does("a value opened", "person", "reveal", person, "--field", "name")
    check("in full", opened["name"] == resident["name"], opened)
    clerk.does("not a clerk's", "person", "uses", person, code=4)
    uses = auditor.does("who looked", "person", "uses", person, "--limit", "50")
    check("the look is there", any("look" in (u["kind"] or "") or u["act"] == "fields_opened" for u in uses), uses)
    lines = auditor.does("what staff did", "audit", "search", "--kind", "look", "--limit", "20")
    check("by name", any(line["user"] == "clerk" for line in lines), lines)
    auditor.does("since a date", "audit", "search", "--from", "2021-08-01", "--to", "2021-08-02T00:00:00+08:00")
    clerk.does("not a clerk's", "audit", "search", code=4)
    return person, card


def cards(desk, person, card):
    clerk, boss = desk["clerk"], desk["supervisor"]
    clerk.does("a card", "card", "show", card)
    code, out, err = clerk.run("card", "show", "--person", person, "--json=id")
    check("by person: the same", code == 0 and json.loads(out) == {"id": card}, (code, out, err))
    clerk.does("both or neither", "card", "show", code=2)
    clerk.does("no id", "card", "show", "../venues", code=2)
    clerk.does("not there", "card", "show", "crd_0000000000000", code=3)
    lost = clerk.does("lost", "card", "lose", "--person", person, "--reason", "stolen")
    check("temporarily", lost["state"] == "effective" and lost["kind"] == "temporary" and lost["expires_at"], lost)
    check("what comes next is a list", isinstance(lost["next"], list) and "replacement" in lost["next"], lost)
    clerk.does("once", "card", "lose", card, code=5)
    clerk.does("found", "card", "unlose", card)
    clerk.does("not lost", "card", "unlose", card, code=5)
    worker = boss if boss.run("card", "stop", card)[0] == 0 else desk["officer"]
    worker.run("card", "stop", card)
    worker.does("again in use", "card", "resume", card)
    for verb in ("lock", "unlock"):
        code, out, err = clerk.run("card", verb, card)
        check("ykt card %s: done, or not a clerk's" % verb, code in (0, 4) and (code != 0 or card in out), (code, out, err))
    code, out, err = clerk.run("card", "history", card)
    check("a table for people", code == 0 and re.search(r"^when +function +became +epoch$", out, re.M) and err == "", (code, out, err))
    code, out, err = clerk.run("card", "history", card, "--csv")
    check("rows for machines", code == 0 and "at,function,to,epoch" in out, out)
    clerk.does("not without --yes", "card", "cancel", card, "--reason", "own_wish", code=4)
    made = clerk.does("replaced", "card", "replace", card, "--reason", "damaged")
    check("a new card, its number told", made["id"] != card and made["replaces"] == card and made["card_no"], made)
    clerk.does("activated", "card", "activate", made["id"])
    clerk.does("not a clerk's", "card", "cancel", made["id"], "--reason", "own_wish", "--yes", code=4)
    boss.does("cancelled", "card", "cancel", made["id"], "--reason", "own_wish", "--yes")
    issued = clerk.does("a card once more", "card", "issue", "--person", person, "--region", str(made["region_code"]))
    clerk.does("one live card only", "card", "issue", "--person", person, "--region", str(made["region_code"]), code=5)
    key = "verbs-" + issued["id"]
    clerk.does("under a key", "card", "activate", issued["id"], "--idempotency-key", key)
    clerk.does("the same key again is the same answer", "card", "activate", issued["id"], "--idempotency-key", key)
    clerk.does("the same key for something else", "card", "lose", issued["id"], "--idempotency-key", key, code=2)


def pins_and_papers(desk, card, folder):
    clerk, boss = desk["clerk"], desk["supervisor"]
    able = boss if boss.run("pin", "reset", card, stdin="204816\n")[0] == 0 else clerk
    able.does("a PIN anew", "pin", "reset", card, stdin="204816\n")
    able.does("five digits", "pin", "reset", card, stdin="20481\n", code=2)
    able.does("letters", "pin", "reset", card, stdin="20481x\n", code=2)
    able.does("of no card", "pin", "reset", "crd_0000000000000", stdin="204816\n", code=3)
    check("never an argument", able.run("pin", "reset", card, "204816")[0] == 2)
    desk["admin"].does("not an administrator's", "pin", "reset", card, stdin="204816\n", code=4)
    picture = os.path.join(folder, "code.svg")
    made = clerk.does("a code on paper", "paper-code", "make", card, "--days", "7", "--svg", picture)
    check("its text, and a picture that is its owner's", made["text"] and made["days"] == 7 and os.stat(picture).st_mode & 0o77 == 0, made)
    check("a picture", open(picture).read().startswith("<svg xmlns="))
    clerk.does("never over a file", "paper-code", "make", card, "--svg", picture, code=5)
    clerk.does("too long", "paper-code", "make", card, "--days", "181", code=2)
    rows = clerk.does("those that are out", "paper-code", "list", card)
    check("by serial, without the code", [r["serial"] for r in rows] == [made["serial"]] and "text" not in rows[0], rows)
    clerk.does("taken back", "paper-code", "cancel", card, str(made["serial"]))
    clerk.does("no serial", "paper-code", "cancel", card, "../7", code=2)
    clerk.does("one that never was", "paper-code", "cancel", card, "4000000000", code=3)
    check("none is out", clerk.does("none", "paper-code", "list", card) == [])


def newcomer(desk):
    clerk = desk["clerk"]
    body = "34010419880214777"
    number = body + "10X98765432"[sum(int(c) * w for c, w in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11]
    made = clerk.does("a person", "person", "add", "--region", "340104", "--with-phone", stdin="%s\n欧阳·修\n13800000002\n" % number)
    check("has an id", made["id"].startswith("psn_"), made)
    clerk.does("twice", "person", "add", "--region", "340104", stdin="%s\n欧阳·修\n" % number, code=5)
    clerk.does("without a name", "person", "add", "--region", "340104", stdin=number + "\n", code=2)


def places(demo, desk, folder):
    admin, venue = desk["admin"], demo["gates"][0]["venue"]
    rows = admin.does("venues", "venue", "list", "--limit", "250")
    check("over more than one page", len(rows) == 250 and len({r["id"] for r in rows}) == 250, len(rows))
    check("of a city and kind", all(r["city"] == 340100 and r["kind"] == "museum" for r in admin.does("venues", "venue", "list", "--city", "340100", "--kind", "museum")))
    admin.does("no such kind", "venue", "list", "--kind", "x&limit=1", code=2)
    code, out, err = admin.run("venue", "list", "--kind", "nope")
    check("an unknown kind is told the known ones", code == 2 and out == "" and "museum" in err and "service_window" in err, (code, out, err))
    kinds = {r["kind"] for r in admin.does("all venues", "venue", "list", "--limit", "100000")}
    check("every kind that stands in the catalogue can be asked for", all(admin.run("venue", "list", "--kind", k)[0] == 0 for k in kinds), kinds)
    slots = admin.does("slots", "venue", "slots", venue)
    check("has slots", slots and slots[0]["id"].startswith("slt_"), slots)
    admin.does("how many are in", "venue", "inside", venue)
    key = os.path.join(folder, "g9.json")
    made = admin.does("a gate with its key", "terminal", "enroll", "--venue", venue, "--name", "G9", "--key", key)
    check("its key is its owner's only", os.stat(key).st_mode & 0o77 == 0 and json.load(open(key))["id"] == made["id"])
    code, out, err = admin.run("terminal", "enroll", "--venue", venue, "--name", "G8", "--key", os.path.join(folder, "g8.json"))
    check("no empty activation number beside a key", code == 0 and "g8.json" in out and "activation" not in out, (code, out, err))
    admin.does("never over a file", "terminal", "enroll", "--venue", venue, "--name", "G9", "--key", key, code=5)
    check("active", admin.does("seen", "terminal", "show", made["id"])["state"] == "active")
    check("in the list", made["id"] in [r["id"] for r in admin.does("listed", "terminal", "list", "--venue", venue, "--state", "active")])
    other = admin.does("one that is to type a number", "terminal", "enroll", "--venue", venue, "--name", "C9", "--kind", "counter")
    check("the number is told", other["activation"], other)
    admin.does("another number", "terminal", "renew", other["id"])
    admin.does("not without --yes", "terminal", "revoke", made["id"], code=4)
    admin.does("revoked", "terminal", "revoke", made["id"], "--yes")
    desk["clerk"].does("not a clerk's", "terminal", "list", code=4)
    return venue


def bookings(demo, folder, venue):
    resident = [r for r in demo["residents"] if r["state"] == "normal"][1]
    holder = Desk(demo["base"], folder, "holder", "none yet")
    wrong = "%s\n%s\n" % (resident["person_no"], "not the password")
    holder.does("a wrong password", "user", "sign-in", "--resident", "--save", holder.file, stdin=wrong, code=4)
    check("leaves the token file as it was", open(holder.file).read() == "none yet\n")
    holder.does("a resident signs in", "user", "sign-in", "--resident", "--save", holder.file, stdin="%s\n%s\n" % (resident["person_no"], resident["password"]))
    holder.does("who am I", "user", "whoami")
    tomorrow = (datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))) + datetime.timedelta(days=1)).date().isoformat()
    slots = holder.does("tomorrow's slots", "venue", "slots", venue, "--day", tomorrow)
    made = holder.does("booked", "booking", "make", venue, slots[-1]["id"], "--places", "2")
    check("for two", made["places"] == 2 and made["state"] == "made", made)
    holder.does("once", "booking", "make", venue, slots[-1]["id"], code=5)
    check("in the list", made["id"] in [b["id"] for b in holder.does("own", "booking", "list")])
    holder.does("not without --yes", "booking", "cancel", venue, made["id"], code=4)
    holder.does("called off", "booking", "cancel", venue, made["id"], "--yes")


def accounts(desk, folder):
    admin = desk["admin"]
    made = admin.does("an account", "user", "add", "late.comer", "--role", "clerk", "--region", "340100", stdin="周\n")
    check("secrets are told", made["password"] and made["otpauth_uri"].startswith("otpauth://totp/"), made)
    admin.does("the name is taken", "user", "add", "late.comer", "--role", "clerk", "--region", "340100", stdin="周\n", code=5)
    check("in the list", "late.comer" in [u["user"] for u in admin.does("accounts", "user", "list", "--role", "clerk")])
    place = ("--role", "venue", "--region", "340100", "--org", "OPERATOR-SC0068")
    admin.does("an account of one place", "user", "add", "late.keeper", *place, "--limited", stdin="吴\n")
    held = [u["roles"] for u in admin.does("listed", "user", "list", "--role", "venue") if u["user"] == "late.keeper"]
    check("for that place alone", held and "OPERATOR-SC0068" in held[0], held)
    admin.does("limited to nothing", "user", "add", "late.nobody", "--role", "venue", "--region", "340100", "--limited", stdin="吴\n", code=2)
    admin.does("another role", "user", "role", "late.comer", "--role", "agent", "--region", "340100")
    left = admin.does("and back", "user", "role", "late.comer", "--role", "agent", "--region", "340100", "--take-back")
    check("one is left", left["roles"].startswith("clerk 340100") and "agent" not in left["roles"], left)
    file = os.path.join(folder, "late.token")
    admin.does("none into persons' records", "user", "token", "late.comer", "--scope", "card.view", "--days", "3", "--save", file, code=4)
    admin.does("an operator, too", "user", "role", "late.comer", "--role", "operator", "--region", "340100")
    token = admin.does("a token", "user", "token", "late.comer", "--scope", "job.manage", "--days", "3", "--save", file)
    check("in a file of its own, not told", os.stat(file).st_mode & 0o77 == 0 and open(file).read().strip() not in json.dumps(token), token)
    check("listed", [t["id"] for t in admin.does("tokens", "user", "sessions", "late.comer")] == [token["id"]])
    code, out, err = admin.run("user", "sessions", "late.comer", "--limit", "0")
    check("a limit that is none", code == 2, (code, out, err))
    ids = {admin.does("token %d" % i, "user", "token", "late.comer", "--scope", "job.manage", "--save", os.path.join(folder, "t%d" % i))["id"]
           for i in range(2)} | {token["id"]}
    check("all of them", {t["id"] for t in admin.does("tokens", "user", "sessions", "late.comer")} == ids)
    code, out, err = admin.run("user", "sessions", "late.comer", "--limit", "1")
    check("and more is said", code == 0 and "there is more" in err, (code, out, err))
    admin.does("ended", "user", "sessions", "late.comer", "--end", token["id"])
    again = admin.does("new secrets", "user", "credentials", "late.comer", "--yes")
    check("others", again["password"] != made["password"], again)
    admin.does("not without --yes", "user", "disable", "late.comer", code=4)
    check("off", admin.does("switched off", "user", "disable", "late.comer", "--yes")["disabled"] is True)
    check("on", admin.does("switched on", "user", "enable", "late.comer")["disabled"] is False)
    admin.does("nobody", "user", "role", "no.body", "--role", "clerk", "--region", "340100", code=3)
    admin.does("whose account?", "user", "sign-in", "--save", file, stdin="a\nb\n", code=2)
    check("who am I", admin.does("whoami", "user", "whoami")["kind"] == "staff")
    desk["clerk"].does("not a clerk's", "user", "list", code=4)


def jobs(desk):
    operator = desk["operator"]
    rows = operator.does("jobs", "job", "list")
    check("some", rows and rows[0]["id"].startswith("job_"), rows)
    operator.does("one", "job", "show", rows[0]["id"])
    operator.does("not without --yes", "job", "cancel", rows[0]["id"], code=4)
    done = [r for r in operator.does("done ones", "job", "list", "--state", "done")]
    if done:
        operator.does("what is done is not tried again", "job", "retry", done[0]["id"], code=5)


def waits_for_somebody(demo, desk, folder):
    """A contested use, from the holder's record to its answer."""
    resident = [r for r in demo["residents"] if r["state"] == "normal"][2]
    holder = Desk(demo["base"], folder, "contester", "none yet")
    holder.does("a resident signs in", "user", "sign-in", "--resident", "--save", holder.file, stdin="%s\n%s\n" % (resident["person_no"], resident["password"]))
    person = desk["clerk"].does("by number", "person", "find", stdin=resident["person_no"] + "\n")[0]["person"]
    desk["clerk"].does("a look", "person", "show", person)
    lines = holder.does("own record", "api", "call", "GET", "/v1/persons/%s/access-records" % person)["data"]
    holder.does("that was not me", "api", "call", "POST", "/v1/access-records/%s/contests" % lines[0]["id"], stdin='{"reason": "not_me"}')
    boss = desk["supervisor"]
    for _ in range(100):
        rows = boss.does("open ones", "worklist", "list", "--state", "open", "--kind", "contested_use", "--region", "340000")
        if rows:
            break
        time.sleep(0.1)
    if not check("a row for it", rows and rows[0]["state"] == "open" and rows[0]["number"], rows):
        return
    item = rows[0]["id"]
    boss.does("not answered before it is taken", "worklist", "answer", item, "--outcome", "explained", code=5)
    check("taken", boss.does("taken", "worklist", "take", item)["state"] == "taken")
    check("mine", [r["id"] for r in boss.does("mine", "worklist", "list", "--mine")] == [item])
    check("given back", boss.does("given back", "worklist", "return", item)["state"] == "open")
    boss.does("to whom?", "worklist", "transfer", item, code=2)
    boss.does("nobody there", "worklist", "transfer", item, "--org", "NOPE-1", code=3)
    boss.does("taken again", "worklist", "take", item)
    boss.does("no such outcome", "worklist", "answer", item, "--outcome", "maybe", code=2)
    check("answered", boss.does("answered", "worklist", "answer", item, "--outcome", "explained")["outcome"] == "explained")
    check("closed", boss.does("closed", "worklist", "done", item)["state"] == "closed")
    seen = boss.does("its history", "worklist", "show", item)
    check("all of it", all(word in seen["history"] for word in ("opened", "taken", "returned", "answered", "closed")), seen)
    boss.does("nothing of that id", "worklist", "show", "wrk_0000000000000", code=3)
    desk["operator"].does("not an operator's", "worklist", "list", code=4)


def server_verbs(demo, folder):
    """reload starts the worker anew with new settings; drain ends all of it."""
    conf, log = os.path.join(folder, "ykt.conf"), os.path.join(folder, "server.log")

    def ykt(*words):
        done = subprocess.run([YKT, *words, "--lang", "en", "--json"], capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout, done.stderr

    text = open(conf).read()
    started = open(log).read().count("worker started")
    code, out, err = ykt("server", "reload", "--config", conf, "--set", "no.such=1")
    check("settings that are none are told, nobody is asked", code == 2 and open(log).read().count("worker started") == started, (code, err))
    with open(conf, "a") as f:
        f.write("\n[limits]\nchecks_per_second = 0\n")
    pid = int(open(os.path.join(folder, "run", "lock")).read().split()[0])
    os.kill(pid, signal.SIGUSR1)
    for _ in range(100):
        if "reload refused" in open(log).read():
            break
        time.sleep(0.1)
    check("the server refuses wrong settings by itself", "reload refused" in open(log).read() and open(log).read().count("worker started") == started)
    with open(conf, "w") as f:
        f.write(text + "\n[server]\nhelp = 12345678\n" if "help =" not in text else text)
    check("it goes on", ykt("server", "status", "--config", conf)[0] == 0)
    code, out, err = ykt("server", "reload", "--config", conf)
    check("read anew: a worker more, the same keyd", code == 0 and open(log).read().count("worker started") == started + 1 and
          open(log).read().count("keyd started") == 1, (code, err))
    check("it serves at once", ykt("server", "status", "--config", conf)[0] == 0)
    code, out, err = ykt("server", "drain", "--config", conf)
    check("drained", code == 0 and "worker stopped" in open(log).read() and "by force" not in open(log).read(), (code, err))
    for verb in ("drain", "reload"):
        code, out, err = ykt("server", verb, "--config", conf)
        check("%s: no server runs" % verb, code == 3 and json.loads(err)["code"] == "no_server", (code, err))


def calls(desk):
    admin = desk["admin"]
    check("any call", admin.does("version", "api", "call", "GET", "/v1/version")["name"] == "yikatong")
    check("the description", admin.does("spec", "api", "spec")["openapi"].startswith("3.1"))
    code, out, err = admin.run("api", "call", "POST", "/v1/sessions", "--lang", "en", stdin='{"way": "staff"}')
    check("what the server refused is said with the field", code == 2 and out == "" and "user" in err, (code, out, err))
    admin.does("no method", "api", "call", "BREW", "/v1/version", code=2)
    code, out, err = admin.run("user", "whoami", env={"YKT_TOKEN_FILE": "", "YKT_TOKEN": "x" * 43})
    check("a token that is none", code == 4, (code, err))
    code, out, err = admin.run("user", "whoami", env={"YKT_TOKEN_FILE": "/nonexistent"})
    check("a token file that is not there", code == 4 and "sign-in" in err, (code, err))
    code, out, err = admin.run("user", "whoami", env={"YKT_SERVER": "http://192.0.2.1:80"})
    check("no token in clear text to another machine", code == 2, (code, err))
    code, out, err = admin.run("user", "whoami", env={"YKT_SERVER": "unix:/nonexistent/http.sock"})
    check("nobody there", code == 7 and "/nonexistent/http.sock" in err, (code, err))


class Busy(http.server.BaseHTTPRequestHandler):
    """Answers what the path says: a status and a problem's code, or something that is no server of ours."""

    def do_GET(self):
        status, code = {"/v1/terminals/trm_busy": (503, "not_ready"), "/v1/terminals/trm_partner": (502, "partner"),
                        "/v1/terminals/trm_slow": (429, "too_many_requests")}.get(self.path, (500, ""))
        body = json.dumps({"code": code, "detail": "words"}).encode() if code else b"<h1>another</h1>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def exit_codes(desk):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for path, wanted in (("trm_busy", 75), ("trm_slow", 75), ("trm_partner", 7), ("trm_other", 7)):
        code, out, err = desk["admin"].run("terminal", "show", path, env={"YKT_SERVER": "http://127.0.0.1:%d" % server.server_port})
        check("%s: exit code %d" % (path, wanted), code == wanted and out == "", (code, out, err))
    server.shutdown()


class Lossy(http.server.BaseHTTPRequestHandler):
    """Loses the first two answers."""
    keys, lose = [], 2

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Lossy.keys.append(self.headers["Idempotency-Key"])
        if len(Lossy.keys) <= Lossy.lose:
            self.connection.close()
            return
        body = b'{"id": "crd_71xk2m9q0g4zr"}'
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def lost_connections(desk):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lossy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = {"YKT_SERVER": "http://127.0.0.1:%d" % server.server_port}
    code, out, err = desk["clerk"].run("card", "lock", "crd_71xk2m9q0g4zr", "--json", env=env)
    check("sent again until it is known", code == 0 and len(Lossy.keys) == 3, (code, out, err, Lossy.keys))
    check("under one key", len(set(Lossy.keys)) == 1 and Lossy.keys[0], Lossy.keys)
    Lossy.keys.clear()
    Lossy.lose = 100
    code, out, err = desk["clerk"].run("card", "lock", "crd_71xk2m9q0g4zr", env=env)
    check("what stays unknown is said with the key", code == 7 and Lossy.keys[0] in err and len(set(Lossy.keys)) == 1, (code, err))
    server.shutdown()


def journey(demo, folder):
    with tempfile.TemporaryDirectory(prefix="ykt-verbs-") as own:
        with contextlib.closing(sqlite3.connect("file:%s/ykt.db?mode=ro" % folder, uri=True)) as store:
            check("as many people as were asked for, the named ones among them", store.execute("SELECT COUNT(*) FROM person").fetchone()[0] == RESIDENTS)
        desk = desks(demo, own)
        person, card = people(demo, desk)
        cards(desk, person, card)
        newcomer(desk)
        bookings(demo, own, places(demo, desk, own))
        clerk_card = desk["clerk"].does("cards now", "person", "cards", person)
        pins_and_papers(desk, next(c["id"] for c in clerk_card if c["social"] not in ("replaced", "cancelled")), own)
        waits_for_somebody(demo, desk, own)
        accounts(desk, own)
        jobs(desk)
        calls(desk)
        lost_connections(desk)
        exit_codes(desk)
        server_verbs(demo, folder)
        log = open(os.path.join(folder, "server.log")).read()
        check("nothing personal in the log", not any(r["person_no"] in log for r in demo["residents"]))


if __name__ == "__main__":
    with_server(journey)
    sys.exit(end())
