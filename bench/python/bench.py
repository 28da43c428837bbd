"""Runs client.py for every client, interleaved, and makes the table of ../README.md from the lines that it prints."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
LINES = HERE / "results.jsonl"
BEGIN, END = "<!-- python numbers -->\n", "<!-- end of python numbers -->\n"

# What each case is called, in what unit it is told, and which clients it has.
CASES = {
    "sync": ("GET, 1 connection", "µs", ("libhttpx", "pycurl", "pyreqwest", "httpx")),
    "async": ("GET, 100 at once, asyncio", "µs", ("libhttpx", "aiohttp", "pyreqwest", "httpx")),
    "client": ("`Client()`, after the first", "µs", ("libhttpx", "httpx")),
    "import": ("`import`", "µs", ("libhttpx", "httpx")),
}
# A request of httpx costs so much more that fewer of them say as much.
REQUESTS = {("sync", "httpx"): 0.1, ("async", "httpx"): 0.02}
TARGETS = {
    ("sync", "pycurl"): 1.0,
    ("sync", "pyreqwest"): 1.0,
    ("sync", "httpx"): 0.2,
    ("async", "aiohttp"): 0.5,
    ("async", "pyreqwest"): 1.0,
    ("async", "httpx"): 0.01,
    ("import", "httpx"): 0.5,
}
CLIENT_MICROS = 100.0


def count_of(case: str, client: str, requests: int) -> int:
    if case == "client":
        return max(10, requests // 100)
    return max(100, int(requests * REQUESTS.get((case, client), 1.0)))


def measure(port: int, rounds: int, requests: int, cpu: int) -> list[dict[str, object]]:
    """Every client once per round, so that a slow minute of the machine hits all of them."""
    lines = []
    for number in range(1, rounds + 1):
        for case, (_, _, clients) in CASES.items():
            for client in clients:
                count = count_of(case, client, requests)
                command = [
                    sys.executable,
                    str(HERE / "client.py"),
                    case,
                    client,
                    str(port),
                    str(count),
                    str(count // 10),
                ]
                told = subprocess.run(
                    ["taskset", "-c", str(cpu), *command], check=True, stdout=subprocess.PIPE, text=True
                ).stdout
                lines.append({"round": number, **json.loads(told)})
                print(json.dumps(lines[-1]), flush=True)
    return lines


def machine(cpu: int) -> dict[str, object]:
    described = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in described if line.startswith("model name")), "?")
    from importlib.metadata import version

    packages = [f"{name} {version(name)}" for name in ("aiohttp", "httpx", "pycurl", "pyreqwest")]
    import pycurl

    return {
        "machine": f"{model}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": ", ".join([*packages, pycurl.version.split()[1]]),
        "cpu": cpu,
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


def table(lines: list[dict[str, object]]) -> str:
    """The Markdown of a run: its first line is the machine."""
    facts, values = lines[0], lines[1:]
    rounds = max(int(str(line["round"])) for line in values)
    told = [
        (
            f"Measured on {facts['machine']}; Python {facts['python']}; {facts['packages']}; {facts['date']}. Client and "
            f"server on CPU {facts['cpu']}. {rounds} rounds.\n"
        ),
        "| case | client | CPU | libhttpx ÷ client (lowest–highest) | target |",
        "|---|---|---|---|---|",
    ]
    for case, (title, unit, clients) in CASES.items():
        by_client = {
            client: [float(str(line["cpu_us"])) for line in values if line["case"] == case and line["client"] == client]
            for client in clients
        }
        for client in clients:
            ratios = sorted(ours / theirs for ours, theirs in zip(by_client["libhttpx"], by_client[client]))
            ratio = statistics.median(ratios)
            cells = [title, client, f"{statistics.median(by_client[client]):.1f} {unit}"]
            if client == "libhttpx":
                met = statistics.median(by_client[client]) <= CLIENT_MICROS
                cells += ["", f"≤ {CLIENT_MICROS:.0f} µs, {'met' if met else 'not met'}" if case == "client" else ""]
            else:
                target = TARGETS.get((case, client))
                digits = 3 if ratio < 0.1 else 2
                cells.append(f"**{ratio:.{digits}f}** ({ratios[0]:.{digits}f}–{ratios[-1]:.{digits}f})")
                cells.append(f"≤ {target}, {'met' if ratio <= target else 'not met'}" if target else "")
            told.append("| " + " | ".join(cells) + " |")
    return "\n".join(told) + "\n"


def write(lines: list[dict[str, object]]) -> None:
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(before + BEGIN + table(lines) + END + rest.partition(END)[2], encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="the server's program")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "7")))
    parser.add_argument("--requests", type=int, default=int(os.environ.get("BENCH_REQUESTS", "20000")))
    parser.add_argument("--cpu", type=int, default=int(os.environ.get("BENCH_CPU", str(max(os.sched_getaffinity(0))))))
    parser.add_argument("--smoke", action="store_true", help="one short round, and nothing is written")
    parser.add_argument("--report", action="store_true", help="make the table again from results.jsonl")
    options = parser.parse_args()

    if options.report:
        write([json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()])
        return
    server_cpu = os.environ.get("BENCH_SERVER_CPU", str(options.cpu))
    server = subprocess.Popen(["taskset", "-c", server_cpu, options.server], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        if options.smoke:
            lines = measure(port, 1, 200, options.cpu)
            print(table([machine(options.cpu), *lines]))
            return
        lines = [machine(options.cpu), *measure(port, options.rounds, options.requests, options.cpu)]
    finally:
        server.terminate()
        server.wait()
    LINES.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    write(lines)


main()
