"""What end-to-end tests stand on: a server in a temporary folder, homes of `galen`, and lines between them.

    with Scene() as scene:
        server = scene.server()
        pat = scene.home("pat")
        pat.run("send", chart, text="Good morning")

Nothing here sleeps and hopes: `wait_until` asks again and again until its deadline, and says what it waited for.
What a scene started ends with it. GALEN_BUILD names the build folder (default: build/release).
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("GALEN_BUILD") or SOURCE / "build/release")
SKIPPED = 77
PATIENCE_S = 30


def skip(why):
    """Ends the whole test as skipped."""
    print(why)
    sys.exit(SKIPPED)


def need_programs(*names):
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        skip(f"not installed: {' '.join(missing)} (server/install tests)")


def step(text):
    """A line of the story, so that a failure shows how far it got."""
    print(f"  {text}", flush=True)


def wait_until(what, condition, deadline_s=PATIENCE_S):
    """Asks `condition()` until it gives something true, which is returned; fails loudly at the deadline."""
    end = time.monotonic() + deadline_s
    pause = 0.01
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s in vain: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


class Scene:
    """A temporary folder and everything that was started in it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="galen-scene-"))
        self.cleanups = []
        self.certs = self.folder / "certs"
        subprocess.run([SOURCE / "certs/make-certs", self.certs], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and not isinstance(error, SystemExit):
            self.show_logs()
        for cleanup in reversed(self.cleanups):
            cleanup()
        if error is None or not os.environ.get("GALEN_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self):
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()
            print(f"--- the end of {log.name}", *lines[-30:], sep="\n", flush=True)

    def server(self, name="server", environment=None, web=None, **limits):
        """Starts a galend, which serves the web client in the folder `web`; `limits` are those of `galend --help`."""
        server = Server(self, name, environment or {}, web, limits)
        self.cleanups.append(server.kill)
        server.start()
        return server

    def home(self, name, server=None):
        """A device's home; with `server` (a Server or a Line) it dials that instead of the address it knows."""
        return Home(self, name, server.url if server else None)

    def line(self, server):
        from _lines import Line
        line = Line(server.port)
        self.cleanups.append(line.close)
        return line


class Server:
    """One galend. It keeps its port over restarts, so that clients find it again."""

    def __init__(self, scene, name, environment, web, limits):
        self.scene, self.name, self.web, self.limits = scene, name, web, limits
        self.environment = dict(os.environ, **environment)
        self.data = scene.folder / name
        self.log_path = scene.folder / f"{name}.log"
        self.port = 0
        self.process = None

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def command(self):
        command = [BUILD / "galend", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
                   "--cert", self.scene.certs / "server.pem", "--key", self.scene.certs / "server.key"]
        if self.web:
            command += ["--web", self.web]
        limits = {"sign_ins_per_minute": 100000, **self.limits}  # each command of a test signs in anew
        for name, value in limits.items():
            command += ["--limit", f"{name}={value}"]
        return [str(word) for word in command]

    def start(self):
        self.data.mkdir(exist_ok=True)
        start_of_log = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, cwd=self.scene.folder)

        def listening():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with status {self.process.returncode} at its start")
            return self.events("listening", start_of_log)

        self.port = wait_until(f"{self.name} listens", listening)[-1]["port"]

    def events(self, event=None, offset=0):
        """The lines of its log, as objects; only those of one event, if that is named."""
        with open(self.log_path, "rb") as log:
            log.seek(offset)
            lines = log.read().decode("utf-8", "replace").splitlines()
        objects = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [o for o in objects if event is None or o.get("event") == event]

    def stop(self):
        """Asks it to end (SIGTERM), as systemd would, and requires that it does so in good order."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE_S)
        assert status == 0, f"{self.name} ended with status {status} after SIGTERM"

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def metrics(self):
        """Its counters by name, as /metrics shows them."""
        text = self.get("/metrics")
        pairs = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in pairs}

    def get(self, path):
        return subprocess.run(["curl", "--silent", "--show-error", "--fail", "--cacert", self.scene.certs / "ca.pem",
                               self.url + path], check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout


class Failed(AssertionError):
    """A command of `galen` that ended with an error; `name` is the error's name (galen/base.h)."""

    def __init__(self, command, status, output, errors):
        self.status, self.output, self.errors = status, output, errors
        self.name = next((line["error"] for line in parse_lines(output + "\n" + errors) if "error" in line), "")
        super().__init__(f"{' '.join(command)}: status {status}\n{output}{errors}")


def parse_lines(text):
    """The JSON objects among lines of text."""
    objects = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            objects.append(value)
    return objects


class Home:
    """One person's device: a folder of keys and state, and the commands given there."""

    def __init__(self, scene, name, url):
        self.scene, self.name, self.url = scene, name, url
        self.folder = scene.folder / "homes" / name
        self.folder.parent.mkdir(exist_ok=True)
        self.environment = dict(os.environ, GALEN_CA=str(scene.certs / "ca.pem"))

    def command(self, *words):
        place = ["--server", self.url] if self.url else []
        return [str(BUILD / "galen"), *map(str, words), "--home", str(self.folder), "--json", *place]

    def run(self, *words, text=None, deadline_s=60):
        """Runs one command to its end and returns its last JSON object ({} if it printed none)."""
        objects = self.run_lines(*words, text=text, deadline_s=deadline_s)
        return objects[-1] if objects else {}

    def run_lines(self, *words, text=None, deadline_s=60):
        """Like `run`, but returns every object that the command printed."""
        command = self.command(*words)
        done = subprocess.run(command, input=text or "", env=self.environment, capture_output=True,
                              text=True, timeout=deadline_s, check=False)
        if done.returncode != 0:
            raise Failed(command, done.returncode, done.stdout, done.stderr)
        return parse_lines(done.stdout)

    def refused(self, error, *words, text=None):
        """Runs a command that must fail with the error of that name."""
        try:
            answer = self.run(*words, text=text)
        except Failed as failure:
            assert failure.name == error, f"{self.name}: {words} failed with {failure.name}, not {error}\n{failure}"
            return failure
        raise AssertionError(f"{self.name}: {words} must fail with {error}, but gave {answer}")

    def start(self, *words, text=None):
        """Starts a command that goes on (agent, call, visit open) and follows what it prints."""
        follower = Follower(self, self.command(*words), text)
        self.scene.cleanups.append(follower.kill)
        return follower


class Follower:
    """A running command, and the JSON objects it has printed so far."""

    def __init__(self, home, command, text):
        self.title = f"{home.name}: {' '.join(command[1:3])}"
        self.objects = []
        self.errors_path = home.scene.folder / f"{home.name}.{command[1]}.log"
        with open(self.errors_path, "ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            env=home.environment, text=True, errors="replace")
        if text is not None:
            self.process.stdin.write(text)
            self.process.stdin.close()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.objects.extend(parse_lines(line))

    def tell(self, line):
        """Writes one line to its standard input."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, what, condition, deadline_s=PATIENCE_S, since=0):
        """Waits for an object it printed, after the first `since`, for which `condition` holds; returns it."""
        def found():
            hit = next((o for o in self.objects[since:] if condition(o)), None)
            if hit is None and self.process.poll() is not None and not self.reader.is_alive():
                raise AssertionError(f"{self.title} ended with status {self.process.returncode} before: {what}")
            return hit
        return wait_until(f"{self.title}: {what}", found, deadline_s)

    def wait(self, deadline_s=60, expected=0):
        """Waits for its end, with the expected status; returns everything it printed."""
        status = self.process.wait(deadline_s)
        self.reader.join(5)
        assert status == expected, f"{self.title} ended with status {status}\n{self.errors_path.read_text()}"
        return self.objects

    def stop(self):
        """Ends it with SIGTERM and returns everything it printed."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
