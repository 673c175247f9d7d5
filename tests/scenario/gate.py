#!/usr/bin/env python3
"""A gate's life with the real programs: enrolled, signed in, its list fetched, codes judged online and alone, what it
decided alone uploaded, and the receipt of a loss that says when it obeyed.

    tests/scenario/gate.py [DIR]

DIR and the helpers are those of loss_to_refusal.py. The gate is `ykt simulate gate`. Ends with `N passed, N failed`."""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import loss_to_refusal as ground
from demo_server import YKT, Server, check
from loss_to_refusal import Phone, open_gate, p256_new, p256_sign

def scalar_of(pem, folder):
    path = os.path.join(folder, "scalar.pem")
    with open(path, "w") as f:
        f.write(pem)
    text = subprocess.run(["openssl", "ec", "-in", path, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
    lines = text.split("priv:")[1].split("pub:")[0]
    return bytes.fromhex(lines.replace(":", "").replace("\n", "").replace(" ", "")).rjust(32, b"\0")[-32:]

class Gate:
    """A terminal of our own making at a place of the demonstration."""

    def __init__(self, server, demo, folder, venue):
        self.server, self.folder = server, folder
        made = {}
        for account in demo["accounts"]:  # who may set up terminals here
            if "api_token" not in account:
                continue
            body = {"venue": venue, "kind": "gate", "name": "gate.py"}
            status, made = server.ask("POST", "/v1/terminals", body, account["api_token"], os.urandom(8).hex())
            if status == 201:
                break
        check("an operator sets up a gate", status == 201 and "activation" in made, made)
        self.id, self.operator = made["id"], account["api_token"]
        self.pem, point = p256_new(folder)
        text = "YKT enrol 1\n%s\n%s" % (self.id, made["activation"])
        body = {"terminal": self.id, "activation": made["activation"], "suite": "p256", "public_key": point.hex(),
                "signature": p256_sign(folder, self.pem, b"another text").hex()}
        status, answer = server.ask("POST", "/v1/terminal-enrolments", body)
        check("a key that nobody holds is not enrolled", status == 422 and answer["code"] == "key_proof", answer)
        body["signature"] = p256_sign(folder, self.pem, text.encode()).hex()
        status, answer = server.ask("POST", "/v1/terminal-enrolments", body)
        check("the gate's key is enrolled", status == 204, answer)
        like = json.load(open(demo["gates"][0]["key_file"]))
        like.update(id=self.id, suite="p256", private_key=scalar_of(self.pem, folder).hex())
        self.key_file = os.path.join(folder, "gate.key")
        with open(os.open(self.key_file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            json.dump(like, f)
        self.journal = os.path.join(folder, "gate-journal")
        os.mkdir(self.journal)

    def read(self, *codes, alone=False):
        """Rows of the gate's screen."""
        args = [YKT, "simulate", "gate", "--json", "--server", self.server.base, "--key", self.key_file, "--dir", self.journal]
        done = subprocess.run(args + (["--offline"] if alone else []) + [a for c in codes for a in ("--code", c)],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            print(done.stdout, done.stderr)
        out = json.loads(done.stdout) if done.stdout.lstrip().startswith(("[", "{\n")) else None
        if out is None:
            out = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return out if isinstance(out, list) else out.get("data", out.get("rows", [out]))

    def upload(self, token, batch_no, lines, signed_no=None):
        body = json.dumps({"batch_no": batch_no, "lines": lines})
        digest = subprocess.run(["openssl", "dgst", "-sm3", "-binary"], input=body.encode(), capture_output=True, check=True).stdout.hex()
        text = "YKT upload 1\n%d\n%s" % (signed_no or batch_no, digest)
        signature = p256_sign(self.folder, self.pem, text.encode()).hex()
        request = urllib.request.Request(self.server.base + "/v1/check-in-batches", data=body.encode(), method="POST")
        for name, value in (("Content-Type", "application/json"), ("Authorization", "Bearer " + token), ("Ykt-Signature", signature)):
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

def mark_of(folder):
    """The file in which the gate keeps how far its uploads are."""
    return next(name for name in os.listdir(folder) if len(open(os.path.join(folder, name)).read().split()) == 2)

def resident_in(server, resident):
    status, session = server.ask("POST", "/v1/sessions", {"way": "resident", "number": resident["person_no"], "password": resident["password"]})
    check("a resident signs in", status == 201, session)
    return session["token"]

def journey(demo, folder):
    server = Server(demo["base"])
    place = open_gate(server, demo, folder) or demo["gates"][0]
    gate = Gate(server, demo, folder, place["venue"])
    people = [r for r in demo["residents"] if r["state"] == "normal"][:2]
    tokens = [resident_in(server, r) for r in people]
    phones = []
    for i, person in enumerate(people):
        os.mkdir(os.path.join(folder, "phone%d" % i))
        phones.append(Phone(server, os.path.join(folder, "phone%d" % i), tokens[i], person["card"]))
        check("a day's bundle", phones[i].bundle()[0] == 201)

    code = phones[0].code()
    rows = gate.read(code, code, "YK1:" + "0" * 285)
    check("online: let in", len(rows) == 3 and rows[0]["verdict"] == "let_in" and rows[0]["mode"] == "online", rows)
    check("online: the same code again is refused", rows[1]["verdict"] == "refused" and rows[1]["code"] == "code_used", rows)
    check("online: a made-up code is refused", rows[2]["verdict"] == "refused" and rows[2]["mode"] == "online", rows)
    check("it holds a fresh list", 0 <= rows[0]["list_age_sec"] < 3600, rows)

    code = phones[1].code()
    rows = gate.read(code, code, alone=True)
    check("alone: let in", rows[0]["verdict"] == "let_in" and rows[0]["mode"] == "offline", rows)
    check("alone: the same code again is refused", rows[1]["verdict"] == "refused" and rows[1]["code"] == "6117", rows)
    status, seen = server.ask("GET", "/v1/terminals/" + gate.id, token=gate.operator)
    check("nothing waits after the upload", status == 200 and seen["queue"] == 0, seen)
    status, uses = server.ask("GET", "/v1/persons/me/access-records?limit=50", token=tokens[1])
    acts = [u.get("act") for u in uses["data"]]
    check("the holder's record has both", "admitted" in acts and "not_admitted" in acts, acts)

    status, loss = server.ask("POST", "/v1/cards/%s/loss-reports" % people[1]["card"], {"kind": "temporary", "reason": "lost"}, tokens[1], os.urandom(8).hex())
    check("the second card is lost", status == 201, loss)
    path = "/v1/cards/%s/loss-reports/%s/receipt" % (people[1]["card"], loss["id"])
    for _ in range(600):
        status, receipt = server.ask("GET", path, token=tokens[1])
        if receipt.get("position", 0) > 0:
            break
        time.sleep(0.1)
    check("the change is sealed", receipt.get("position", 0) > 0, receipt)
    rows = gate.read(phones[1].code())
    check("online: refused", rows[0]["verdict"] == "refused" and rows[0]["code"] in ("card_stopped", "code_card_changed"), rows)
    mine, late = [], phones[1].code()
    for _ in range(120):  # a list is made at most once a second
        rows = gate.read(late, alone=True)
        status, receipt = server.ask("GET", path, token=tokens[1])
        mine = [g for g in receipt.get("gates", []) if g["terminal"] == gate.id]
        if mine and "obeyed_at" in mine[0]:
            break
        time.sleep(0.5)
    check("alone, with the list: refused", rows[0]["verdict"] == "refused" and rows[0]["mode"] == "offline", rows)
    check("the receipt says when this gate obeyed", len(mine) == 1 and "obeyed_at" in mine[0], (mine, receipt.get("position"), server.ask("GET", "/v1/terminals/" + gate.id, token=gate.operator), rows))

    next_no = int(open(os.path.join(gate.journal, mark_of(gate.journal))).read().split()[1])
    token = ground.gate_token(server, folder, demo["base"], {"id": gate.id, "key_file": gate.key_file})
    line = {"code": code, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "verdict": 0, "places": 1}
    for title, arguments, status_wanted, code_wanted in (
            ("a batch is missing", (next_no + 1, [line]), 409, "upload_gap"),
            ("the first number with other lines", (1, [line]), 409, "upload_different"),
            ("signed for another number", (next_no, [line], next_no + 7), 422, "upload_signature"),
            ("no lines", (next_no, []), 422, "invalid_fields"),
            ("an unknown member", (next_no, [dict(line, name="x")]), 422, "invalid_fields")):
        status, answer = gate.upload(token, *arguments)
        check(title, status == status_wanted and answer.get("code") == code_wanted, (status, answer))
    lines = [line, dict(line, code="YK1:" + "0" * 285), dict(line, at="2099-01-01T00:00:00Z"), dict(line, verdict=77)]
    status, answer = gate.upload(token, next_no, lines)
    ends = [(one["end"], one.get("code")) for one in answer.get("lines", [])]
    check("a code shown before and a forged one are contested, a line of tomorrow and a verdict that is none are refused",
          status == 201 and [e[0] for e in ends] == ["contested"] * 2 + ["refused"] * 2 and
          [e[1] for e in ends[2:]] == ["line_time", "line_verdict"], answer)
    status, again = gate.upload(token, next_no, lines)
    check("sent again: the first answer", status == 201 and again == answer, again)
    supervisor = next(a for a in demo["accounts"] if a["role"] == "supervisor")["api_token"]
    for _ in range(600):
        status, rows = server.ask("GET", "/v1/worklist?kind=contested_use&state=open", token=supervisor)
        rows = [r for r in rows.get("data", []) if r["subject"]["kind"] == "journal_line" and r["reason"] == "let_in_offline"]
        if len(rows) >= 2:
            break
        time.sleep(0.1)
    check("each contested line is a row of the worklist, once", len(rows) == 2, rows)

    # what the gate can't get rid of: a line of tomorrow, and one of a form that is none; behind them a good one
    with open(os.path.join(gate.journal, "journal"), "a") as f:
        f.write("%d 0 1 %s\n" % (4070908800 * 10 ** 6, code) + "%d 6113 1 %s\n" % (time.time() * 10 ** 6, code))
    gate.read(alone=True)
    with open(os.path.join(gate.journal, "journal"), "a") as f:
        f.write("%d 0 77 %s\n" % (time.time() * 10 ** 6, code))
    gate.read(alone=True)
    with open(os.path.join(gate.journal, "journal"), "a") as f:
        f.write("%d 6113 1 %s\n" % (time.time() * 10 ** 6, code))
    gate.read(alone=True)
    kept = [text.split()[0] for text in open(os.path.join(gate.journal, "journal.refused"))]
    check("kept aside, each with its code", kept == ["line_time", "invalid_fields"], kept)
    status, seen = server.ask("GET", "/v1/terminals/" + gate.id, token=gate.operator)
    check("and nothing waits", status == 200 and seen["queue"] == 0, seen)

    status, answer = server.ask("POST", "/v1/terminals/%s/revocations" % gate.id, {}, gate.operator)
    check("the gate is revoked", status == 204, answer)
    status, answer = server.ask("POST", "/v1/check-ins", {"code": code}, token)
    check("and its token is over", status == 401, answer)

if __name__ == "__main__":
    ground.main(journey)
