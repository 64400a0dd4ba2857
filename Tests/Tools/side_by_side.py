"""Measures the gateway beside Envoy and HAProxy: the same intent, the same upstream, one core's worth of proxy each.

Every round runs every target in turn; what is compared is CPU time per answered request (user + system time of the
proxy's process), whose ratio within one round does not depend on who else uses the machine. Envoy verifies the token,
checks the role and takes a local token; HAProxy only forwards and is the floor for a proxy on this kernel; the gateway
does all it does in production. Load goes to loopback and is bounded in time.

The third part puts mutual TLS on both sides: HAProxy as the client's sidecar shows a SPIFFE certificate to the gateway and
to Envoy, which show theirs to the worker and check its principal. Then several processes of `openssl s_time`, each with a
certificate of its own, make full handshakes with each at the same time.

The fourth part runs the gateway twice, with its limits in memory and shared through Redis, where the limit is leased: what sharing
costs a request may be 3 %, by the median of the ratios of rounds that follow each other, or the exit code is 1.

The fifth part runs it three times before one worker: plainly, without an audit log, and with envelopes that are sealed on both sides
(EMCL v2). What sealing adds is CPU time of the process, what the audit log adds that of the event loop; both are held against their bounds
plus what two equal gateways differ by in the same run. The requests come from `intentusnet load`, twice: 32 at a time, as in all other parts,
where the gateway has a core of its own if there are two; and by a schedule, where it is idle for more than half of the time and finds its
caches cold for each request. The first is what the bounds are for; the second, which costs more, has one of its own.

The sixth part runs it with traces that nobody asks for, one in a hundred, and all of them, sent to a receiver that takes everything.
"""
import argparse
import base64
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from bench_processes import Processes, check_answer, cpu_seconds, thread_nanoseconds
from bench_traces import compare_traces
from bench_parties import (
    Certificates, Workload, envoy_binary, envoy_configuration, free_port, gateway_configuration, haproxy_configuration,
    nginx_configuration, spiffe, write_policy)

PARTS = ("warm", "cold", "mtls", "stores", "records", "traces")
SHARING_COST_MAX = 1.03
# Microseconds of CPU that a request may cost more: sealed on both sides, by the process; with an audit record, by the event loop.
SEALING_COST_MAX, AUDIT_COST_MAX = 8.0, 1.0
# By a schedule, as a guard against what is lost again: 12.5 and 14.2 were measured.
SCHEDULED_SEALING_COST_MAX = 16.0
# By kind of load, requests a second: more than are answered, and a schedule. Then seconds of a round.
FRAMES_A_SECOND = {"closed": 30_000, "scheduled": 6_000}
FRAMES_SECONDS, FRAMES_IN_FLIGHT = 2, 32
# CPU for a request against Envoy's by kind, and handshakes a second.
CPU_RATIO_MAX = {"warm": 0.70, "cold": 0.65, "mtls": 0.75}
HANDSHAKE_RATIO_MIN = 0.9
HANDSHAKE_CLIENTS = 4
missed = []


class Targets(Processes):
    """The upstream and the three proxies."""

    def __init__(self, binary, work, kind):
        super().__init__(work)
        cold, mutual = kind == "cold", kind == "mtls"
        upstream = free_port()
        self.ports = ports = {name: free_port() for name in ("gateway", "envoy", "haproxy")}
        # With mutual TLS the load comes through a sidecar, whose CPU time is nobody's.
        sidecars = {name: free_port() if mutual else port for name, port in ports.items()}
        self.urls = {name: f"http://127.0.0.1:{port}/api/v1/intent" for name, port in sidecars.items()}
        if mutual:
            Certificates(self.folder, clients=HANDSHAKE_CLIENTS)
        served = (f"ssl_certificate {self.folder}/worker.crt; ssl_certificate_key {self.folder}/worker.key; "
                  f"ssl_client_certificate {self.folder}/ca.pem; ssl_verify_client on;") if mutual else ""
        work.write("nginx.conf", nginx_configuration(work, upstream, served))
        show = lambda party: f" ssl crt {self.folder}/{party}.pem ca-file {self.folder}/ca.pem verify required"
        sections = [("front", ports["haproxy"], show("proxy") if mutual else "", upstream, show("proxy") if mutual else "")]
        if mutual:
            sections += [(f"sidecar-{name}", sidecars[name], "", port, show("client")) for name, port in ports.items()]
        work.write("haproxy.cfg", haproxy_configuration(sections[:1]))
        work.write("sidecar.cfg", haproxy_configuration(sections[1:]))
        work.write("envoy.json", json.dumps(envoy_configuration(work, kind, ports["envoy"], upstream)))
        write_policy(work)
        files = lambda party: (f"certificateFile: {party}.crt, keyFile: {party}.key, trustBundleFiles: [ca.pem]")
        secured = {"tls": f"  tls: {{ {files('proxy')} }}", "scheme": "https",
                   "routing": f"routing: {{ upstream: {{ tls: {{ {files('proxy')} }} }} }}",
                   "principal": f'principal: "{spiffe("worker").removeprefix("spiffe://")}"'} if mutual else {}
        work.write("gateway.yaml", gateway_configuration(
            ports["gateway"], upstream, "audit.jsonl", entries=0 if cold else 10000, **secured))
        self.start("nginx", ["nginx", "-c", f"{self.folder}/nginx.conf", "-p", str(self.folder)], upstream)
        self.start("haproxy", ["haproxy", "-db", "-f", f"{self.folder}/haproxy.cfg"], ports["haproxy"])
        self.start("envoy", [envoy_binary(), "-c", f"{self.folder}/envoy.json", "--concurrency", "1",
                             "--use-dynamic-base-id", "--log-level", "error"], ports["envoy"])
        self.start("gateway", [binary, "gateway", "--config", f"{self.folder}/gateway.yaml"], ports["gateway"])
        if mutual:
            self.start("sidecar", ["haproxy", "-db", "-f", f"{self.folder}/sidecar.cfg"], sidecars["gateway"])

    def handshakes(self, name, seconds):
        """Full handshakes a second, and the target's CPU time for each."""
        before, began = cpu_seconds(self.pids[name]), time.monotonic()
        clients = [subprocess.Popen(
            ["openssl", "s_time", "-connect", f"127.0.0.1:{self.ports[name]}", "-new", "-tls1_3",
             "-cert", f"{self.folder}/client-{number}.crt", "-key", f"{self.folder}/client-{number}.key",
             "-CAfile", f"{self.folder}/ca.pem", "-time", str(seconds)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for number in range(HANDSHAKE_CLIENTS)]
        texts = [client.communicate(timeout=seconds + 30)[0] for client in clients]
        elapsed = time.monotonic() - began
        counts = [re.search(r"(\d+) connections in \d+ real seconds", text) for text in texts]
        if any(client.returncode for client in clients) or not all(counts):
            sys.exit(f"a client failed at handshakes with {name}:\n" + "\n".join(text[-1000:] for text in texts))
        count = sum(int(found[1]) for found in counts)
        return {"rate": count / elapsed, "cpu": (cpu_seconds(self.pids[name]) - before) * 1e6 / count}


class Stores(Processes):
    """One gateway with its limits in memory and one that shares them through a Redis of its own."""

    def __init__(self, binary, work):
        super().__init__(work)
        upstream, redis = free_port(), free_port()
        ports = {name: free_port() for name in ("memory", "redis")}
        stores = {"memory": "memory", "redis": f"redis://127.0.0.1:{redis}"}
        self.urls = {name: f"http://127.0.0.1:{port}/api/v1/intent" for name, port in ports.items()}
        work.write("nginx.conf", nginx_configuration(work, upstream))
        write_policy(work)
        self.start("nginx", ["nginx", "-c", f"{self.folder}/nginx.conf", "-p", str(self.folder)], upstream)
        self.start("redis-server", ["redis-server", "--port", str(redis), "--save", "", "--appendonly", "no",
                                    "--dir", str(self.folder)], redis)
        self.admin = {}
        for name, port in ports.items():
            configuration = gateway_configuration(port, upstream, f"{name}.jsonl", store=stores[name])
            self.admin[name] = re.search(r'admin: .*127.0.0.1:(\d+)', configuration)[1]
            work.write(f"{name}.yaml", configuration)
            self.start(name, [binary, "gateway", "--config", f"{self.folder}/{name}.yaml"], port)


class Records(Processes):
    """Gateways before one worker that takes calls sealed and plainly: two that are alike, one without a log, one that seals."""

    NAMES = ("plain", "alike", "unlogged", "sealed")

    def __init__(self, binary, work):
        super().__init__(work)
        workers = {"plain": free_port(), "sealed": free_port()}
        ports = {name: free_port() for name in self.NAMES}
        self.urls = {name: f"http://127.0.0.1:{port}/api/v1/intent" for name, port in ports.items()}
        self.binary = binary
        work.write("ring.json", json.dumps({"keys": [{"id": "bench", "key": base64.b64encode(os.urandom(32)).decode()}]}))
        (self.folder / "ring.json").chmod(0o600)
        write_policy(work)
        for kind, port in workers.items():
            self.start(f"worker-{kind}", [binary, "worker", "--name", "summarizer", "--intent", "SummarizeIntent", "--port",
                                          str(port)] + (["--key-ring", f"{self.folder}/ring.json"] if kind == "sealed" else []), port)
        for name, port in ports.items():
            text = gateway_configuration(port, workers["sealed" if name == "sealed" else "plain"], f"{name}.jsonl")
            if name == "unlogged":
                text = re.sub(r"audit: .*", "audit: { output: none }", text)
            if name == "sealed":
                text += "emcl: { keyRingFile: ring.json, clients: required, workers: required }\n"
            work.write(f"{name}.yaml", text)
            self.start(name, [binary, "gateway", "--config", f"{self.folder}/{name}.yaml"], port)

    def pin(self, isPinned):
        """Gives the gateways a core of their own and the rest to the others, or all of them to all."""
        cores = sorted(os.sched_getaffinity(0))
        own, others = (cores[:1], cores[1:]) if isPinned and len(cores) > 1 else (cores, cores)
        self.others = others
        for name, pid in self.pids.items():
            for task in thread_nanoseconds(pid):
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(int(task), own if name in self.NAMES else others)

    def measure(self, name, work, load):
        """CPU of the process and of its busiest thread for each request that was answered."""
        envelope = json.loads(work.envelope)
        command = [self.binary, "load", "--gateway", self.urls[name].removesuffix("/api/v1/intent"), "--rate", str(FRAMES_A_SECOND[load]),
                   "--duration", f"{FRAMES_SECONDS}s", "--intent",
                   f"{envelope['intent']['name']}:{envelope['intent']['version']}", "--payload", json.dumps(envelope["payload"]),
                   "--token", work.token(0), "--threads", "1", "--quiet", "--json", "-"]
        if load == "closed":
            command += ["--in-flight-max", str(FRAMES_IN_FLIGHT), "--connections", str(FRAMES_IN_FLIGHT)]
        if name == "sealed":
            command += ["--key-ring", f"{self.folder}/ring.json"]
        before, threads = cpu_seconds(self.pids[name]), thread_nanoseconds(self.pids[name])
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60,
                                preexec_fn=lambda: os.sched_setaffinity(0, self.others)).stdout
        process = cpu_seconds(self.pids[name]) - before
        after = thread_nanoseconds(self.pids[name])
        loop = max(after[thread] - threads.get(thread, 0) for thread in after)
        total = json.loads(output)["total"]
        answered, asked = total["ok"], total["offered"] - (total["lost"] if load == "closed" else 0)
        if load == "closed" and not total["lost"]:
            sys.exit(f"the gateway '{name}' answered all that was offered: the loop was not closed, offer more")
        if not answered:
            sys.exit(f"the gateway '{name}' answered nothing: {output}")
        return {"cpu": process * 1e6 / answered, "loop": loop / 1e3 / answered, "rate": answered / FRAMES_SECONDS,
                "bad": asked - answered}


def compare_records(binary, work, options):
    """What seals on both sides and the audit log add to a request."""
    targets = Records(binary, work)
    runs = {}
    try:
        for load in FRAMES_A_SECOND:
            targets.pin(load == "closed")
            for name in targets.NAMES:
                targets.measure(name, work, load)
            runs[load] = []
            for number in range(options.rounds):
                order = targets.NAMES if number % 2 == 0 else targets.NAMES[::-1]
                runs[load].append({name: targets.measure(name, work, load) for name in order})
    finally:
        targets.close()
    return sum(judge_records(load, rounds) for load, rounds in runs.items())


def judge_records(load, rounds):
    """Prints what one kind of load showed, and holds the closed loop against the bounds."""
    kind = f"{FRAMES_A_SECOND[load]} requests a second" if load == "scheduled" else f"{FRAMES_IN_FLIGHT} requests at a time"
    print(f"\nsealed on both sides, and without an audit log; {kind}, {len(rounds)} rounds of {FRAMES_SECONDS} s (medians)")
    print(f"{'gateway':10}{'CPU us/request':>16}{'event loop us':>15}{'requests/s':>12}{'not 2xx':>9}")
    for name in Records.NAMES:
        median = {key: statistics.median(r[name][key] for r in rounds) for key in ("cpu", "loop", "rate")}
        print(f"{name:10}{median['cpu']:16.1f}{median['loop']:15.1f}{median['rate']:12.0f}{sum(r[name]['bad'] for r in rounds):9d}")
    added = lambda one, other, key: statistics.median(r[one][key] - r[other][key] for r in rounds)
    noise = {key: max(abs(added("alike", "plain", key)), 0.25) for key in ("cpu", "loop")}
    sealing, audit = added("sealed", "plain", "cpu"), added("plain", "unlogged", "loop")
    is_closed = load == "closed"
    most = SEALING_COST_MAX if is_closed else SCHEDULED_SEALING_COST_MAX
    bounds = (f", wanted at most {most}", f", wanted at most {AUDIT_COST_MAX}," if is_closed else "")
    print(f"sealing adds {sealing:.1f} us (ratio {statistics.median(r['sealed']['cpu'] / r['plain']['cpu'] for r in rounds):.2f})"
          f"{bounds[0]}; the audit log adds {audit:.1f} us to the event loop{bounds[1]} and "
          f"{added('plain', 'unlogged', 'cpu'):.1f} us to the process; two that are alike differ by {noise['cpu']:.1f} and {noise['loop']:.1f}")
    if sealing > most + noise["cpu"]:
        missed.append(f"sealing adds {sealing:.1f} us ({load}), wanted at most {most}")
    if is_closed and audit > AUDIT_COST_MAX + noise["loop"]:
        missed.append(f"the audit log adds {audit:.1f} us to the event loop, wanted at most {AUDIT_COST_MAX}")
    return sum(r[name]["bad"] for r in rounds for name in r)


def compare(binary, work, kind, options):
    targets = Targets(binary, work, kind)
    tokens = "cold" if kind == "cold" else "warm"
    names = ("gateway", "envoy", "haproxy")
    rounds = []
    try:
        check_answer(work, targets)
        for name in names:
            targets.measure(name, tokens, 1, options.connections)
        for _ in range(options.rounds):
            rounds.append({name: targets.measure(name, tokens, options.seconds, options.connections) for name in names})
        if kind == "mtls":
            shakes = [{name: targets.handshakes(name, options.seconds) for name in names} for _ in range(options.rounds)]
    finally:
        targets.close()
    title = "mutual TLS on both sides, warm tokens" if kind == "mtls" else f"{kind} tokens"
    print(f"\n{title}, {options.rounds} rounds of {options.seconds} s, {options.connections} connections (medians)")
    print(f"{'target':10}{'CPU us/request':>16}{'requests/s':>12}{'p99 ms':>9}{'RSS MiB':>9}{'not 2xx':>9}")
    for name in names:
        median = {key: statistics.median(r[name][key] for r in rounds) for key in ("cpu", "rate", "p99", "rss")}
        print(f"{name:10}{median['cpu']:16.1f}{median['rate']:12.0f}{median['p99']:9.2f}{median['rss']:9.0f}"
              f"{sum(r[name]['bad'] for r in rounds):9d}")
    ratio = lambda other, key: statistics.median(r["gateway"][key] / r[other][key] for r in rounds)
    print(f"gateway / envoy: CPU {ratio('envoy', 'cpu'):.2f}, p99 {ratio('envoy', 'p99'):.2f}; "
          f"gateway / haproxy: CPU {ratio('haproxy', 'cpu'):.2f}")
    if ratio("envoy", "cpu") > CPU_RATIO_MAX[kind]:
        missed.append(f"{kind}: CPU {ratio('envoy', 'cpu'):.2f} of Envoy's, wanted at most {CPU_RATIO_MAX[kind]}")
    if kind == "mtls":
        for name in names:
            median = {key: statistics.median(r[name][key] for r in shakes) for key in ("cpu", "rate")}
            print(f"{name:10}{median['cpu']:12.0f} us CPU/handshake{median['rate']:9.0f} handshakes/s, "
                  f"{HANDSHAKE_CLIENTS} clients at once")
        ratio = lambda key: statistics.median(r["gateway"][key] / r["envoy"][key] for r in shakes)
        print(f"gateway / envoy: handshakes/s {ratio('rate'):.2f}, CPU per handshake {ratio('cpu'):.2f}")
        if ratio("rate") < HANDSHAKE_RATIO_MIN:
            missed.append(f"handshakes/s {ratio('rate'):.2f} of Envoy's, wanted at least {HANDSHAKE_RATIO_MIN}")
    return sum(r["gateway"]["bad"] for r in rounds)


def compare_stores(binary, work, options):
    """What sharing limits through Redis costs a request on the warm path."""
    targets = Stores(binary, work)
    rounds = []
    try:
        for name in ("memory", "redis"):
            check_answer(work, targets, name)
            targets.measure(name, "warm", 1, options.connections)
        asked = targets.metric("redis", "intentusnet_limit_asked_total")
        for number in range(2 * options.rounds):
            # Either goes first in turn, so that a machine that becomes slower or faster favours neither.
            order = ("memory", "redis") if number % 2 == 0 else ("redis", "memory")
            rounds.append({name: targets.measure(name, "warm", options.seconds, options.connections) for name in order})
        leased = targets.metric("redis", "intentusnet_limit_leased_total")
        asked = targets.metric("redis", "intentusnet_limit_asked_total") - asked
        degraded = targets.metric("redis", "intentusnet_limit_degraded_total")
    finally:
        targets.close()
    print(f"\nlimits in memory and shared through Redis, warm tokens, {2 * options.rounds} rounds of {options.seconds} s (medians)")
    print(f"{'store':10}{'CPU us/request':>16}{'requests/s':>12}{'p99 ms':>9}{'RSS MiB':>9}{'not 2xx':>9}")
    for name in ("memory", "redis"):
        median = {key: statistics.median(r[name][key] for r in rounds) for key in ("cpu", "rate", "p99", "rss")}
        print(f"{name:10}{median['cpu']:16.1f}{median['rate']:12.0f}{median['p99']:9.2f}{median['rss']:9.0f}"
              f"{sum(r[name]['bad'] for r in rounds):9d}")
    ratios = sorted(r["redis"]["cpu"] / r["memory"]["cpu"] for r in rounds)
    ratio = statistics.median(ratios)
    print(f"redis / memory: CPU {ratio:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}), wanted at most {SHARING_COST_MAX}; "
          f"{leased:.0f} requests paid from leases, {asked:.0f} asked Redis themselves, {degraded:.0f} while it was away")
    if degraded or asked > leased / 100:
        print("not measured: the limit was not leased all the time")
    return ratio <= SHARING_COST_MAX and not degraded and asked <= leased / 100, sum(
        r[name]["bad"] for r in rounds for name in r)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="intentusnet-bench-") as folder:
        work = Workload(pathlib.Path(folder))
        binary, kinds = os.path.abspath(options.binary), [options.only] if options.only else PARTS
        bad = sum(compare(binary, work, kind, options) for kind in kinds if kind in CPU_RATIO_MAX)
        is_cheap = True
        if "stores" in kinds:
            is_cheap, failed = compare_stores(binary, work, options)
            bad += failed
        if "records" in kinds:
            bad += compare_records(binary, work, options)
        if "traces" in kinds:
            bad += compare_traces(binary, work, options)
    if bad:
        sys.exit(f"{bad} answers of the gateway were not 2xx")
    if missed:
        sys.exit("missed: " + "; ".join(missed))
    if not is_cheap:
        sys.exit(f"sharing limits through Redis costs a request more than {SHARING_COST_MAX - 1:.0%}, or was not measured")


main()
