#!/usr/bin/env python3
"""The first day of a fresh node as docs/OPERATING.md section 10 tells it: its command blocks are run as they stand (other
ports), with somebody at the keyboard who answers what is asked; in between the resident's phone acts over HTTP. From an
empty folder to a resident whom the gate lets in, stops once the card is lost, and lets in again once it is found. Then every `ykt key` example of the
manual is run on the keys of this node, as far as a second time makes sense. Run from the root after `make`."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from demo_server import ROOT, YKT, Server, check, end, free_ports

YKT = os.path.abspath(YKT)
BODY = "34010419900307123"
NUMBER = BODY + "10X98765432"[sum(int(c) * w for c, w in zip(BODY, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11]
# Somebody at the keyboard: notes the secrets that are shown once, and types what is asked for.
HANDS = r"""
ykt() {
    case "$1 $2" in
    "simulate sms" | "server run") exec "$YKT" "$@" ;; # so that the job is the program
    "user add") "$YKT" "$@" | tee -a hands.txt ;;
    "user sign-in") python3 hands.py "$3" | "$YKT" "$@" ;;
    "person add") printf '%s\n' "$NUMBER" 张伟 13800000001 | "$YKT" "$@" ;;
    *) "$YKT" "$@" ;;
    esac
}
"""
TYPIST = '''import base64, hmac, re, struct, sys, time
text = open("hands.txt").read().split(sys.argv[1], 1)[1]
password = re.search(r"^password +(\\S+)", text, re.M).group(1)
secret = re.search(r"^TOTP secret +(\\S+)", text, re.M).group(1)
digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
at = digest[19] & 15
print(password)
print("%06d" % ((struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff) % 1000000))
'''


def blocks():
    text = open(os.path.join(ROOT, "docs/OPERATING.md"), encoding="utf-8").read()
    section = re.search(r"^## \d+\. A first day, to try\n(.*?)^## ", text, re.M | re.S).group(1)
    return re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)


class Shell:
    """One bash that runs block after block, as a terminal would."""

    def __init__(self, folder, port):
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "en_GB.UTF-8", "YKT": YKT, "NUMBER": NUMBER}
        self.port = port
        self.log = open(folder + "/log", "w+")
        self.bash = subprocess.Popen(["bash", "-s"], cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=self.log, text=True, start_new_session=True)
        with open(folder + "/hands.py", "w") as f:
            f.write(TYPIST)
        self.bash.stdin.write(HANDS + "set -m -o pipefail\n")

    def run(self, text, **values):
        """Output and the code of the first line that failed, 0 when none did."""
        for name, value in values.items():
            text = "%s=%s\n%s" % (name, value, text)
        for i in range(3):
            text = text.replace(str(8080 + i), str(self.port + i))
        text = re.sub(r"&\n", ">> server.log 2>&1 &\n", text)
        self.bash.stdin.write("failed=0; trap 'code=$?; [ $failed != 0 ] || failed=$code' ERR\n%s\ntrap - ERR; echo; echo \"<end $failed>\"\n" % text)
        self.bash.stdin.flush()
        out = ""
        for line in self.bash.stdout:
            m = re.match(r"<end (\d+)>", line)
            if m:
                return out, int(m.group(1))
            out += line
        return out, -1

    def close(self):
        out, _ = self.run("kill $(jobs -p); wait; true")
        self.bash.stdin.close()
        return self.bash.wait(timeout=60)


def code_of_the_phone(port):
    """The resident signs in by the one-time code that was sent, and asks for the short code below the QR code."""
    server = Server("http://127.0.0.1:%d" % port)
    status, answer = server.ask("POST", "/v1/sign-in-codes", {"number": NUMBER})
    check("a one-time code is on its way", status == 202, answer)
    code = None
    for _ in range(600):
        with urllib.request.urlopen("http://127.0.0.1:%d/messages" % (port + 2), timeout=5) as outbox:
            sent = [m for m in json.load(outbox)["data"] if m["kind"] == "one_time_code"]
        if sent:
            code = sent[0]["code"]
            break
        time.sleep(0.1)
    status, session = server.ask("POST", "/v1/sessions", {"way": "resident", "number": NUMBER, "code": code})
    check("the resident signs in", status == 201, session)
    return server, session.get("token")


def short_code(server, token):
    status, cards = server.ask("GET", "/v1/persons/me/cards", token=token)
    check("the card is the resident's", status == 200 and len(cards["cards"]) == 1, cards)
    status, made = server.ask("POST", "/v1/short-codes", {"card": cards["cards"][0]["id"], "purpose": "entry"}, token)
    if status != 201:
        return None, made
    return made["code"], made


def slots_there(shell):
    for _ in range(60):
        if all("slt_" in shell.run("ykt venue slots " + place)[0] for place in ("$VENUE", "$SECOND")):
            return True
        time.sleep(1)
    return False


def doctor(shell, wanted, env=""):
    out, code = shell.run(env + " ykt doctor --json --config node/ykt.conf")
    check("%s ykt doctor ends with %d" % (env, wanted), code == wanted, (code, out))
    return {row["check"]: row["state"] for row in json.loads(out)} if out.strip() else {}


def gate_says(out):
    rows = [line for line in out.splitlines() if "online" in line]
    return rows[-1] if rows else out


def key_examples(folder, run):
    """Every example of `ykt key`, on this node's keys while the server is stopped, in an order in which each makes sense."""
    lines = []
    for verb in re.findall(r"^  ([a-z-]+) {2,}\S", subprocess.run([YKT, "key", "--help", "--lang", "en"], capture_output=True, text=True).stdout, re.M):
        text = subprocess.run([YKT, "key", verb, "--help", "--lang", "en"], capture_output=True, text=True).stdout
        examples = re.findall(r"^  (ykt key .*)$", text, re.M)
        check("ykt key %s has examples, each with its words" % verb, examples and not re.search(r"^  # *$", text, re.M), text)
        lines += [(verb, line) for line in examples]
        order = ["ceremony", "import-component", "create", "status", "check-value", "rotate", "destroy", "officer-add", "officer-remove", "verify-log"]
    for verb, line in sorted(lines, key=lambda pair: order.index(pair[0])):
        line = line.replace("/media/safe", ".").replace("ykt.conf", "node/ykt.conf")
        if verb == "destroy":
            run("ykt key rotate field --overlap 0s --config node/ykt.conf")
        out, code = run(line)
        wanted = 5 if verb in ("create", "import-component") else 0  # the keys are there
        check(line, code == wanted, (code, out, open(folder + "/log").read()[-400:]))


def day(folder, port):
    shutil.copytree(os.path.join(ROOT, "data"), folder + "/data")
    shell = Shell(folder, port)
    told = blocks()
    check("the section has its blocks", len(told) == 10, len(told))
    try:
        for i, text in enumerate(told[:6]):
            out, code = shell.run(text)
            check("block %d runs" % (i + 1), code == 0, (code, out, open(folder + "/log").read()[-800:]))
        out, code = shell.run('ykt user add late --role clerk --region 340104 --config node/ykt.conf <<< 周')
        check("while the server runs, nobody works on the store itself", code == 5, (code, out))
        out, code = shell.run("ykt server status --config node/ykt.conf")
        check("the parts of the server are well", code == 0 and re.search(r"^keyd +ok", out, re.M), (code, out))
        states = doctor(shell, 0)
        check("and so is what they stand on", states.get("store") == states.get("keyd") == states.get("server_store") == "ok", states)
        phone, token = code_of_the_phone(port)
        check("its slots are made within a minute", slots_there(shell))
        code_text, made = short_code(phone, token)
        check("a short code", code_text, made)
        out, code = shell.run(told[6], CODE=code_text)
        check("the gate lets the resident in", code == 0 and "let_in" in gate_says(out), (code, out, open(folder + "/log").read()[-800:]))
        code_text, made = short_code(phone, token)
        check("a second code, taken before the loss", code_text, made)
        out, code = shell.run(told[7], CODE=code_text)
        check("the clerk reports the card lost", "temporary" in out, (code, out))
        check("the gate stops the card", code == 4 and "refused" in gate_says(out) and "card_stopped" in gate_says(out), out)
        code_text, made = short_code(phone, token)
        check("a lost card is given no code", code_text is None, made)
        out, code = shell.run(told[8])
        check("found, and good again", code == 0, (code, out))
        code_text, made = short_code(phone, token)
        check("a new code", code_text, made)
        out, code = shell.run(told[9], CODE=code_text)
        check("the other gate lets the resident in again", code == 0 and "let_in" in gate_says(out), (code, out, open(folder + "/log").read()[-800:]))
        for name in ("admin.token", "clerk.token", "g1.json", "ykt.conf", "keys.secret"):
            check("%s is readable by its owner only" % name, os.stat("%s/node/%s" % (folder, name)).st_mode & 0o77 == 0)
        _, code = shell.run("kill -INT %2; wait %2")  # as Ctrl-C does: to every process of the server
        said = open(folder + "/server.log").read()
        check("Ctrl-C stops it whole", code == 0 and "by force" not in said and "error" not in said, (code, said[-1500:]))
        out, code = shell.run("ykt audit verify --store sqlite:node/db/ykt.db")
        check("stopped, everything agrees with what was sealed", code == 0, (code, out, open(folder + "/log").read()[-800:]))
        out, code = shell.run("ykt server status --config node/ykt.conf")
        check("nobody answers", code == 7 and out.strip() == "", (code, out))
        states = doctor(shell, 0)
        check("a stopped server is no fault", states.get("server") == states.get("keyd") == "not_seen", states)
        states = doctor(shell, 6, "YKT_DATABASE_URL=sqlite:node/db/other.db")
        check("a store that was never migrated is one", states.get("store") == "wrong" and not os.path.exists(folder + "/node/db/other.db"), states)
        out, code = shell.run("ykt user credentials jiang.zhi --yes --config node/ykt.conf")
        check("who lost the second factor comes back", code == 0 and "otpauth://totp/" in out, (code, out))
        key_examples(folder, shell.run)
    finally:
        shell.close()


if __name__ == "__main__":
    place = tempfile.mkdtemp(prefix="ykt-first-day-")
    try:
        day(place, free_ports(3))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(end())
