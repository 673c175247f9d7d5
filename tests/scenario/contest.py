#!/usr/bin/env python3
"""A contested use goes to the worklist and its answer comes back, with the real programs: a clerk looks, the holder says
that it was not right, another takes it on and answers, the holder is told both times, and the auditor sees it all. Ends with
`N passed, N failed`."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from demo_server import Server, check, end, with_server


def soon(ask, found):
    """What `found` gives of an answer, asked again for a minute."""
    for _ in range(600):
        status, answer = ask()
        got = found(answer) if status == 200 else None
        if got:
            return got
        time.sleep(0.1)
    return None


def key():
    return os.urandom(8).hex()


def run(demo, folder):
    server = Server(demo["base"])
    clerk = next(a for a in demo["accounts"] if a["role"] == "clerk")
    resident = next(r for r in demo["residents"] if r["state"] == "normal" and r["password"])
    secret = {"way": "resident", "number": resident["person_no"], "password": resident["password"]}
    status, session = server.ask("POST", "/v1/sessions", secret)
    check("the holder signs in", status == 201, session)
    holder, staff = session["token"], clerk["api_token"]
    other = next(a for a in demo["accounts"] if a["role"] == "supervisor")["api_token"]
    status, found = server.ask("POST", "/v1/persons/searches", {"card_no": resident["card_no"]}, staff, purpose="counter_service")
    check("a clerk looks", status == 200, found)
    status, lines = server.ask("GET", "/v1/persons/me/access-records", token=holder)
    line = next((one for one in lines["data"] if one["kind"] == "look"), None)
    check("the holder sees it", line is not None, lines)
    path = "/v1/access-records/%s/contests" % line["id"]
    status, made = server.ask("POST", path, {"reason": "not_asked"}, holder, key())
    check("and says that it was not right", status == 201, made)
    status, again = server.ask("POST", path, {"reason": "not_asked"}, holder, key())
    check("once", status == 409 and again["code"] == "record_contested", again)
    item = soon(lambda: server.ask("GET", "/v1/worklist?kind=contested_use", token=staff),
                lambda a: next((i for i in a["data"] if i["subject"]["id"] == made["id"]), None))
    check("it is on the worklist", item is not None and item["state"] == "open" and item["reason"] == "not_asked", item)

    def told(kind):
        return soon(lambda: server.ask("GET", "/v1/persons/me/notices", token=holder),
                    lambda a: next((n for n in a["data"] if n["kind"] == kind), None))

    note = told("contest_received")
    check("the holder is told its number", note is not None and item["number"] in note["text"], note)
    here = "/v1/worklist/" + item["id"]
    status, taken = server.ask("POST", here + "/takings", {}, staff, key())
    check("whose look it was does not take it on", status == 403 and taken["code"] == "case_own_act", taken)
    status, taken = server.ask("POST", here + "/takings", {}, other, key())
    check("another takes it on", status == 201 and taken["state"] == "taken", taken)
    status, answered = server.ask("POST", here + "/answers", {"outcome": "upheld"}, other, key())
    check("and answers", status == 201 and answered["outcome"] == "upheld", answered)
    note = told("contest_answered")
    check("the holder is told the answer", note is not None and item["number"] in note["text"] and "异议成立" in note["text"], note)
    auditor = next(a["api_token"] for a in demo["accounts"] if a["role"] == "auditor")
    status, entries = server.ask("GET", "/v1/audit-entries?kind=look", token=auditor, purpose="supervision")
    check("the auditor sees the look", status == 200 and any(e["id"] == line["id"] for e in entries["data"]), entries)

    status, job = server.ask("POST", "/v1/audit-verifications", {}, auditor, key())
    check("and asks whether the journal is what was sealed", status == 202, job)
    ended = soon(lambda: server.ask("GET", "/v1/audit-verifications/" + job["id"], token=auditor),
                 lambda a: a if a["state"] in ("done", "failed") else None)
    check("it is", ended is not None and ended["state"] == "done", ended)


with_server(run)
sys.exit(end())
