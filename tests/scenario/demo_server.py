"""What the scenarios share: a demonstration made in a temporary folder, its server on free ports, and calls of its API."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from ports import free_ports

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
YKT = os.environ.get("YKT", os.path.join(ROOT, "build/debug/ykt"))
RESIDENTS = 300
passed = failed = 0


def check(title, ok, more=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED %s %s" % (title, more))
    return ok


def end():
    """The count, as the last line; the exit code."""
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


class Server:
    def __init__(self, base):
        self.base = base

    def call(self, method, path, body=None, token=None, key=None, purpose=None, lang="en"):
        request = urllib.request.Request(self.base + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", "Bearer " + token)
        if key:
            request.add_header("Idempotency-Key", key)
        if purpose:
            request.add_header("X-Purpose", purpose)
        request.add_header("Accept-Language", lang)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    def ask(self, *args, **named):
        status, body, _ = self.call(*args, **named)
        return status, json.loads(body) if body else {}

def with_server(run, prepare=None):
    """Make a demonstration, let `prepare` change its folder, start it, and `run`."""
    folder = tempfile.mkdtemp(prefix="ykt-loss-")
    port = free_ports(3)
    running = []
    try:
        subprocess.run([YKT, "demo", "make", "--dir", folder, "--store", "sqlite:%s/ykt.db" % folder, "--data", os.path.join(ROOT, "data"),
                        "--residents", str(RESIDENTS), "--port", str(port)], check=True, capture_output=True, timeout=280)
        if prepare:
            prepare(folder)
        log = open(os.path.join(folder, "server.log"), "w")
        for args in (["simulate", "sms", "--port", str(port + 2), "--secret-file", folder + "/sms.secret"],
                     ["server", "run", "--config", folder + "/ykt.conf"]):
            running.append(subprocess.Popen([YKT] + args, stdout=log, stderr=log))
        for _ in range(1200):
            try:
                urllib.request.urlopen("http://127.0.0.1:%d/readyz" % (port + 1), timeout=2)
                break
            except OSError:
                time.sleep(0.1)
        run(json.load(open(os.path.join(folder, "demo.json.made"))), folder)
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
            check("stops when asked", process.wait(timeout=40) == 0)
        if failed:
            print(open(os.path.join(folder, "server.log")).read()[-3000:])
        shutil.rmtree(folder, ignore_errors=True)
