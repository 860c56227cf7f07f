"""What benches start: galend, its peers, the load on them. Servers get the first processor, loads the second."""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from _harness import BUILD, Scene, Server  # noqa: E402

PROGRAMS = BUILD / "bench"
PROCESSORS = sorted(os.sched_getaffinity(0))
# A bench comes from one address, with many devices.
LIMITS = {"connections_per_address": 20000, "sign_ins_per_minute": 1000000, "epochs_per_hour": 100000, "kib_per_hour": 1000000000,
          "frames_per_second": 100000, "appends_in_flight": 1000, "visits": 10000}


class BenchServer(Server):
    def __init__(self, scene, name, pinned):
        super().__init__(scene, name, {}, None, {})
        self.pinned = pinned

    def command(self):
        limits = [word for name, value in LIMITS.items() for word in ("--limit", f"{name}={value}")]
        return pin(self.pinned and 0) + super().command() + limits


def pin(place):
    """The words that keep a command on one processor; none where there is only one, or `place` is False."""
    if place is False or len(PROCESSORS) < 2:
        return []
    return ["taskset", "-c", str(PROCESSORS[place])]


def note(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def run_load(scene, words, pinned):
    command = pin(pinned and 1) + [PROGRAMS / "bench-load", *map(str, words), "--ca", scene.certs / "ca.pem"]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=120, check=True)
    return json.loads(done.stdout)


def load_galend(scene, name, *words, pinned=True):
    """A fresh galend under one load; what the load measured."""
    server = BenchServer(scene, name, pinned)
    scene.cleanups.append(server.kill)
    server.start()
    result = run_load(scene, [*words, "--port", server.port, "--pid", server.process.pid,
                              "--token", server.data / "setup-token"], pinned)
    server.stop()
    note(f"galend {json.dumps(result)}")
    return result


def load_bare(scene, *words, pinned=True):
    """The same load on the bare relay."""
    command = pin(pinned and 0) + [PROGRAMS / "bare-relay", scene.certs / "server.pem", scene.certs / "server.key"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        try:
            port = int(relay.stdout.readline())
            result = run_load(scene, [*words, "--port", port, "--pid", relay.pid, "--bare"], pinned)
        finally:
            relay.kill()
    note(f"bare   {json.dumps(result)}")
    return result


def report(bench, ours, beside, ratios):
    print(json.dumps({"bench": bench, "ours": ours, "beside": beside, "ratios": ratios}))
