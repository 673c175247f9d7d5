#!/usr/bin/env python3
"""Every operation of the API, as its own description tells it, asked wrongly: broken JSON, another media type, a missing,
unknown, mistyped or over-long member, no key, a forged token, a foreign id, an unknown parameter. Each must be refused
with a 4xx problem that has a code and words in both languages, and never with a fault. Each is asked by somebody who may ask it,
so that it is the input that is refused. Before that the description's own examples are sent, of which no field may be refused. Ends with `N passed, N failed`."""
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

from collections import Counter

from demo_server import Server, check, end, with_server
from loss_to_refusal import gate_token

FORGED_ID = "0123456789abc"
codes = Counter()  # what was answered, by code
residents = []     # tokens: several take turns, a person may ask ten times a second


def ask(base, method, path, body, headers, lang="en"):
    request = urllib.request.Request(base + path, method=method, data=body)
    for name, value in headers.items():
        request.add_header(name, value)
    request.add_header("Accept-Language", lang)
    if headers.get("Authorization", "")[7:] in residents:
        residents.append(residents.pop(0))
        request.add_header("Authorization", "Bearer " + residents[0])
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            refusal = error.code, dict(error.headers), error.read()
        if refusal[0] != 429 or int(refusal[1].get("Retry-After", "9")) > 2:
            return refusal
        time.sleep(0.2)  # a caller like this one is slowed down; it does as it is told
    return refusal


def refused(title, answer, wanted):
    status, headers, body = answer
    try:
        problem = json.loads(body)
    except ValueError:
        problem = {}
    codes[problem.get("code")] += 1
    ok = status in wanted and headers.get("Content-Type", "").startswith("application/problem+json") and \
        re.fullmatch(r"[a-z0-9_]+", problem.get("code", "")) and problem.get("detail") and problem.get("request_id")
    check(title, ok, "%d %s, wanted %s" % (status, body[:300], sorted(wanted)))
    return problem


def wrong_values(schema):
    """A value of another type, and one that is too long or too large."""
    kind = schema.get("type")
    if kind == "string":
        return [7, {"a": 1}, "x" * 5000]
    if kind == "integer":
        return ["seven", 1.5, 10 ** 30]
    if kind == "boolean":
        return ["yes", 3]
    return ["no such thing", 3.25]


def value_of(parameter):
    """An id of the right form that names nothing, for a parameter of a path."""
    if parameter in ("person", "code", "serial"):
        return {"person": "me", "code": "x", "serial": "12"}[parameter]
    prefix = {"venue": "ven", "slot": "slt", "card": "crd", "loss": "los", "device": "dev", "terminal": "trm", "booking": "bkg",
              "line": "jrn", "staff": "stf", "token": "tkn", "job": "job", "verification": "job", "item": "wrk", "relation": "rel"}.get(parameter, "x")
    return prefix + "_" + FORGED_ID


def who_may(base, method, path, headers, tokens):
    """The token of somebody whose role reaches the operation, and who that is. Nothing is done: the body is broken."""
    for role, token in tokens.items():
        status, _, body = ask(base, method, path, b"{" if method == "POST" else None,
                              dict(headers, Authorization="Bearer " + token, **{"Content-Type": "application/json"}))
        if status != 403 or json.loads(body).get("code") != "scope":
            return role, token
    return None, None


def operation(base, document, method, path, op, tokens):
    where = "%s %s" % (method.upper(), path)
    concrete = re.sub(r"\{(\w+)\}", lambda m: value_of(m.group(1)), path)
    names = [p["$ref"].rsplit("/", 1)[1] for p in op.get("parameters", []) if "$ref" in p]
    public = {} in op.get("security", [None])
    headers = {"X-Purpose": "counter_service", "Idempotency-Key": os.urandom(8).hex()}
    if method == "delete" and "{" not in path:  # of oneself: there is nothing wrong to ask
        refused(where + ": nobody is signed in", ask(base, method.upper(), concrete, None, headers), {401})
        return
    if "text/event-stream" in json.dumps(op["responses"]):
        return
    role, token = who_may(base, method.upper(), concrete, headers, tokens)
    if not check(where + ": somebody may ask it", role):
        return
    signed = dict(headers, Authorization="Bearer " + token)
    if not public:
        refused(where + ": nobody is signed in", ask(base, method.upper(), concrete, None, headers), {401, 400})
        refused(where + ": a forged token", ask(base, method.upper(), concrete, None,
                                               dict(headers, Authorization="Bearer " + "A" * 43)), {401, 400})
    if method == "get":
        refused(where + ": an unknown parameter", ask(base, "GET", concrete + "?nonsense=1", None, signed), {400})
        if "{" in path and "me" not in concrete:
            refused(where + ": a foreign id", ask(base, "GET", concrete, None, signed), {404})
        return
    if "{" in path and "requestBody" not in op:
        refused(where + ": a foreign id", ask(base, method.upper(), concrete, None, signed), {404})
        return
    if "requestBody" not in op:
        return
    content = op["requestBody"]["content"]["application/json"]
    examples = [content["example"]] if "example" in content else [e["value"] for e in content["examples"].values()]
    example, schema = examples[0], content["schema"]
    typed = dict(signed, **{"Content-Type": "application/json"})
    no = {400, 403, 404, 409, 413, 415, 422, 429}

    def send(title, body, wanted=no, head=typed):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = dict(head, **{"Idempotency-Key": os.urandom(8).hex()}) if "Idempotency-Key" in head else head
        return refused(where + ": " + title, ask(base, method.upper(), concrete, data, head), wanted)

    for body in examples:  # what it names need not be there, but every field is right
        key = {"Idempotency-Key": os.urandom(8).hex()} if "Idempotency-Key" in typed else {}
        status, _, answer = ask(base, method.upper(), concrete, json.dumps(body).encode(), dict(typed, **key))
        wrong = [e["pointer"] for e in json.loads(answer or b"{}").get("errors", []) if status == 422]
        wrong = [at for at in wrong if not re.fullmatch(r"[a-z]{3}_[0-9a-z]{13}", str(body.get(at[1:])))]  # ids are sealed by each node's own key
        check("%s: the example %s can be sent" % (where, json.dumps(body, ensure_ascii=False)),
              status != 400 and not wrong and not (status == 422 and b'"number_' in answer or b'"check_digit"' in answer), (status, answer[:400]))

    early = {400, 429} | ({404} if "{" in path else set())  # 429: what takes a guessable secret slows down a caller like this one
    send("broken JSON", b'{"a":', early)
    send("not an object", b"[1]", no)
    send("a member named twice", b'{"a":1,"a":2}', early)
    send("bytes that are no UTF-8", b'{"a":"\xff"}', early)
    send("another media type", json.dumps(example).encode(), {415} | early, dict(signed, **{"Content-Type": "text/plain"}))
    send("an unknown member", dict(example, nonsense=1))
    for name, member in schema["properties"].items():
        while "$ref" in member:
            member = document["components"]["schemas"][member["$ref"].rsplit("/", 1)[1]]
        for value in wrong_values(member):
            send("%s = %.30r" % (name, value), dict(example, **{name: value}))
        if name in schema["required"]:
            send("without " + name, {k: v for k, v in example.items() if k != name})
    if "IdempotencyKey" in names:
        without = {k: v for k, v in typed.items() if k != "Idempotency-Key"}
        send("without a key", example, {400, 429}, without)
        send("a key with a space", example, {400, 429}, dict(without, **{"Idempotency-key": "a b"}))


def run(demo, folder):
    base = demo["base"]
    document = json.loads(urllib.request.urlopen(base + "/v1/openapi.json", timeout=20).read())
    staff = {a["role"]: a["api_token"] for a in demo["accounts"]}
    for guest in [r for r in demo["residents"] if r["state"] == "normal"][:8]:
        status, session = Server(base).ask("POST", "/v1/sessions", {"way": "resident", "number": guest["person_no"], "password": guest["password"]})
        if check("a resident signs in", status == 201, session):
            residents.append(session["token"])
    tokens = {"resident": residents[0], "gate": gate_token(Server(base), folder, base, demo["gates"][0])}
    tokens.update(staff)
    for path, methods in sorted(document["paths"].items()):
        for method, op in methods.items():
            operation(base, document, method, path, op, tokens)
    check("few were only too many", codes["too_many_requests"] * 5 < sum(codes.values()), codes.most_common(12))
    check("none was only a matter of the role", codes["scope"] == 0, codes["scope"])
    en = json.loads(ask(base, "GET", "/v1/cards/crd_" + FORGED_ID, None, {}, "en")[2])
    zh = json.loads(ask(base, "GET", "/v1/cards/crd_" + FORGED_ID, None, {}, "zh-CN")[2])
    check("words in both languages", en["code"] == zh["code"] and en["detail"] != zh["detail"], (en, zh))
    counts = urllib.request.urlopen(demo["internal"] + "/metrics", timeout=20).read().decode()
    check("and the server lives", "ykt_info" in counts)


with_server(run)
sys.exit(end())
