#!/usr/bin/env python3
"""What the documents say about the tree is true: every file, folder and page that they or the code's
comments name is there, decisions have one number each and stand in the index, and every program
file that a noun's page names exists. Run from the root of the repository."""
import glob
import os
import re
import subprocess
import sys

passed = failed = 0


def check(title, ok, seen=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED %s %s" % (title, seen))


FOLDERS = ("api", "base", "bench", "card", "catalogue", "claims", "contrib", "crypto", "data", "deploy", "docs", "http", "identity", "jobs",
           "journal", "ledger", "migrations", "notice", "programs", "registry", "script", "store", "tests", "tools", "venues", "web", "worklist")
NAMED = re.compile(r"`((?:%s)/[\w./*-]*|(?:README|CONTRIBUTING)\.md|modules\.mk|Makefile)`" % "|".join(FOLDERS))
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")

documents = ["README.md", "CONTRIBUTING.md", "web/README.md"] + sorted(glob.glob("docs/**/*.md", recursive=True)) + sorted(glob.glob("deploy/*.md"))
for path in documents:
    text = open(path, encoding="utf-8").read()
    for name in sorted(set(NAMED.findall(text))):
        check("%s names %s" % (path, name), glob.glob(name.rstrip("/")) != [])
    for name, where in sorted(set(re.findall(r"`(\w+)(?:\(\))?`\s+in\s+`([\w/]+\.[ch])`", text))):
        check("%s: %s is in %s" % (path, name, where), os.path.exists(where) and re.search(r"\b%s\b" % name, open(where, encoding="utf-8").read()))
    for link in sorted(set(LINK.findall(text))):
        check("%s links to %s" % (path, link), os.path.exists(os.path.normpath(os.path.join(os.path.dirname(path), link))))

# routes that documents name are routes of the server
table = open("api/routes.c", encoding="utf-8").read()
if '"/v1/check-ins"' in table:
    for path in documents:
        for method, route in sorted(set(re.findall(r"`(GET|POST|PATCH|DELETE) (/v1/[\w/{}.-]+)", open(path, encoding="utf-8").read()))):
            check("%s: %s %s is a route" % (path, method, route), re.search(r'\b%s,\s*"%s"' % (method, re.escape(route)), table))

pages = sorted(os.path.basename(p) for p in glob.glob("docs/decisions/[0-9]*.md"))
numbers = [p[:4] for p in pages]
check("one number a decision", len(set(numbers)) == len(numbers), numbers)
index = open("docs/decisions/README.md", encoding="utf-8").read()
for page in pages:
    check("%s stands in the index" % page, "(%s)" % page in index)
    check("%s begins with its number" % page, open("docs/decisions/" + page, encoding="utf-8").readline().startswith("# " + page[:4]))

# pages that comments of the code cite, also where a comment's line breaks within the name
cited = {}
for path in subprocess.run(["git", "ls-files", "*.c", "*.h", "*.sql", "*.mk", "*.py", "*.html", "*.css", "*.js"], capture_output=True, text=True).stdout.split():
    text = re.sub(r"\n[ \t]*(?:\*|//|--|#)[ \t]*", "", open(path, encoding="utf-8").read())
    for name in re.findall(r"docs/(?:decisions|protocols)/\s?[\w-]+\.md", text):
        cited.setdefault(name.replace(" ", ""), path)
for name in sorted(cited):
    check("%s cites %s" % (cited[name], name), os.path.exists(name))
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
