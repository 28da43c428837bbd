"""Makes a C program of a page of the guide, runs its blocks, and compares what they print. See run.sh.

    guide.py source PAGE            prints the program
    guide.py check PAGE PROGRAM     runs PROGRAM N for the page's Nth block; "ok" or "FAIL" for each
    guide.py links FOLDER           whether what the pages link to is there, and the index has all pages

A fenced block that begins with ```c is the body of a function; with ```c functions it stands beside those. A block
```text that follows, before the next of C, is what the block before it prints: in both, ... stands for anything, and a
line ... for any lines. A block without one prints nothing. `err`, `client` and `builder` are declared, made and freed
for blocks that do not do so themselves.
"""

import json
import os
import re
import subprocess
import sys

FENCE = re.compile(r"^```(\w*) ?(\w*)$")

places = json.loads(os.environ["HTTPX_TEST_PLACES"])

# The servers of the guide and those that play them, in the order in which they are replaced.
NAMES = [
    ("http://httpbin.org", f"http://127.0.0.1:{places['http']}"),
    ("https://httpbin.org", f"https://127.0.0.1:{places['https']}"),
    ("@example.org", f"@localhost:{places['http']}"),
    ("https://example.org:1234", f"https://localhost:{places['https_h1']}"),
    ("*:1234", f"*:{places['https_h1']}"),
    ("http://example.org", f"http://localhost:{places['http']}"),
    ("https://example.org", f"https://localhost:{places['https']}"),
    ("http://www.example.org", f"http://www.localhost:{places['http']}"),
    ("https://www.example.org", f"https://www.localhost:{places['https']}"),
    ("https://my-proxy:8032", f"https://localhost:{places['proxy_tls']}"),
    ("my-proxy:8030", f"127.0.0.1:{places['proxy']}"),
    ("my-proxy:8031", f"127.0.0.1:{places['proxy_auth']}"),
    ("my-proxy:1080", f"127.0.0.1:{places['socks_auth']}"),
    ("/var/run/docker.sock", places["unix"]),
    ("/path/to/ca.pem", places["ca"]),
    ("/path/to/ca-certs", os.path.dirname(places["ca"])),
    ("/path/to/", os.path.abspath("") + "/"),
    ("httpbin.org", "127.0.0.1"),
    ("example.org", "localhost"),
]


class Block:
    def __init__(self, line, functions):
        self.line = line
        self.functions = functions
        self.code = []
        self.output = []


def blocks(page):
    """The blocks of C of a page, in their order."""
    found = []
    into = None
    with open(page, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            fence = FENCE.match(line)
            if into is not None:
                if line == "```":
                    into = None
                else:
                    into.append(line)
            elif fence and fence[1] == "c":
                found.append(Block(number + 1, fence[2] == "functions"))
                into = found[-1].code
            elif fence and fence[1] == "text":
                if not found or found[-1].functions or found[-1].output:
                    sys.exit(f"{page}:{number}: output of no block")
                into = found[-1].output
            elif fence:
                into = []
    return found


def source(page):
    print('#include "guide.h"')
    print("#include <poll.h>\n#include <sys/socket.h>\n#include <unistd.h>")
    runs = 0
    for block in blocks(page):
        code = "\n".join(block.code)
        for name, place in NAMES:
            code = code.replace(name, place)
        if block.functions:
            print(f'#line {block.line} "{page}"\n{code}')
            continue
        print(f"static void block_{runs}(void)\n{{")
        before, after = prelude(code)
        print(before)
        print(f'#line {block.line} "{page}"\n{code}')
        print(after + "}")
        runs += 1
    print("int main(int argc, char **argv)\n{\n    httpx_error *err = NULL;\n    int n = argc > 1 ? atoi(argv[1]) : -1;")
    for n in range(runs):
        print(f"    if (n == {n})\n        block_{n}();")
    print("    (void)n;")
    print("    must(httpx_quiesce(5.0, &err));")
    print("    int64_t handles = httpx_live_handles(HTTPX_KIND_ALL);")
    print('    if (handles != 0)\n        fprintf(stderr, "%" PRId64 " handles were not freed\\n", handles);')
    print("    return handles != 0;\n}")


def prelude(code):
    """What a block uses and does not declare: before it, and after it."""

    def missing(kind, name):
        return re.search(rf"\b{name}\b", code) and f"httpx_{kind} *{name}" not in code

    before, after = ["httpx_error *err = NULL;"], ["httpx_error_free(err);"]
    if missing("client_builder", "builder"):
        before.append("httpx_client_builder *builder = NULL; must(httpx_client_builder_new(&builder, &err));")
        after.append("httpx_client_builder_free(builder);")
    if missing("client", "client"):
        before.append("httpx_client *client = NULL; httpx_client_builder *plain = NULL;")
        before.append("must(httpx_client_builder_new(&plain, &err));")
        before.append("must(httpx_client_builder_build(plain, &client, &err)); httpx_client_builder_free(plain);")
        after.append("httpx_client_free(client);")
    return " ".join(before), " ".join(after)


def pattern(lines):
    """A regular expression for the output that a page shows."""
    text = ""
    for line in lines:
        if line.strip() == "...":
            text += r"(?:.*\n)*?"
        else:
            text += re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
    return re.compile(text)


def check(page, program):
    failed = 0
    blocks_to_run = [block for block in blocks(page) if not block.functions]
    for n, block in enumerate(blocks_to_run):
        where = f"{os.path.basename(page)}:{block.line}"
        try:
            ran = subprocess.run(
                [program, str(n)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=120,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            out, complaint = ran.stdout, ran.stderr
            status = ran.returncode
        except subprocess.TimeoutExpired:
            out, complaint, status = "", "it did not end", 1
        for name, place in NAMES:
            out = out.replace(place, name).replace(place.split("//")[-1], name.split("//")[-1])
        out = "".join(line.rstrip() + "\n" for line in out.splitlines())
        if status == 0 and not complaint and pattern(block.output).fullmatch(out):
            print(f"ok    {where}")
            continue
        failed += 1
        print(f"FAIL  {where}: exit status {status}\n{complaint}---- it printed\n{out}---- instead of")
        print("\n".join(block.output))
    print(f"{len(blocks_to_run) - failed} passed, {failed} failed")
    return failed


def anchors(page):
    """The names of a page's headings, as GitHub makes them."""
    with open(page, encoding="utf-8") as lines:
        headings = [line.lstrip("#").strip() for line in lines if re.match(r"#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(folder):
    pages = sorted(name for name in os.listdir(folder) if name.endswith(".md"))
    wrong = []
    listed = set()
    for page in pages:
        with open(os.path.join(folder, page), encoding="utf-8") as lines:
            text = re.sub(r"```.*?```", "", lines.read(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            name, _, anchor = target.partition("#")
            path = os.path.join(folder, name or page)
            if page == "README.md":
                listed.add(name)
            if "://" in target:
                continue
            if not os.path.exists(path) or (anchor and anchor not in anchors(path)):
                wrong.append(f"{page}: {target} is not there")
    wrong += [f"README.md: {page} is not listed" for page in pages if page not in listed | {"README.md"}]
    for line in wrong:
        print(f"FAIL  {line}")
    print(f"{int(not wrong)} passed, {len(wrong)} failed")
    return len(wrong)


if __name__ == "__main__":
    if sys.argv[1] == "links":
        sys.exit(links(sys.argv[2]) != 0)
    if sys.argv[1] == "source":
        source(sys.argv[2])
    else:
        sys.exit(check(sys.argv[2], sys.argv[3]) != 0)
