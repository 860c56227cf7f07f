"""Finds, builds and runs Galen's tests; tests/run starts it, tests/mutation/run borrows from it.

Five kinds, told apart by the first word of their names:

  unit/NAME    tests/{protocol,server}/test_NAME.c, a Criterion program; its tests are counted one by one and
               are named unit/NAME/SUITE/TEST. Built with AddressSanitizer and UBSan.
  wasm/NAME    the same tests of tests/protocol in WebAssembly under node (tests/wasm/run.mjs), but for those that
               tests/wasm/left_out names; and scripts that look at the module itself, at what it is built from, and
               at whether it does what this machine's builds do.
  fuzz/NAME    tests/fuzz/fuzz_NAME.c, a libFuzzer target: its seeds, then a short run from a fixed seed.
  e2e/NAME, sim, web, mutation, selftest
               executable files that pass by exit status 0 and skip by 77. They run against build/release.
               The last line they print stands beside the result; a last line `N passed, N failed[, N skipped]`
               is added to the count instead.

Two tests run at a time, except those whose file has a line `# tests/run: alone`.
"""
import argparse
import copy
import difflib
import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import namedtuple
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
TESTS = SOURCE / "tests"
SKIPPED = 77
COUNT_LINE = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")

Outcome = namedtuple("Outcome", "passed failed skipped note detail")
"""Counts, what to say beside the result, and what to print when something failed or was skipped."""


# What is there ----------------------------------------------------------------------------------


class Test:
    """One program or script. `part` narrows a Criterion program to SUITE or SUITE/TEST."""

    def __init__(self, name, source, preset, target, deadline_s, alone=False, needs=()):
        self.name, self.source, self.preset, self.target = name, source, preset, target
        self.deadline_s, self.alone, self.part = deadline_s, alone, ""
        self.needs = [*([(preset, target)] if target else []), *needs]  # what is built for it: presets and targets

    @property
    def full_name(self):
        return f"{self.name}/{self.part}" if self.part else self.name

    @property
    def is_unit(self):
        """A program of Criterion's tests, for this machine or for WebAssembly."""
        return self.preset == "dev" or (self.preset == "wasm" and self.target.startswith("test_"))

    def part_names(self):
        """The names of a Criterion program's tests, read from its source; nothing for others."""
        if not self.is_unit:
            return []
        found = re.findall(r"^(?:Test|ParameterizedTest)\((?:\w+ \w+ ?\*\w+, )?(\w+), (\w+)",
                           self.source.read_text(), re.M)
        return sorted({f"{self.name}/{suite}/{case}" for suite, case in found})


def discover():
    """Every test, in the order in which they run."""
    found = []
    for source in sorted([*TESTS.glob("protocol/test_*.c"), *TESTS.glob("server/test_*.c")]):
        found.append(Test(f"unit/{source.stem[5:]}", source, "dev", source.stem, 180))
    left_out = re.findall(r"^test_\w+", (TESTS / "wasm/left_out").read_text(), re.M)
    for source in sorted(TESTS.glob("protocol/test_*.c")):
        if source.stem not in left_out:
            found.append(Test(f"wasm/{source.stem[5:]}", source, "wasm", source.stem, 180))
    for name in ("module", "sources"):
        found.append(Test(f"wasm/{name}", TESTS / "wasm" / name, "wasm", "modules", 180))
    needs = [("wasm", "galen_narrow"), ("dev", "scripts"), ("release", "scripts")]
    found.append(Test("wasm/scripts", TESTS / "wasm/scripts", "wasm", "galen_wasm", 180, needs=needs))
    for source in sorted(TESTS.glob("fuzz/fuzz_*.c")):
        found.append(Test(f"fuzz/{source.stem[5:]}", source, "fuzz", source.stem, 120))
    scripts = [*(TESTS / part / "run" for part in ("mutation", "sim", "selftest", "web")), *sorted(TESTS.glob("e2e/*"))]
    for script in scripts:
        if script.is_file() and os.access(script, os.X_OK) and not script.name.startswith("_"):
            name = script.parent.name if script.name == "run" else f"e2e/{script.name}"
            alone = re.search(r"^# tests/run: alone$", script.read_text(), re.M) is not None
            target = None if name in ("mutation", "selftest") else "all"  # they build for themselves
            deadline_s = 1500 if name == "web" else 900
            found.append(Test(name, script, "release", target, deadline_s, alone))
    return found


def choose(tests, names):
    """The tests that `names` mean: a name, the beginning of one at a slash, or part of a program."""
    if not names:
        return tests
    chosen = {}
    for name in (n.strip("/") for n in names):
        whole = [t for t in tests if t.name == name or t.name.startswith(name + "/")]
        inside = [t for t in tests if t.is_unit and name.startswith(t.name + "/")]
        if not whole and not inside:
            near = difflib.get_close_matches(name, [t.name for t in tests], 3, 0.5)
            sys.exit(f"tests/run: there is no test {name}."
                     + (f" Did you mean {' or '.join(near)}?" if near else " See tests/run --list."))
        parts = [copy.copy(test) for test in inside]
        for part in parts:
            part.part = name[len(part.name) + 1:]
        chosen.update((t.full_name, t) for t in whole + parts)
    order = {test.name: place for place, test in enumerate(tests)}
    return sorted(chosen.values(), key=lambda test: order[test.name])


# Building ---------------------------------------------------------------------------------------


def build(preset, targets, *options, quiet=False):
    """Builds targets of a preset, showing progress. Returns None, or the log of what failed."""
    started = time.monotonic()
    label = f"build {preset}"
    if not quiet and not sys.stdout.isatty():
        print(f"{label} …", flush=True)
    steps = [["cmake", "--preset", preset, *options],
             ["cmake", "--build", f"build/{preset}", "--target", *targets, "--", "-k", "0"]]
    log = []
    for step in steps:
        with subprocess.Popen(step, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace") as process:
            for line in process.stdout:
                log.append(line)
                if line.startswith("["):
                    show_status(f"{label} {line.split(']')[0]}] {line.split()[-1]}")
        if process.returncode != 0:
            show_status("")
            return "".join(line for line in log if not re.match(r"\[\d+/\d+\] \w+ing |-- ", line))
    show_status("")
    if not quiet:
        print(f"{label}: ready in {time.monotonic() - started:.0f} s", flush=True)
    return None


def show_status(text):
    """One line that overwrites itself, on a terminal only."""
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns
        print(f"\r\033[K{text[:columns - 1]}", end="", flush=True)


# Running ----------------------------------------------------------------------------------------


running = {}  # process group -> name, so that an interrupt leaves nothing behind
running_lock = threading.Lock()


def run_command(name, command, folder, deadline_s, extra_environment):
    """Runs one command to its end or its deadline; then ends whatever it left behind.

    Returns (exit status, output, sanitizer reports). A deadline gives status None.
    """
    reports = folder / "reports"
    temporary = folder / "tmp"
    reports.mkdir(parents=True)
    temporary.mkdir()
    environment = dict(os.environ, TMPDIR=str(temporary), LC_ALL="C.UTF-8",
                       ASAN_OPTIONS=f"log_path={reports}/asan:detect_stack_use_after_return=1",
                       LSAN_OPTIONS=f"log_path={reports}/lsan",
                       UBSAN_OPTIONS=f"log_path={reports}/ubsan:print_stacktrace=1",
                       **extra_environment)
    with open(folder / "output", "w+b") as output:
        process = subprocess.Popen(command, cwd=SOURCE, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        with running_lock:
            running[process.pid] = name
        try:
            status = process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end_group(process)
            with running_lock:
                del running[process.pid]
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    found = "".join(path.read_text(errors="replace") for path in sorted(reports.iterdir()))
    return status, text, found


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def read_report(report):
    """Criterion's test suites. It leaves quotes within messages as they are, so those are quoted anew."""
    text = report.read_text(errors="replace") if report.exists() else ""
    text = re.sub(r'^( {12})"(.*)"(,?)$', lambda m: m[1] + json.dumps(m[2]) + m[3], text, flags=re.M)
    try:
        return json.loads(text, strict=False)["test_suites"]
    except ValueError:
        return []  # the exit status, or a count of nothing, then says that something is wrong


def run_unit(test, folder, build_folder, long=False):
    """One Criterion program, or a part of it. Its own exit status misses leaks; the reports do not."""
    report = folder / "report.json"
    pattern = f"{test.part}/*" if test.part and "/" not in test.part else test.part
    program = str(build_folder / "tests" / test.target)
    if test.preset == "wasm":
        command = ["node", str(TESTS / "wasm/run.mjs"), f"{program}.wasm", f"--json={report}"]
    else:
        command = [program, f"--json={report}", "--color=never", "-j1"]
    command += ["--filter", pattern] if pattern else []
    deadline_s = test.deadline_s * (18 if long else 1)
    status, output, found = run_command(test.full_name, command, folder, deadline_s, {"GALEN_LONG": "1" if long else ""})
    passed, failures, skips = 0, [], []
    for suite in read_report(report):
        for case in suite["tests"]:
            name = f"{suite['name']}/{case['name']}"
            if pattern and not fnmatch.fnmatchcase(name, pattern):
                continue  # Criterion lists what its filter left out as skipped
            if case["status"] == "PASSED":
                passed += 1
            elif case["status"] == "SKIPPED":
                skips.append(f"skipped {test.name}/{name}: {' '.join(case['messages'])}")
            else:
                failures.append(f"{test.name}/{name}")
    if status is None:
        failures.append(f"{test.full_name}: no end after {deadline_s} s")
    elif found:
        failures.append(f"{test.full_name}: sanitizer report")
    elif not report.exists() or (status != 0 and not failures):
        failures.append(f"{test.full_name}: ended with status {status} and without a verdict")
    elif passed + len(skips) == 0 and not failures:
        failures.append(f"{test.full_name}: there is no such test in {test.source.relative_to(SOURCE)}")
    detail = "\n".join(["FAILED " + name for name in failures] + skips)
    if failures:
        detail += "\n" + output + found
    return Outcome(passed, len(failures), len(skips), f"{passed} test{'s' * (passed != 1)}", detail)


def run_fuzz(test, folder, build_folder, long):
    """The seeds, then new inputs; from a fixed seed by default, so that two runs see much the same."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True)
    kept = build_folder / "crashes"
    kept.mkdir(exist_ok=True)
    seeds = TESTS / "fuzz/seeds" / test.target
    target = str(build_folder / "fuzz" / test.target)
    seconds = 300 if long else 8
    command = [target, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
               f"-artifact_prefix={kept}/{test.target}-", f"-seed={0 if long else 1}",
               "-print_final_stats=1", str(corpus), *([str(seeds)] if seeds.is_dir() else [])]
    symbolizer = {"ASAN_SYMBOLIZER_PATH": "/usr/lib/llvm-14/bin/llvm-symbolizer"}
    status, output, found = run_command(test.name, command, folder, seconds + 60, symbolizer)
    runs = re.search(r"number_of_executed_units: (\d+)", output)
    seed_count = len(list(seeds.iterdir())) if seeds.is_dir() else 0
    note = f"{seed_count} seeds, {int(runs[1]) if runs else 0} runs"
    if status == 0 and not found:
        if seed_count == 0:
            return Outcome(0, 1, 0, note, f"FAILED {test.name}: put seeds into {seeds.relative_to(SOURCE)}/")
        return Outcome(1, 0, 0, note, "")
    detail = f"FAILED {test.name} (its input is kept in {kept}; give it to {target})\n"
    return Outcome(0, 1, 0, note, detail + output + found)


def run_script(test, folder, build_folder, long, arguments=()):
    """An executable that says by its exit status what came of it."""
    environment = {"GALEN_BUILD": str(build_folder), "GALEN_LONG": "1" if long else ""}
    deadline_s = test.deadline_s * (18 if long else 1)
    command = [str(test.source), *arguments]
    status, output, found = run_command(test.name, command, folder, deadline_s, environment)
    lines = output.rstrip().splitlines()
    note = lines[-1].strip() if lines else ""
    counted = COUNT_LINE.fullmatch(note)
    passed, failed, skipped = (int(n or 0) for n in counted.groups()) if counted else (0, 0, 0)
    if status == 0 and not found and failed == 0:
        skips = "\n".join(line for line in lines if line.startswith("skipped ")) if skipped else ""
        return Outcome(passed if counted else 1, 0, skipped, note, skips)
    if status == SKIPPED and not found:
        return Outcome(0, 0, 1, note, f"skipped {test.name}: {note}")
    why = f"no end after {deadline_s} s" if status is None else f"ended with status {status}"
    detail = f"FAILED {test.name}: {'sanitizer report' if found else why}\n{output}{found}"
    return Outcome(passed, max(failed, 1), skipped, "", detail)


def run_test(test, folder, build_folder=None, long=False, arguments=()):
    """Runs one test whose programs are built, with `folder` for what it writes."""
    build_folder = build_folder or SOURCE / "build" / test.preset
    if test.is_unit:
        return run_unit(test, folder, build_folder, long)
    if test.preset == "fuzz":
        return run_fuzz(test, folder, build_folder, long)
    return run_script(test, folder, build_folder, long, arguments)


# Telling ----------------------------------------------------------------------------------------


class Tally:
    """Counts outcomes and prints a line for each as it comes."""

    def __init__(self, total):
        self.total, self.done = total, 0
        self.passed = self.failed = self.skipped = 0
        self.details = []
        self.lock = threading.Lock()

    def add(self, name, outcome, seconds):
        with self.lock:
            self.done += 1
            self.passed += outcome.passed
            self.failed += outcome.failed
            self.skipped += outcome.skipped
            if outcome.detail:
                self.details.append(outcome.detail)
            word = "FAILED" if outcome.failed else "passed" if outcome.passed else "skipped"
            show_status("")
            print(f"[{self.done:{len(str(self.total))}}/{self.total}] {word:7} {name:28} "
                  f"{seconds:6.1f} s  {outcome.note}", flush=True)
            if outcome.failed:
                print("    " + outcome.detail.rstrip().replace("\n", "\n    "), flush=True)

    def close(self):
        """Names again what failed or was skipped, then the one line; returns the exit status."""
        for detail in self.details:
            for line in detail.splitlines():
                if line.startswith(("FAILED ", "skipped ")):
                    print(line)
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 1 if self.failed else 0


def run_all(tests, tally, long, work):
    """Two at a time, then one by one those that must be alone."""
    together = [t for t in tests if not t.alone]
    lock = threading.Lock()

    def run_one(test):
        started = time.monotonic()
        folder = work / test.full_name.replace("/", ".")
        outcome = run_test(test, folder, long=long)
        tally.add(test.full_name, outcome, time.monotonic() - started)
        shutil.rmtree(folder, ignore_errors=True)

    def take_turns():
        while True:
            with lock:
                if not together:
                    return
                test = together.pop(0)
            run_one(test)

    workers = [threading.Thread(target=take_turns, daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        while worker.is_alive():
            worker.join(0.5)
            show_status("running " + ", ".join(running.values()))
    for test in (t for t in tests if t.alone):
        show_status("running " + test.name)
        run_one(test)


def build_all(tests, tally):
    """Builds what the tests need; a preset that does not build fails, and its tests do not run."""
    ready = list(tests)
    for preset in ("dev", "wasm", "fuzz", "release"):
        targets = {target for t in ready for needed, target in t.needs if needed == preset}
        log = build(preset, sorted(targets)) if targets else None
        if log is None:
            continue
        lost = [t for t in ready if any(needed == preset for needed, _ in t.needs)]
        ready = [t for t in ready if t not in lost]
        tally.total += 1 - len(lost)
        tally.add(f"build/{preset}", Outcome(0, 1, 0, f"{len(lost)} tests not run",
                                             f"FAILED build/{preset}\n{log}"), 0)
    return ready


def main():
    parser = argparse.ArgumentParser(
        prog="tests/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Builds Galen and runs its tests, all of them or those that are named.",
        epilog="examples:\n"
               "  tests/run                    everything, about 20 minutes on two cores\n"
               "  tests/run unit               the Criterion tests, with sanitizers\n"
               "  tests/run unit/codec e2e     one program, and every end-to-end test\n"
               "  tests/run wasm               the Criterion tests again, in WebAssembly\n"
               "  tests/run --list unit/codec  the names of its tests; each can be run by its name\n\n"
               "Each failure is printed with what the test said. The last line counts.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a test, or the beginning of names (unit, e2e)")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--long", action="store_true", help="more seeds, longer fuzzing; hours")
    options = parser.parse_args()
    tests = choose(discover(), options.names)
    if options.list:
        for test in tests:
            print("\n".join(test.part_names() or [test.full_name]))
        return 0
    tally = Tally(len(tests))
    with tempfile.TemporaryDirectory(prefix="galen-tests-") as work:
        run_all(build_all(tests, tally), tally, options.long, Path(work))
    return tally.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ntests/run: interrupted")
    finally:
        for group in list(running):
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
