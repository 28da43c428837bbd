#!/usr/bin/env python3
"""Checks the cases' files: names, members and layout. With --write, puts the layout right.

    bindings/conformance/check.py [--write]

The last line is "N passed, N failed": files.
"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH = 116

CASE = {"name", "lines", "differs", "env", "client", "client_error", "steps"}
CLIENT = {"base_url", "params", "headers", "cookies", "auth", "follow_redirects", "max_redirects", "timeout", "verify"}
CLIENT |= {"http1", "http2", "proxy", "mounts", "trust_env", "limits", "default_encoding", "uds", "retries"}
CLIENT |= {"local_address", "hooks", "transport"}
REQUEST = {"method", "url", "params", "headers", "cookies", "body", "auth", "timeout", "follow_redirects", "stream"}
REQUEST |= {"beside", "target", "server_name", "standalone", "raise_for_status"}
# What each step may have beside `do`, `expect` and `expect_compat`.
STEPS = {
    "request": REQUEST,
    "read": set(),
    "close": set(),
    "next": set(),
    "raise_for_status": set(),
    "set_encoding": {"label"},
    "make_response": {"status", "headers", "text", "html", "json", "base64", "url"},
    "content": set(),
    "text": set(),
    "json": set(),
    "elapsed": set(),
    "iterate": {"kind", "chunk_size", "take"},
    "open_client": set(),
    "close_client": set(),
    "configure": {"options"},
    "set_cookie": {"name", "value", "domain", "path"},
    "client": set(),
    "url": {"url", "tail", "operations"},
    "query": {"query", "operations"},
    "header_list": {"headers", "operations"},
    "jar": {"operations", "url"},
    "status": {"status"},
}
EVERY_STEP = {"do", "expect", "expect_compat"}
ERROR = {"code", "is_a", "message", "message_contains", "method", "url", "status", "raised"}
LINE = re.compile(r"[A-U]\d\d")


def layout(value: object, indent: int = 0, before: int = 0) -> str:
    """JSON with what fits into a line on one line."""
    line = json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if not isinstance(value, (list, dict)) or not value or indent + before + len(line) <= WIDTH:
        return line
    space = " " * (indent + 2)
    if isinstance(value, list):
        return "[\n" + ",\n".join(space + layout(each, indent + 2) for each in value) + "\n" + " " * indent + "]"
    members = (f"{space}{json.dumps(k)}: {layout(each, indent + 2, len(k) + 4)}" for k, each in value.items())
    return "{\n" + ",\n".join(members) + "\n" + " " * indent + "}"


def complaints(case: dict) -> list[str]:
    """What is wrong with a case."""
    found = [f"unknown member {each}" for each in case.keys() - CASE]
    found += [f"unknown option {each}" for each in case.get("client", {}).keys() - CLIENT]
    found += [f"no line of the checklist: {each}" for each in case["lines"] if not LINE.fullmatch(each)]
    if not case["lines"] or not (case.get("steps") or case.get("client_error")):
        found.append("a case has lines, and steps or an error of its client")
    errors = [case.get("client_error", {})]
    for step in case.get("steps", []):
        known = STEPS.get(step["do"])
        if known is None:
            found.append(f"unknown step {step['do']}")
            continue
        found += [f"unknown member {each} of {step['do']}" for each in step.keys() - known - EVERY_STEP]
        errors.append(step.get("expect", {}).get("error", {}))
    return found + [f"unknown member {each} of an error" for error in errors for each in error.keys() - ERROR]


def check(path: Path, write: bool) -> list[str]:
    text = path.read_text()
    value = json.loads(text)
    found = []
    if path.parent.name == "cases":
        names = [case["name"] for case in value["cases"]]
        found += [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
        for case in value["cases"]:
            found += [f"{case['name']}: {each}" for each in complaints(case)]
    wanted = layout(value) + "\n"
    if wanted != text and write:
        path.write_text(wanted)
    elif wanted != text:
        found.append("another layout: check.py --write")
    return found


def main() -> int:
    passed = failed = 0
    for path in [HERE / "scripts.json", *sorted((HERE / "cases").glob("*.json"))]:
        found = check(path, "--write" in sys.argv[1:])
        for each in found:
            print(f"FAIL  {path.name}: {each}")
        passed += not found
        failed += bool(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
