#!/usr/bin/env python3
"""deploy/ does what it says: the example settings can be used, the units are understood, and nginx with
our site in front of a running server speaks TLS and HTTP/2, tells the caller's address, keeps what
it must from the server, and says "not known" when the server is away. Run from the root of the
repository after `make`; parts whose program is missing are left out and said."""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from ports import free_ports

YKT = os.path.abspath(os.environ.get("YKT", "build/debug/ykt"))
passed = failed = 0


def check(title, ok, seen=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED %s: %s" % (title, seen))


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def check_settings(folder):
    secret = folder + "/secret"
    with open(secret, "w") as f:
        f.write("not a real one\n")
    for name in ("ykt-sqlite.conf", "ykt-postgresql.conf"):
        seen = run(YKT, "server", "check", "--config", "deploy/" + name, "--set", "keys.secret_file=" + secret,
                   "--set", "sms.secret_file=" + secret, "--lang", "en")
        check("deploy/%s can be used" % name, seen.returncode == 0, seen.stderr)
    os.environ["YKT_DATABASE_URL"] = "sqlite:/var/lib/ykt/ykt.db"
    seen = run(YKT, "server", "check", "--config", "deploy/ykt-sqlite.conf", "--set", "keys.secret_file=" + secret,
               "--set", "sms.secret_file=" + secret, "--lang", "en")
    del os.environ["YKT_DATABASE_URL"]
    check("keys below the database's folder are refused", seen.returncode == 2 and "keys.folder: must not lie in the database's folder" in seen.stderr, seen.stderr)


def check_units():
    for name in ("ykt-key", "ykt-user"):
        check("sh understands deploy/" + name, run("sh", "-n", "deploy/" + name).returncode == 0)
        words = open("deploy/" + name).read()
        check("deploy/%s runs as the service does" % name, "User=ykt" in words and "LimitCORE=0" in words and "MemorySwapMax=0" in words)
    if not shutil.which("systemd-analyze"):
        print("no systemd-analyze: units are not looked at")
        return
    for name in ("ykt.service", "ykt-backup.service", "ykt-backup.timer"):
        seen = run("systemd-analyze", "verify", "deploy/" + name)
        # what a machine without the installed program and its man pages can't have
        wrong = [l for l in seen.stderr.splitlines() if "deploy/" in l]
        check("systemd understands deploy/" + name, not wrong, wrong)


def nginx_config(folder, port):
    """The site as it stands, with other ports and paths."""
    site = open("deploy/nginx.conf").read()
    site = site.replace("/run/ykt/http.sock", folder + "/run/http.sock")
    site = re.sub(r"listen \[::\]:\d+[^;]*;", "", site)
    site = site.replace("listen 80;", "listen 127.0.0.1:%d;" % port).replace("listen 443 ssl http2;", "listen 127.0.0.1:%d ssl http2;" % (port + 1))
    site = site.replace("/etc/ykt/tls/", folder + "/").replace("/etc/ykt/nginx-proxy.conf", os.path.abspath("deploy/nginx-proxy.conf"))
    site = site.replace("/var/log/nginx/ykt.log", folder + "/access.log")
    text = "daemon off; worker_processes 1; pid %s/nginx.pid; error_log %s/error.log;\nevents {}\nhttp {\n" % (folder, folder)
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        text += "%s_temp_path %s/%s;\n" % (kind, folder, kind)
    with open(folder + "/nginx.conf", "w") as f:
        f.write("user %s;\n" % os.environ.get("USER", "root") * (os.getuid() == 0) + text + site + "}\n")
    return folder + "/nginx.conf"


def raw(port, data, wait=5.0):
    """Bytes over TLS; the answer's bytes until the other side ends or is quiet."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    out = b""
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain, server_hostname="card.example.gov.cn") as s:
        s.sendall(data)
        s.settimeout(wait)
        try:
            while True:
                some = s.recv(65536)
                if not some:
                    break
                out += some
                if b"\r\n\r\n" in out and wait > 1:
                    s.settimeout(0.5)
        except OSError:
            pass
    return out


HEAD = b"GET /v1/version HTTP/1.1\r\nHost: card.example.gov.cn\r\n"
# what decision 0008 leaves to the front, and what must not get past it
REFUSED = (
    ("NUL before the line's end", HEAD + b"X-A: b\0\n\r\n"),
    ("a line that begins with NUL before the request line", b"\0\r\n" + HEAD + b"\r\n"),
    ("two lengths", HEAD.replace(b"GET", b"POST") + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
    ("length and coding", HEAD.replace(b"GET", b"POST") + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("no Host", b"GET /v1/version HTTP/1.1\r\n\r\n"),
    ("a body of more than 64 KiB", HEAD.replace(b"GET", b"POST") + b"Content-Type: application/json\r\nContent-Length: 70000\r\n\r\n"),
    ("a bad chunk", HEAD.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
)


def metric(port, name):
    seen = run("curl", "-fsS", "http://127.0.0.1:%d/metrics" % port).stdout
    return sum(float(l.split()[-1]) for l in seen.splitlines() if l.startswith(name) and not l.startswith("#"))


def check_front(port, internal, stop_server):
    https = "https://127.0.0.1:%d" % (port + 1)
    curl = ("curl", "-sS", "-k", "-i", "--max-time", "20", "-H", "Host: card.example.gov.cn")
    seen = run(*curl, "--http2", https + "/v1/version").stdout
    check("HTTP/2 over TLS", seen.startswith("HTTP/2 200") and "strict-transport-security" in seen.lower() and '"yikatong"' in seen, seen[:300])
    seen = run(*curl, "http://127.0.0.1:%d/v1/version" % port).stdout
    check("plain HTTP is sent to TLS", " 308 " in seen and "https://card.example.gov.cn/v1/version" in seen, seen[:300])
    seen = run(*curl, https + "/metrics").stdout
    check("the internal listener is not reached", " 404" in seen.splitlines()[0], seen[:200])
    seen = run(*curl, https + "/no//such/../path").stdout
    check("the server judges the target as it came", " 40" in seen.splitlines()[0], seen[:200])
    for title, data in REFUSED:
        before = metric(internal, "ykt_http_requests_total") + metric(internal, "ykt_http_refused_total")
        answer = raw(port + 1, data)
        after = metric(internal, "ykt_http_requests_total") + metric(internal, "ykt_http_refused_total")
        check("%s: refused in front" % title, (answer == b"" or answer[9:12] in (b"400", b"413")) and after == before, (answer[:80], before, after))
    # a header without a name, and a bare LF: nginx makes something plain of them or refuses; the server may see only plain requests
    for title, line in (("a line of only a colon", b": \r\n"), ("a name with a space", b"X A: b\r\n"), ("a bare LF", b"X-A: b\n")):
        before = metric(internal, "ykt_http_refused_total")
        answer = raw(port + 1, HEAD + line + b"Connection: close\r\n\r\n")
        check("%s: nothing the guard must refuse gets through" % title,
              answer[9:12] in (b"200", b"400") and metric(internal, "ykt_http_refused_total") == before, answer[:80])
    body = b'{"number":"x"}'
    chunked = HEAD.replace(b"GET /v1/version", b"POST /v1/version") + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + \
        b"%x;ext=1\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    answer = raw(port + 1, chunked)
    check("a chunked body comes through as a plain one", answer[9:12] == b"405", answer[:120])
    stop_server()
    seen = run(*curl, "-X", "POST", "-H", "Content-Type: application/json", "-d", "{}", https + "/v1/persons").stdout
    check("with the server away a write is not known", " 504" in seen.splitlines()[0] and "application/problem+json" in seen and
          json.loads(seen.split("\n\n", 1)[1])["code"] == "result_unknown", seen[:400])


def wait_for(what, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.2)
    return False


def check_nginx(folder):
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if not nginx:
        print("no nginx: the site is not tried")
        return
    port = free_ports(5)
    internal = port + 3
    made = run(YKT, "demo", "make", "--dir", folder + "/d", "--store", "sqlite:%s/d/ykt.db" % folder, "--residents", "100", "--port", str(port + 2), "--lang", "en")
    check("a province", made.returncode == 0, made.stderr)
    os.makedirs(folder + "/run", exist_ok=True)
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=card.example.gov.cn",
        "-keyout", folder + "/key.pem", "-out", folder + "/fullchain.pem")
    config = nginx_config(folder, port)
    seen = run(nginx, "-t", "-p", folder, "-c", config)
    check("nginx takes the site", seen.returncode == 0, seen.stderr)
    server = subprocess.Popen([YKT, "server", "run", "--config", folder + "/d/ykt.conf", "--set", "server.listen=unix:%s/run/http.sock" % folder,
                               "--set", "server.behind_tls=true", "--set", "server.run_folder=%s/run" % folder],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(folder + "/server.log", "wb"))
    front = subprocess.Popen([nginx, "-p", folder, "-c", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop_server():
        server.send_signal(signal.SIGTERM)
        server.wait(40)

    try:
        ready = wait_for(lambda: run("curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:%d/readyz" % internal).returncode == 0, 60)
        check("the server is ready on a UNIX socket", ready, open(folder + "/server.log").read()[-1500:])
        check("its group may connect", ready and os.stat(folder + "/run/http.sock").st_mode & 0o777 == 0o660)
        if ready:
            check_front(port, internal, stop_server)
    finally:
        if server.poll() is None:
            stop_server()
        front.send_signal(signal.SIGTERM)
        front.wait(20)


with tempfile.TemporaryDirectory() as folder:
    check_settings(folder)
    check_units()
    check_nginx(folder)
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
