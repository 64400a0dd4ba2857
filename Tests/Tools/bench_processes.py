"""Processes of the side-by-side run: started on free ports, loaded by wrk, and what the kernel says that they used."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request


class Processes:
    """What is measured and what it needs, on free ports; ended by process id."""

    def __init__(self, work):
        self.stack = contextlib.ExitStack()
        self.folder = work.folder
        self.pids, self.urls = {}, {}

    def start(self, name, command, port):
        log = self.stack.enter_context(open(f"{self.folder}/{name}.log", "w"))
        # The kernel ends it with this script, however that ends.
        with_script = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        process = subprocess.Popen([*with_script, *command], stdout=log, stderr=log)
        self.stack.callback(lambda: (process.terminate(), process.wait(20)))
        self.pids[name] = process.pid
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if process.poll() is not None or time.monotonic() > deadline:
                self.stack.close()
                sys.exit(f"{name} did not start:\n" + pathlib.Path(f"{self.folder}/{name}.log").read_text()[-4000:])
            time.sleep(0.05)

    def measure(self, name, kind, seconds, connections):
        before = cpu_seconds(self.pids[name])
        text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s",
                               f"{self.folder}/{kind}.lua", self.urls[name]], check=True, capture_output=True, text=True).stdout
        used = cpu_seconds(self.pids[name]) - before
        requests = int(re.search(r"(\d+) requests in", text)[1])
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        milliseconds = {"us": 1e-3, "ms": 1, "s": 1e3}
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
        return {"cpu": used * 1e6 / requests, "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
                "p99": float(p99[1]) * milliseconds[p99[2]], "rss": resident_mib(self.pids[name]),
                "bad": (int(bad[1]) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0)}

    def metric(self, name, series):
        """What a gateway counts, all labels together; its admin port is in self.admin."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.admin[name]}/metrics", timeout=5).read().decode()
        found = re.findall(rf"^{series}(?:{{[^}}]*}})? ([\d.e+]+)", text, re.MULTILINE)
        if not found:
            sys.exit(f"the gateway '{name}' does not count {series}")
        return sum(map(float, found))

    def close(self):
        self.stack.close()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def thread_nanoseconds(pid):
    """What each thread of a process has used of the CPU."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found[task.name] = int((task / "schedstat").read_text().split()[0])
    return found


def check_answer(work, targets, name="gateway"):
    """The gateway must really bring the worker's payload before anything is timed."""
    request = urllib.request.Request(targets.urls[name], data=work.envelope.encode(), method="POST", headers={
        "Authorization": "Bearer " + work.token(0), "Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request, timeout=5))
    if answer["payload"] != {"summary": "short"}:
        sys.exit(f"the gateway did not return the worker's payload: {answer}")
