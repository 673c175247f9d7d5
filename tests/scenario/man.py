#!/usr/bin/env python3
"""Manual pages and shell completion are made from the tables that the program runs by: every noun,
verb, flag and setting is in them, roff has nothing to say against them, and bash completes a line
as a user types it. Run from the root of the repository after `make`."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

YKT = os.path.abspath(os.environ.get("YKT", "build/debug/ykt"))
passed = failed = 0


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **more)


def check(title, ok, seen=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED %s: %r" % (title, seen))


def listed(text):
    return re.findall(r"^  ([a-z][a-z-]*) {2,}\S", text, re.M)


def plain(page):
    """What a page says, without roff's marks."""
    return re.sub(r"\\f[BIR]|\\&", "", page).replace("\\-", "-").replace("\\e", "\\")


with tempfile.TemporaryDirectory() as folder:
    made = run(YKT, "man", "--dir", folder, "--json", "--lang", "en")
    check("pages are made, from tables that are whole", made.returncode == 0, (made.stdout, made.stderr))
    pages = [row["page"] for row in json.loads(made.stdout or "[]")]
    nouns = listed(run(YKT, "--help", "--lang", "en").stdout)
    check("a page a noun, ykt and ykt.conf, in two languages", len(pages) == 2 * (len(nouns) + 2), (pages, nouns))
    for noun in nouns:
        page = plain(open("%s/man1/ykt-%s.1" % (folder, noun)).read())
        verbs = listed(run(YKT, noun, "--help", "--lang", "en").stdout) or [""]
        if run(YKT, noun, "--help", "--lang", "en").stdout.startswith("examples:"):
            verbs = [""]
        for verb in verbs:
            words = [noun] + ([verb] if verb else [])
            text = run(YKT, *words, "--help", "--lang", "en").stdout
            check("ykt %s is in its page" % " ".join(words), "ykt " + " ".join(words) in page)
            for flag in re.findall(r"^  (--[a-z-]+)", text, re.M):
                check("ykt %s %s is in its page" % (" ".join(words), flag), flag in page)
    conf = plain(open(folder + "/man5/ykt.conf.5").read())
    for name in re.findall(r"^(?:# )?([a-z_]+) =", run(YKT, "config", "init", "--lang", "en").stdout, re.M):
        check("setting %s is in ykt.conf(5)" % name, "\n%s\n" % name in conf)
    if shutil.which("groff"):
        for page in pages:
            seen = run("groff", "-K", "utf8", "-T", "utf8", "-man", "-ww", "-z", page)
            # long command lines in Chinese and English can't all be spread evenly: that is no mistake of the page
            wrong = [row for row in seen.stderr.splitlines() if "can't break line" not in row and "cannot adjust" not in row]
            check("roff reads %s" % os.path.relpath(page, folder), seen.returncode == 0 and not wrong, wrong[:3])

bash = run(YKT, "completion", "bash").stdout


def complete(*words):
    script = bash + "COMP_WORDS=(%s)\nCOMP_CWORD=%d\n_ykt\nprintf '%%s\\n' \"${COMPREPLY[@]}\"\n" % (
        " ".join("'%s'" % word for word in words), len(words) - 1)
    return run("bash", "-c", script).stdout.split()


for title, words, wanted in (
        ("a noun", ("ykt", "cat"), ["catalogue"]),
        ("a verb", ("ykt", "server", "ch"), ["check"]),
        ("a flag", ("ykt", "db", "backup", "--st"), ["--store"]),
        ("a flag of every command", ("ykt", "db", "backup", "--js"), ["--json"]),
        ("a flag of a noun that is its own command", ("ykt", "man", "--d"), ["--dir"]),
        ("a choice", ("ykt", "key", "rotate", "field", "--suite", "s"), ["sm2"]),
        ("a language", ("ykt", "db", "status", "--lang", "z"), ["zh"]),
        ("nothing that is not there", ("ykt", "db", "zzz"), []),
):
    check("bash completes " + title, complete(*words) == wanted, complete(*words))
for shell in ("zsh", "fish"):
    made = run(YKT, "completion", shell)
    check("a script for " + shell, made.returncode == 0 and len(made.stdout) > 500, made.stderr)
    if shutil.which(shell):
        with tempfile.NamedTemporaryFile("w", suffix="." + shell) as script:
            script.write(made.stdout)
            script.flush()
            seen = run(shell, "-n", script.name)
            check(shell + " reads it", seen.returncode == 0, seen.stderr[:200])
made = run(YKT, "completion", "tcsh", "--lang", "en")
check("another shell is refused", made.returncode == 2 and made.stdout == "" and "bash, zsh or fish" in made.stderr, made.stderr)
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
