#!/usr/bin/env python3
"""The command line as a user meets it: every noun and verb has help that starts with examples, in
both languages; errors keep standard output empty and name what was wrong; exit codes are those of
docs. Run from the root of the repository after `make`."""
import json
import os
import re
import subprocess
import sys
import tempfile

YKT = os.environ.get("YKT", "build/debug/ykt")
passed = failed = 0


def run(*words, env=None):
    done = subprocess.run([YKT, *words], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], **(env or {})})
    return done.returncode, done.stdout, done.stderr


def check(title, ok, seen=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED %s: %r" % (title, seen))


def listed(text):
    return re.findall(r"^  ([a-z][a-z-]*) {2,}\S", text, re.M)


code, out, err = run("--help", "--lang", "en")
check("help of all", code == 0 and err == "", (code, err))
nouns = listed(out)
check("nouns are listed", len(nouns) >= 3, out)
for noun in nouns:
    code, out, err = run(noun, "--help", "--lang", "en")
    check("ykt %s --help" % noun, code == 0 and err == "", (code, err))
    verbs = [] if out.startswith("examples:") else listed(out)
    check("ykt %s lists verbs" % noun, verbs or out.startswith("examples:"), out)
    for verb in verbs:
        for lang, begins in (("en", "examples:\n"), ("zh", "示例：\n")):
            code, out, err = run(noun, verb, "--help", "--lang", lang)
            check("ykt %s %s --help starts with examples (%s)" % (noun, verb, lang),
                  code == 0 and err == "" and out.startswith(begins), (code, out[:60], err))
            check("ykt %s %s: an example uses it (%s)" % (noun, verb, lang), "  ykt %s %s" % (noun, verb) in out, out[:200])
        code, out, err = run(noun, verb, "--no-such-flag", "--json", "--lang", "en")
        check("ykt %s %s --no-such-flag" % (noun, verb), code == 2 and out == "", (code, out))
        try:
            check("one problem object on standard error", json.loads(err)["code"] == "flag_unknown", err)
        except ValueError:
            check("one problem object on standard error", False, err)

code, out, err = run()
check("nothing at all is a usage error with help on standard error", code == 2 and out == "" and nouns[0] in err, (code, out))
code, out, err = run("srever", "run", "--lang", "en")
check("a wrong noun is answered with the near one", code == 2 and 'did you mean "server"?' in err and out == "", err)
code, out, err = run("config", "explain", "database.pol", "--json", "--lang", "en")
check("not found is 3", code == 3 and out == "" and json.loads(err)["exit"] == 3, (code, err))
code, out, err = run("config", "explain", "database.pool", "--json")
check("a record is one object", code == 0 and json.loads(out)["name"] == "database.pool" and err == "", out)
code, out, err = run("config", "init", "--lang", "en")
check("a settings file to start with", code == 0 and "[database]" in out, out[:80])
code, out, err = run("server", "check", "--config", "/nonexistent/ykt.conf", "--lang", "en")
check("a settings file that is not there is told by name", code != 0 and out == "" and "/nonexistent/ykt.conf" in err, (code, err))
code, out, err = run("config", "explain", "database.pool", env={"LANG": "en_GB.UTF-8"})
check("the locale picks the language", "environment YKT_DATABASE_POOL" in out, out)
code, out, err = run("config", "explain", "database.pool", env={"LANG": "en_GB.UTF-8", "YKT_LANG": "zh"})
check("YKT_LANG wins over it", "环境变量 YKT_DATABASE_POOL" in out, out)
with tempfile.TemporaryDirectory(prefix="ykt-restore-") as folder:
    new, copy = os.path.join(folder, "new.db"), os.path.join(folder, "nowhere.copy")
    code, out, err = run("db", "restore", "--file", copy, "--store", "sqlite:" + new, "--json", "--lang", "en")
    check("a backup that is not there is told by name", code == 3 and out == "" and json.loads(err)["code"] == "file_missing" and copy in err, (code, err))
    check("and makes no database", os.listdir(folder) == [], os.listdir(folder))
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
