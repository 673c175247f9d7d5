#!/usr/bin/env python3
"""contrib/verify_feed agrees with a database that the server sealed, and finds every way of changing
it that is tried here. Run from the root of the repository after `make`."""
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests/scenario")
from ports import free_ports  # noqa: E402

YKT = os.path.abspath(os.environ.get("YKT", "build/debug/ykt"))
VERIFY = os.path.abspath("contrib/verify_feed")
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


def unsealed(store):
    if store.startswith("postgresql:"):
        return int(run("psql", store, "-X", "-Atq", "-c", "SET ykt.reader = 'test'", "-c", "SELECT COUNT(*) FROM store_feed_pending").stdout or -1)
    sql = "SELECT COUNT(*) FROM store_feed f WHERE position > COALESCE((SELECT MAX(last_position) FROM store_feed_block b WHERE b.feed = f.feed), 0)"
    db = sqlite3.connect("file:%s?mode=ro" % store[len("sqlite:"):], uri=True)
    try:
        return db.execute(sql).fetchone()[0]
    finally:
        db.close()


def sealed_province(folder, store):
    """A hundred people and their cards, made and then sealed by a running server."""
    made = run(YKT, "demo", "make", "--dir", folder, "--store", store, "--residents", "100",
               "--port", str(free_ports(3)), "--lang", "en")
    if made.returncode != 0:
        sys.exit("0 passed, 1 failed: demo make: " + made.stderr)
    with open(folder + "/server.log", "wb") as log:
        server = subprocess.Popen([YKT, "server", "run", "--config", folder + "/ykt.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 180
        while unsealed(store) != 0 and time.monotonic() < until and server.poll() is None:
            time.sleep(0.2)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(40)
    check("everything is sealed", unsealed(store) == 0, open(folder + "/server.log").read()[-2000:])


# what somebody with the file might do, and what must be said
TAMPERINGS = (
    ("a payload is changed", "UPDATE store_feed SET payload = zeroblob(length(payload)) WHERE feed = 1 AND position = 7", "card: block 1: its hash"),
    ("an entry is dropped", "DELETE FROM store_feed WHERE feed = 1 AND position = 7", "card: block 1: entries are missing"),
    ("the last entry is dropped", "DELETE FROM store_feed WHERE feed = 1 AND position = (SELECT MAX(position) FROM store_feed WHERE feed = 1)",
     "card: block"),
    ("an entry gets another subject", "UPDATE store_feed SET subject_id = subject_id + 1 WHERE feed = 1 AND position = 3", "card: block 1: its hash"),
    ("an entry gets another time", "UPDATE store_feed SET at = at + 1 WHERE feed = 1 AND position = 3", "card: block 1: its hash"),
    ("an entry is added with a gap", "INSERT INTO store_feed SELECT feed, position + 2, subject_id, root_kind, root_id, at, payload FROM store_feed"
     " WHERE feed = 1 ORDER BY position DESC LIMIT 1", "are missing"),
    ("a block is dated back", "UPDATE store_feed_block SET sealed_at = sealed_at - 1000000 WHERE feed = 1 AND number = 1", "card: block 1: its hash"),
    ("a block is unlinked", "UPDATE store_feed_block SET previous = randomblob(32) WHERE feed = 2 AND number = 1", "journal: block 1 is not linked"),
    ("a block's hash is replaced", "UPDATE store_feed_block SET hash = randomblob(32) WHERE feed = 2 AND number = 1", "journal: block 1: its hash"),
    ("a block's signature is replaced", "UPDATE store_feed_block SET signature = CAST(substr(signature, 1, 9) || randomblob(64) AS BLOB)"
     " WHERE feed = 1 AND number = (SELECT MAX(number) FROM store_feed_block WHERE feed = 1)", "its signature is wrong"),
    ("another's key is named", "UPDATE store_feed_block SET signature = CAST(substr(signature, 1, 1) || randomblob(8) || substr(signature, 10) AS BLOB)"
     " WHERE feed = 1 AND number = (SELECT MAX(number) FROM store_feed_block WHERE feed = 1)", "a key that is not in the list"),
    ("a line's content is changed", "UPDATE journal_line SET content = CAST(substr(content, 1, length(content) - 1)"
     " || CASE substr(content, -1) WHEN x'41' THEN x'42' ELSE x'41' END AS BLOB)"
     " WHERE rowid IN (SELECT rowid FROM journal_line LIMIT 1)", "salt and content are not of its leaf"),
    ("a line's leaf is changed", "UPDATE journal_line SET leaf = randomblob(32) WHERE rowid IN (SELECT rowid FROM journal_line LIMIT 1)", "is not what was sealed"),
    ("a line is removed", "DELETE FROM journal_line WHERE rowid IN (SELECT rowid FROM journal_line LIMIT 1)", "was sealed and is gone"),
    ("a line is slipped in", "INSERT INTO journal_line SELECT root_id, root_kind, id + 1, recorded_at, leaf, salt, content, kind, person_id, card_id,"
     " actor, actor_id, place_id, item, at, refused, contest_id, erased_at, erased_by, erased_why FROM journal_line LIMIT 1", "was never given to the feed"),
    ("a line is moved to another person", "UPDATE journal_line SET root_id = root_id + 1 WHERE rowid IN (SELECT rowid FROM journal_line LIMIT 1)",
     "was sealed and is gone"),
)


def tampered(path, sql):
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            shutil.copy(path + end, path + ".copy" + end)
        elif os.path.exists(path + ".copy" + end):
            os.unlink(path + ".copy" + end)
    db = sqlite3.connect(path + ".copy")
    changed = db.execute(sql).rowcount
    db.commit()
    db.close()
    return path + ".copy", changed


with tempfile.TemporaryDirectory() as folder:
    sealed_province(folder, "sqlite:%s/ykt.db" % folder)
    path, keys = folder + "/ykt.db", folder + "/feed_keys.txt"
    listed = run(VERIFY, "--print-keys", folder + "/keys/keys")
    with open(keys, "w") as f:
        f.write(listed.stdout)
    check("public keys of both suites", listed.stdout.count("\n") == 2, listed.stdout + listed.stderr)
    seen = run(VERIFY, path, "--keys", keys, "--all-signatures")
    check("a sealed database agrees", seen.returncode == 0 and seen.stdout.endswith("all agree\n"), seen.stdout + seen.stderr)
    own = run(YKT, "audit", "verify", "--store", "sqlite:" + path, "--lang", "en")
    check("ykt audit verify says the same", own.returncode == 0, own.stdout + own.stderr)
    by_command = run(VERIFY, path, "--openssl")
    check("hashed by the openssl command, it is the same",
          by_command.returncode == 0 and [l for l in by_command.stdout.splitlines() if "head" in l] == [l for l in seen.stdout.splitlines() if "head" in l],
          by_command.stdout + by_command.stderr)
    for title, sql, words in TAMPERINGS:
        copy, changed = tampered(path, sql)
        seen = run(VERIFY, copy, "--keys", keys)
        check(title, changed > 0 and seen.returncode == 6 and words in seen.stdout, "%d rows; %s%s" % (changed, seen.stdout, seen.stderr))
    copy, _ = tampered(path, "UPDATE journal_line SET salt = NULL, content = NULL, kind = NULL, person_id = NULL, card_id = NULL, actor = NULL,"
                             " actor_id = NULL, place_id = NULL, item = NULL, at = NULL, refused = NULL, erased_at = 1, erased_by = 0, erased_why = 'term'"
                             " WHERE rowid IN (SELECT rowid FROM journal_line LIMIT 1)")
    seen = run(VERIFY, copy, "--keys", keys)
    check("a line erased by the rules still proves", seen.returncode == 0 and " 1 erased" in seen.stdout, seen.stdout + seen.stderr)
    seen = run(VERIFY, folder + "/nothing.db")
    check("a file that is not there", seen.returncode == 1 and seen.stdout == "", seen.stdout + seen.stderr)


def on_postgresql(cluster, folder):
    """The same province in a database of its own on the tests' cluster."""
    name = "verify_feed_%d" % os.getpid()
    url = cluster.replace("/postgres?", "/%s?" % name)
    check("a database", run("psql", cluster, "-X", "-q", "-c", "CREATE DATABASE " + name).returncode == 0)
    try:
        sealed_province(folder, url)
        listed = run(VERIFY, "--print-keys", folder + "/keys/keys")
        with open(folder + "/feed_keys.txt", "w") as f:
            f.write(listed.stdout)
        seen = run(VERIFY, url, "--keys", folder + "/feed_keys.txt")
        check("a sealed PostgreSQL database agrees", seen.returncode == 0 and "signatures checked: 2" in seen.stdout, seen.stdout + seen.stderr)
        run("psql", url, "-X", "-q", "-c", "SET ykt.reader = 'test'; SET ykt.root = 'any'", "-c", "UPDATE store_feed SET at = at + 1 WHERE feed = 2 AND position = 5")
        seen = run(VERIFY, url)
        check("a changed one does not", seen.returncode == 6 and "journal: block 1: its hash" in seen.stdout, seen.stdout + seen.stderr)
        seen = run(VERIFY, url.replace(name, "nowhere"))
        check("a database that is not there", seen.returncode == 1 and seen.stdout == "" and "nowhere" in seen.stderr, seen.stdout + seen.stderr)
    finally:
        run("psql", cluster, "-X", "-q", "-c", "DROP DATABASE %s WITH (FORCE)" % name)


if os.environ.get("YKT_TEST_POSTGRES") and shutil.which("psql"):
    with tempfile.TemporaryDirectory() as folder:
        on_postgresql(os.environ["YKT_TEST_POSTGRES"], folder)
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
