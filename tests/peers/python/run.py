"""Fetches the suites of suites.toml, runs them two at a time, and compares what passes with what stock httpx passes."""

from __future__ import annotations

import argparse
import dataclasses
import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import typing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python before 3.11
    from pip._vendor import tomli as tomllib  # type: ignore[no-redef]

HERE = Path(__file__).resolve().parent
SUITE_SECONDS = 400
RESTARTS = 5


class Unavailable(Exception):
    """A suite cannot be had here."""


@dataclasses.dataclass
class Suite:
    """One table of suites.toml."""

    name: str
    version: str
    stock: int
    sdist: str = ""
    sha256: str = ""
    plugins: list[str] = dataclasses.field(default_factory=list)
    args: list[str] = dataclasses.field(default_factory=list)
    path: list[str] = dataclasses.field(default_factory=list)
    remove: list[str] = dataclasses.field(default_factory=list)
    needs: list[str] = dataclasses.field(default_factory=list)
    debian: str = ""
    documents: str = ""
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    miss: list[dict[str, typing.Any]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Verdict:
    """What came of a suite."""

    suite: Suite
    passed: int = 0
    unexpected: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    expected: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    surprising: list[str] = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    unavailable: str = ""


class Judge:
    """The folders, and how a suite gets there and is run."""

    def __init__(self, work: Path, package: Path, stock: bool) -> None:
        self.work = work
        self.package = package
        self.stock = stock
        self.isolation = self._isolation()
        self.judged = self._stock() if stock else package

    def run(self, suite: Suite, arguments: list[str]) -> Verdict:
        """Runs a suite, or, with pytest's arguments, a part of it."""
        verdict = Verdict(suite)
        began = time.monotonic()
        results = self.work / f"{suite.name}.jsonl"
        results.unlink(missing_ok=True)
        try:
            if suite.documents:
                self._run_samples(suite, results)
                self._judge(suite, results, verdict, whole=not self.stock)
                verdict.seconds = time.monotonic() - began
                return verdict
            folder = self._unpacked(suite)
            extra = [self._unpacked_sdist(name) for name in suite.needs]
        except Unavailable as why:
            verdict.unavailable = str(why)
            return verdict
        self._run_pytest(suite, folder, extra, results, arguments)
        self._judge(suite, results, verdict, whole=not arguments)
        verdict.seconds = time.monotonic() - began
        return verdict

    # ---- getting a suite

    def _unpacked(self, suite: Suite) -> Path:
        archive = self._debian(suite) if suite.debian else self._pypi(suite.sdist, suite.version, suite.sha256)
        folder = self._unpack(archive, self.work / suite.name)
        for name in suite.remove:
            shutil.rmtree(folder / name)
        return folder

    def _unpacked_sdist(self, requirement: str) -> Path:
        name, version, sha256 = requirement.split(" ")
        return self._unpack(self._pypi(name, version, sha256), self.work / f"{name}-{version}")

    def _unpack(self, archive: Path, into: Path) -> Path:
        shutil.rmtree(into, ignore_errors=True)
        with tarfile.open(archive) as tar:
            tar.extractall(into)
        (folder,) = into.iterdir()
        return folder

    def _pypi(self, sdist: str, version: str, sha256: str) -> Path:
        archive = self.work / "sdists" / f"{sdist}-{version}.tar.gz"
        if not archive.exists():
            command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
            command += ["--no-binary", ":all:", "--dest", str(archive.parent), f"{sdist}=={version}"]
            told = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if told.returncode != 0:
                raise Unavailable(f"pip could not download {sdist} {version}: {told.stdout.strip()}")
        return self._checked(archive, sha256)

    def _debian(self, suite: Suite) -> Path:
        """The upstream archive that Debian keeps; its sources.list and its caches are ours, nothing of the system changes."""
        archive = self.work / "sdists" / f"{suite.debian}_{suite.version}.orig.tar.gz"
        if archive.exists():
            return self._checked(archive, suite.sha256)
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        if not shutil.which("apt-get") or not os.path.exists(keyring):
            raise Unavailable(f"its tests are in Debian's archive only, and here is no apt-get or no {keyring}")
        apt = self.work / "apt"
        for each in ("lists/partial", "cache/archives/partial"):
            (apt / each).mkdir(parents=True, exist_ok=True)
        archive.parent.mkdir(parents=True, exist_ok=True)
        (apt / "sources.list").write_text(f"deb-src [signed-by={keyring}] http://deb.debian.org/debian trixie main\n")
        options = {
            "Dir::Etc::sourcelist": apt / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": apt / "lists",
            "Dir::Cache": apt / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
        }
        command = ["apt-get", "--quiet", *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]
        for step in (["update"], ["source", "--download-only", "--tar-only", suite.debian]):
            told = subprocess.run(
                command + step,
                check=False,
                cwd=archive.parent,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        if not archive.exists():
            raise Unavailable(f"apt-get could not download {suite.debian}: {told.stdout.strip()}")
        return self._checked(archive, suite.sha256)

    def _checked(self, archive: Path, sha256: str) -> Path:
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != sha256:
            archive.unlink()
            raise Unavailable(f"{archive.name} has the SHA-256 {found}, not {sha256}")
        return archive

    # ---- running it

    def _isolation(self) -> list[str]:
        """What runs a command in a network and mounts of its own: nothing where the kernel does not allow that."""
        for command in (["unshare", "--net", "--mount"], ["unshare", "--map-root-user", "--net", "--mount"]):
            try:
                if subprocess.run([*command, "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
                    return command
            except OSError:
                break
        return []

    def _run_samples(self, suite: Suite, results: Path) -> None:
        """Runs the samples of documents beside the repository."""
        given = os.environ.get("LIBHTTPX_REFERENCE")
        folder = Path(given) if given else HERE.parents[2] / suite.documents
        documents = sorted(folder.glob("*.md"))
        if not documents:
            raise Unavailable(f"there are no documents in {folder}")
        target = os.environ.get("CARGO_TARGET_DIR") or HERE.parents[2] / "target"
        server = Path(os.environ.get("LIBHTTPX_TEST_SERVER") or Path(target) / "debug" / "httpx-test-server")
        if not server.exists():
            raise Unavailable(f"{server}: no such program; run `make lib`, or set LIBHTTPX_TEST_SERVER")
        if not self.isolation:
            raise Unavailable("the samples need a network and mounts of their own, which the kernel does not allow")
        command = [*self.isolation, sys.executable, str(HERE / "samples.py"), str(server)]
        self._run_until_done(suite, [*command, *map(str, documents)], self.work, results, [])

    def _run_pytest(self, suite: Suite, folder: Path, extra: list[Path], results: Path, arguments: list[str]) -> None:
        command = [
            *self.isolation,
            sys.executable,
            str(HERE / "isolated.py"),
            "-p",
            "judge",
            "-p",
            "no:cacheprovider",
            "-q",
        ]
        command += [*suite.args, *arguments]
        self._run_until_done(suite, command, folder, results, [*extra, *(folder / each for each in suite.path)])

    def _run_until_done(self, suite: Suite, command: list[str], folder: Path, results: Path, paths: list[Path]) -> None:
        """Runs a program that writes to `results`; if it dies, the test that it died in has failed, and the others go on."""
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment.update(
            PYTHONPATH=os.pathsep.join(map(str, [HERE, *paths, self.judged])),
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            PYTEST_PLUGINS=",".join(suite.plugins),
            PYTHONDONTWRITEBYTECODE="1",
            JUDGE_RESULTS=str(results),
            JUDGE_STOCK="1" if self.stock else "0",
            ISOLATED="1" if self.isolation else "0",
            **suite.environment,
        )
        deadline = time.monotonic() + SUITE_SECONDS
        with open(self.work / f"{suite.name}.log", "w", encoding="utf-8") as log:
            for _ in range(RESTARTS + 1):
                try:
                    status = subprocess.run(
                        command,
                        check=False,
                        cwd=folder,
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        timeout=max(deadline - time.monotonic(), 1),
                    ).returncode
                except subprocess.TimeoutExpired:
                    status = -9
                if status in (0, 1, 5):
                    return
                if not self._note_the_crash(results, status) or time.monotonic() > deadline:
                    return

    def _stock(self) -> Path:
        """A folder with httpx itself."""
        folder = self.work / "stock"
        if not folder.exists():
            subprocess.run(
                [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
                + ["--target", str(folder), "httpx==0.28.1", "httpcore==1.0.9"],
                check=True,
            )
        return folder

    def _note_the_crash(self, results: Path, status: int) -> bool:
        """Blames the test that was running; False if there was none, and so there is no use in going on."""
        lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
        if not lines or "begin" not in lines[-1]:
            return False
        test = lines[-1]["begin"]
        why = f"the process ended in this test, with status {status}"
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"end": test, "outcome": "failed", "why": why}) + "\n")
        return True

    # ---- what came of it

    def _judge(self, suite: Suite, results: Path, verdict: Verdict, whole: bool) -> None:
        lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
        ended = {line["end"]: line for line in lines if "end" in line}
        misses = [miss for miss in suite.miss if miss.get("stock") or not self.stock]
        hit: set[str] = set()
        for test, line in sorted(ended.items()):
            miss = next((miss for miss in misses if fnmatch.fnmatchcase(test, miss["test"])), None)
            if line["outcome"] == "passed":
                verdict.passed += 1
                if miss and not miss.get("either"):
                    verdict.surprising.append(test)
            elif line["outcome"] == "failed":
                if miss:
                    verdict.expected.append((test, miss["reason"]))
                    hit.add(miss["test"])
                else:
                    verdict.unexpected.append((test, line["why"]))
        # What neither passed nor failed did not run: a crash, a folder that could not be collected.
        ran = verdict.passed + sum(1 for _ in verdict.unexpected) + len(verdict.expected)
        if whole and ran < suite.stock:
            verdict.unexpected.append((f"{suite.stock - ran} tests", f"did not run; see {results.with_suffix('.log')}"))


def report(verdict: Verdict) -> None:
    """One line for the suite, and one for each test that is worth one."""
    suite = verdict.suite
    if verdict.unavailable:
        print(f"SKIP  {suite.name} {suite.version}: {verdict.unavailable}", flush=True)
        return
    print(
        f"{suite.name} {suite.version}: {verdict.passed} passed (stock {suite.stock}), {len(verdict.expected)} expected "
        f"misses, {len(verdict.unexpected)} unexpected, {verdict.seconds:.0f} s",
    )
    for test, reason in verdict.expected:
        print(f"  miss  {test}: {reason}")
    for test in verdict.surprising:
        print(f"  passes although it is listed as a miss: {test}")
    for test, why in verdict.unexpected:
        print(f"  FAIL  {test}: {why}")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where suites, results and logs go")
    parser.add_argument("--package", type=Path, required=True, help="the folder that has libhttpx")
    parser.add_argument("--stock", action="store_true", help="run the suites with httpx itself, to check the counts")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("suite", nargs="*", help="a suite, and what of it: httpx:tests/test_api.py:-x")
    options = parser.parse_args()

    with open(HERE / "suites.toml", "rb") as file:
        suites = {name: Suite(name=name, **table) for name, table in tomllib.load(file).items()}
    wanted = [each.split(":", 1) for each in options.suite] or [[name] for name in suites]
    for name, *_ in wanted:
        if name not in suites:
            parser.error(f"no suite {name}; there are {', '.join(suites)}")

    told = (HERE / "README.md").read_text(encoding="utf-8")
    untold = [miss["test"] for suite in suites.values() for miss in suite.miss if f"`{miss['test']}`" not in told]
    if untold:
        parser.error(f"README.md has no word of these misses: {', '.join(untold)}")

    judge = Judge(options.work.resolve(), options.package.resolve(), options.stock)
    verdicts = []
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [
            pool.submit(judge.run, suites[name], arguments[0].split(" ") if arguments else [])
            for name, *arguments in wanted
        ]
        for run in runs:
            verdicts.append(run.result())
            report(verdicts[-1])

    passed = sum(verdict.passed for verdict in verdicts)
    failed = sum(len(verdict.unexpected) for verdict in verdicts)
    if os.environ.get("STRICT", "0") != "0":
        failed += sum(1 for verdict in verdicts if verdict.unavailable)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
