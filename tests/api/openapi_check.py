#!/usr/bin/env python3
"""Hold the API's description against itself and against answers that tests have seen.

    openapi_check.py OPENAPI.json [ANSWERS.jsonl]

An answer is one line: {"method": "GET", "path": "/v1/version", "status": 200, "type": "application/json",
"body": "..."}. Every answer must be of an operation, with a described status and media type, and its body must be
what the schema says. Every example must be, too. Only the keywords below may stand in a schema: an unknown one is a
finding, never passed over. Prints each finding, ends with `N passed, N failed`; exit 0 only without findings."""
import json
import re
import sys

KNOWN = {"$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern", "format",
         "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "oneOf", "anyOf", "allOf",
         "description", "default", "example", "examples", "title", "deprecated"}
FORMATS = {
    "date": r"^\d{4}-\d\d-\d\d$",
    "date-time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$",
    "int64": None, "binary": None, "byte": r"^[A-Za-z0-9_-]*$",
}
METHODS = ("get", "post", "put", "patch", "delete")
JSON_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
passed, findings = 0, []


def find(where, why):
    findings.append("%s: %s" % (where, why))


class Document:
    def __init__(self, whole):
        self.whole = whole

    def deref(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.whole
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def is_type(self, value, name):
        if name in ("integer", "number"):
            return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
        return isinstance(value, JSON_TYPES[name])

    def problems(self, value, schema, at=""):
        """What is wrong with the value, as texts."""
        if schema is True:
            return []
        if "$ref" in schema:
            return self.problems(value, self.deref(schema), at)
        out = ["%s: keyword %s is not known to this check" % (at, k) for k in schema if k not in KNOWN]
        kinds = schema.get("type")
        if kinds is not None:
            kinds = [kinds] if isinstance(kinds, str) else kinds
            if not any(self.is_type(value, k) for k in kinds):
                return out + ["%s: %r is not %s" % (at, value, " or ".join(kinds))]
        if "enum" in schema and value not in schema["enum"]:
            out.append("%s: %r is none of the words" % (at, value))
        if "const" in schema and value != schema["const"]:
            out.append("%s: %r is not %r" % (at, value, schema["const"]))
        for part in schema.get("allOf", []):
            out += self.problems(value, part, at)
        for word, most in (("oneOf", 1), ("anyOf", 1000)):
            if word in schema:
                n = sum(not self.problems(value, part, at) for part in schema[word])
                if not 1 <= n <= most:
                    out.append("%s: fits %d of %s" % (at, n, word))
        if isinstance(value, str):
            out += self.text_problems(value, schema, at)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                out.append("%s: %r is out of range" % (at, value))
        elif isinstance(value, list):
            if len(value) < schema.get("minItems", 0) or len(value) > schema.get("maxItems", len(value)):
                out.append("%s: has %d elements" % (at, len(value)))
            for i, one in enumerate(value):
                out += self.problems(one, schema.get("items", True), "%s/%d" % (at, i))
        elif isinstance(value, dict):
            members = schema.get("properties", {})
            out += ["%s/%s: is missing" % (at, name) for name in schema.get("required", []) if name not in value]
            for name, one in value.items():
                more = members.get(name, schema.get("additionalProperties", True))
                if more is False:
                    out.append("%s/%s: is not described" % (at, name))
                else:
                    out += self.problems(one, more, "%s/%s" % (at, name))
        return out

    def text_problems(self, value, schema, at):
        out = []
        if len(value) < schema.get("minLength", 0) or len(value) > schema.get("maxLength", len(value)):
            out.append("%s: has %d characters" % (at, len(value)))
        if "pattern" in schema and not re.search(schema["pattern"], value):
            out.append("%s: %r is not of the pattern" % (at, value))
        form = schema.get("format")
        if form is not None and form not in FORMATS:
            out.append("%s: format %s is not known to this check" % (at, form))
        elif form and FORMATS[form] and not re.search(FORMATS[form], value):
            out.append("%s: %r is no %s" % (at, value, form))
        return out

    def operation(self, method, path):
        """The template that the path fits, the most literal first, and its operation."""
        best = None
        for template, operations in self.whole["paths"].items():
            want, have = template.strip("/").split("/"), path.strip("/").split("/")
            if len(want) != len(have) or any(w != h and not w.startswith("{") for w, h in zip(want, have)):
                continue
            rank = sum(w.startswith("{") for w in want)
            if best is None or rank < best[0]:
                best = (rank, template, operations)
        return (best[1], best[2].get(method.lower())) if best else (None, None)

    def check_answer(self, answer):
        where = "%s %s %d" % (answer["method"], answer["path"], answer["status"])
        template, operation = self.operation(answer["method"], answer["path"].split("?")[0])
        if operation is None:
            # a refusal in front of every operation: no such address, method, or a malformed request
            if answer["status"] not in (400, 404, 405, 414, 431, 501):
                return find(where, "no such operation is described")
            operation = {"responses": {"default": {"$ref": "#/components/responses/Refused"}}}
        response = operation["responses"].get(str(answer["status"]))
        if response is None and answer["status"] >= 400:
            response = operation["responses"].get("default")
        if response is None:
            return find(where, "this status is not described for %s" % template)
        content = self.deref(response).get("content", {})
        kind = answer["type"].split(";")[0]
        if not content:
            return find(where, "a body where none is described") if answer["body"] else None
        if kind not in content:
            return find(where, "media type %s is not described" % kind)
        if kind.endswith("json"):
            for problem in self.problems(json.loads(answer["body"]), content[kind].get("schema", True)):
                find(where, problem)
        return None

    def check_contents(self, where, holder):
        for kind, content in holder.get("content", {}).items():
            examples = [content["example"]] if "example" in content else []
            examples += [self.deref(e)["value"] for e in content.get("examples", {}).values()]
            for example in examples:
                for problem in self.problems(example, content.get("schema", True)):
                    find("%s example of %s" % (where, kind), problem)

    def check_operation(self, template, method, operation, seen):
        where = "%s %s" % (method.upper(), template)
        names = set(re.findall(r"\{(\w+)\}", template))
        if method not in METHODS:
            return find(where, "not a method we use")
        if operation.get("operationId") in seen or not operation.get("operationId"):
            find(where, "operationId is missing or taken")
        seen.add(operation.get("operationId"))
        if not operation.get("summary"):
            find(where, "no summary")
        parameters = [self.deref(p) for p in operation.get("parameters", [])]
        told = {p["name"] for p in parameters if p["in"] == "path"}
        if told != names:
            find(where, "path parameters are %s, described %s" % (sorted(names), sorted(told)))
        if "default" not in operation["responses"]:
            find(where, "no default response (refusals)")
        for status, response in operation["responses"].items():
            response = self.deref(response)
            if not response.get("description"):
                find("%s %s" % (where, status), "no description")
            self.check_contents("%s %s" % (where, status), response)
        if "requestBody" in operation:
            self.check_contents("%s body" % where, self.deref(operation["requestBody"]))
        return None

    def check_self(self):
        global passed
        seen = set()
        for template, operations in self.whole["paths"].items():
            for method, operation in operations.items():
                before = len(findings)
                self.check_operation(template, method, operation, seen)
                passed += len(findings) == before


def main():
    global passed
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    document = Document(json.load(open(sys.argv[1], encoding="utf-8")))
    document.check_self()
    if len(sys.argv) == 3:
        for line in open(sys.argv[2], encoding="utf-8"):
            before = len(findings)
            document.check_answer(json.loads(line))
            passed += len(findings) == before
    for finding in findings:
        print(finding)
    print("%d passed, %d failed" % (passed, len(findings)))
    sys.exit(1 if findings else 0)


main()
