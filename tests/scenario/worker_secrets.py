#!/usr/bin/env python3
"""What may be where, on the running server: no key but the lent blind-index key is in the memory of the
worker or the courier, no key value is in any file, and planted numbers, names and phones are in no
file or log, in text, packed or index form; no process may leave a core. Key values come from
opening the key folder with its secret (tests/scenario/key_values.c). Run from the root of the
repository after `make all tests`; parts whose means are missing are left out and said."""
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from ports import free_ports

YKT = os.path.abspath(os.environ.get("YKT", "build/debug/ykt"))
HELPERS = os.path.join(os.path.dirname(YKT), "tests/scenario/")
NEEDLE = 16  # bytes of a key that must not be found: half of one is too much
passed = failed = 0


def check(title, ok, seen=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED %s: %s" % (title, seen))


# ---- looking


def find(places, needles, folder):
    """Which needles (name -> bytes) are in which places: {name: place}; and the bytes looked at."""
    path = folder + ".needles"
    with open(path, "w") as f:
        for name, value in needles.items():
            f.write("%s %s\n" % (value.hex(), name))
    seen = subprocess.run([HELPERS + "search", path, *places], capture_output=True, text=True, timeout=240)
    os.unlink(path)
    if seen.returncode != 0:
        sys.exit("0 passed, 1 failed: " + seen.stderr)
    lines = seen.stdout.splitlines()
    found = {}
    for line in lines[:-1]:
        place, name = line[len("found "):].split("\t")
        found.setdefault(name, place)
    return found, int(lines[-1].split()[1])


def files_of(folder, but="/"):
    return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
            if os.path.isfile(os.path.join(where, name)) and not name.startswith(but)]


def forms(what, text, least):
    """A value in every form of at least so many bytes in which it could be read back."""
    out = {"%s as UTF-8" % what: text.encode(), "%s as UTF-16 LE" % what: text.encode("utf-16-le"),
           "%s as UTF-16 BE" % what: text.encode("utf-16-be"), "%s as GB 18030" % what: text.encode("gb18030")}
    digits = text.rstrip("X")
    if digits.isdigit():
        even = digits if len(digits) % 2 == 0 else digits[:-1]
        odd = digits[1:] if len(digits) % 2 else digits[1:-1]
        out["%s as packed decimal" % what] = bytes.fromhex(even)
        out["%s as packed decimal, shifted" % what] = bytes.fromhex(odd)
        value = int(digits)
        n = (value.bit_length() + 7) // 8
        out["%s as a big-endian integer" % what] = value.to_bytes(n, "big")
        out["%s as a little-endian integer" % what] = value.to_bytes(n, "little")
    return {name: value for name, value in out.items() if len(value) >= least}


# ---- planting


def citizen_number():
    body = "340104%04d%02d%02d%03d" % (random.randrange(1950, 2000), random.randrange(1, 13), random.randrange(1, 29), random.randrange(1000))
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights)) % 11]


def ask(base, method, path, body=None, **headers):
    data = json.dumps(body).encode() if body is not None else None
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if data:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(base + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except (urllib.error.URLError, OSError) as e:
        return 0, str(e)


def plant(base, demo):
    """Numbers by every way in, also where none belong; {what: text} of all that was sent."""
    planted = {}

    def new(what, value):
        planted[what] = value
        return value

    # where no number belongs: a refusal must not make a record of it
    ask(base, "GET", "/v1/persons/" + new("number in a path", citizen_number()))
    ask(base, "GET", "/v1/version?number=" + new("number in a query", citizen_number()))
    ask(base, "GET", "/v1/version", X_Request_Id=new("number as a request's id", citizen_number()))
    ask(base, "GET", "/v1/version", Authorization="Bearer " + new("number as a token", citizen_number()))
    ask(base, "POST", "/v1/nowhere", {new("number as a field's name", citizen_number()): new("number in a body of no route", citizen_number())})
    ask(base, "POST", "/v1/sessions", {"way": "resident", "number": new("number of a stranger who signs in", citizen_number()), "password": "wrong"})
    ask(base, "POST", "/v1/sign-in-codes", {"number": new("number of a stranger who asks for a code", citizen_number())})
    paths = json.loads(ask(base, "GET", "/v1/openapi.json")[1])["paths"]
    if "post" not in paths.get("/v1/persons", {}):
        print("this server has no POST /v1/persons: only residents of the province are looked for")
        return planted
    token = next(a["api_token"] for a in demo["accounts"] if a["role"] == "clerk")
    for i in range(3):
        body = {"document": "citizen", "number": new("number of a person %d" % i, citizen_number()), "name": new("name of a person %d" % i, "欧阳植物园" + "甲乙丙"[i]),
                "region_code": 340104, "phone": new("phone of a person %d" % i, "1008%07d" % random.randrange(10 ** 7))}
        status, text = ask(base, "POST", "/v1/persons", body, Authorization="Bearer " + token, Idempotency_Key="planted-%d" % i)
        check("a person is added", status == 201, (status, text[:300]))
        status, text = ask(base, "POST", "/v1/persons", {**body, "name": 7}, Authorization="Bearer " + token, Idempotency_Key="wrong-%d" % i)
        check("a wrong field is refused", 400 <= status < 500, (status, text[:300]))
        check("the refusal does not repeat the number", body["number"] not in text, text[:300])
    return planted


def plant_forgotten(base):
    """Texts that an answered request must leave nowhere in the worker's memory: {where: text}."""
    texts = {where: "planted%016xin%s" % (random.getrandbits(64), where) for where in ("path", "header", "body", "immediate", "long")}
    for _ in range(3):
        ask(base, "GET", "/v1/venues/" + texts["path"])
        ask(base, "GET", "/v1/version", X_Purpose=texts["header"])
        ask(base, "POST", "/v1/sign-in-codes", {"number": "1", "unknown": texts["body"]})
        ask(base, "POST", "/v1/checks", {"card": texts["immediate"]})
        ask(base, "POST", "/v1/sign-in-codes", {"number": "1", "unknown": [texts["long"]] * 1000})
    return texts


# ---- the running server


def processes(log):
    return {name: int(pid) for name, pid in re.findall(r"\b([a-z]+) started, process (\d+)", log)}


def readable(pid):
    try:
        with open("/proc/%d/mem" % pid, "rb", 0):
            return True
    except OSError:
        return False


def look(folder, base, demo, keys, log_path):
    planted = plant(base, demo)
    residents = {}
    for i, who in enumerate(demo["residents"][:40]):
        residents["number of resident %d" % i] = who["person_no"]
        residents["phone of resident %d" % i] = who["phone"]
    forgotten = plant_forgotten(base)
    time.sleep(1.5)  # sealer and log have had their turn; a request is overwritten when its answer is out
    pids = processes(open(log_path).read())
    check("keyd, courier and worker run", {"keyd", "worker"} <= set(pids), pids)
    needles = {}
    for what, text in planted.items():
        needles.update(forms(what, text, 5))
    for what, text in residents.items():
        needles.update(forms(what, text, 7))  # many, and in more bytes: shorter ones turn up by chance
    if readable(pids["worker"]) and readable(pids["keyd"]):
        found, looked = find(["pid:%d" % pids["keyd"]], keys, folder)
        check("the search finds keys where they are", len(found) > len(keys) // 2, sorted(set(keys) - set(found)))
        found, looked = find(["pid:%d" % pids["worker"]], {name: text.encode() for name, text in forgotten.items()}, folder)
        check("what requests said is forgotten with the answer", looked > 1 << 20 and not found, found)
        # What a request held may stay in its buffers for a while, and messages are on their way to
        # phones; numbers nobody asked for are nowhere.
        stored = {name: value for name, value in needles.items() if name.startswith("number of resident")}
        for name, pid in pids.items():
            if name == "keyd":
                continue
            found, looked = find(["pid:%d" % pid], {**keys, **stored}, folder)
            lent = {n for n in found if n.startswith("lent")}
            check("no key in the memory of %s, and no number nobody asked for" % name,
                  looked > 1 << 20 and len(stored) > 200 and not set(found) - lent, (found, looked))
            check("the lent key is in the worker and nowhere else: " + name, bool(lent) == (name == "worker"), lent)
    else:
        print("no right to read another process's memory: only files are looked at")
    for name, pid in pids.items():
        limits = open("/proc/%d/limits" % pid).read()
        check("%s leaves no core" % name, re.search(r"Max core file size\s+0\s+0", limits), limits)
    look_at_files(folder, needles, keys, "running")
    return needles


def look_at_files(folder, needles, keys, when):
    # demo.json tells the demonstration's own accounts on purpose
    found, looked = find(files_of(folder, "demo.json"), needles, folder)
    check("no planted value in a file, %s" % when, looked > 1 << 20 and not found, (found, looked))
    found, looked = find(files_of(folder), {**keys, **{n + " in hexadecimal": v.hex().encode() for n, v in keys.items()}}, folder)
    check("no key in a file, %s" % when, looked > 1 << 20 and not found, found)


def main(folder):
    port = free_ports(3)
    made = subprocess.run([YKT, "demo", "make", "--dir", folder, "--store", "sqlite:%s/ykt.db" % folder, "--residents", "100", "--port", str(port), "--lang", "en"],
                          capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    check("a province", made.returncode == 0, made.stderr)
    told = subprocess.run([HELPERS + "key_values", folder + "/keys", folder + "/keys.secret"], capture_output=True, text=True, timeout=60)
    keys = {"%s (%d)" % (line.split()[0], i): bytes.fromhex(line.split()[1])[:NEEDLE] for i, line in enumerate(told.stdout.splitlines())}
    check("the key folder is opened", told.returncode == 0 and len(keys) > 10, told.stderr)
    with open(folder + "/control", "wb") as f:
        f.write(b"x" * 100 + list(keys.values())[0])
    check("the search finds a key in a file", len(find(files_of(folder), keys, folder)[0]) == 1)
    os.unlink(folder + "/control")
    demo = json.load(open(folder + "/demo.json.made"))
    log_path = folder + "/server.log"
    with open(log_path, "wb") as log:
        server = subprocess.Popen([YKT, "server", "run", "--config", folder + "/ykt.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    needles = {}
    try:
        until = time.monotonic() + 60
        while ask(demo["internal"], "GET", "/readyz")[0] != 200 and time.monotonic() < until and server.poll() is None:
            time.sleep(0.2)
        check("the server is ready", server.poll() is None and time.monotonic() < until, open(log_path).read()[-1500:])
        needles = look(folder, demo["base"], demo, keys, log_path)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(40)
    look_at_files(folder, needles, keys, "stopped")


with tempfile.TemporaryDirectory() as place:
    main(place + "/d")
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
