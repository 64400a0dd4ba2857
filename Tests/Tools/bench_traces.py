"""What traces cost a request: CPU of the gateway's process, the sending of spans with it."""
import re
import statistics

from bench_processes import Processes, check_answer
from bench_parties import free_port, gateway_configuration, nginx_configuration, write_policy

# Kept of a million; nothing is traced where there is no section.
KEPT = {"none": None, "alike": None, "hundredth": 10_000, "all": 1_000_000}


class Traced(Processes):
    """Gateways that differ in their traces alone, before one worker, and a receiver that takes everything."""

    def __init__(self, binary, work):
        super().__init__(work)
        upstream, receiver = free_port(), free_port()
        ports = {name: free_port() for name in KEPT}
        self.urls = {name: f"http://127.0.0.1:{port}/api/v1/intent" for name, port in ports.items()}
        write_policy(work)
        for name, port in {"nginx": upstream, "receiver": receiver}.items():
            text = nginx_configuration(work, port).replace("nginx.pid", f"{name}.pid")
            if name == "receiver":
                text = text.replace(work.reply, "{}").replace("size 64k;", "size 8m; client_max_body_size 0;")
            work.write(f"{name}.conf", text)
            self.start(name, ["nginx", "-c", f"{self.folder}/{name}.conf", "-p", str(self.folder)], port)
        self.admin = {}
        for name, port in ports.items():
            text = gateway_configuration(port, upstream, f"{name}.jsonl")
            self.admin[name] = re.search(r"admin: .*127.0.0.1:(\d+)", text)[1]
            if KEPT[name] is not None:
                # Room for what a gateway at its limit makes, so that all of it is sent and counted.
                text += (f'traces: {{ endpoint: "http://127.0.0.1:{receiver}/v1/traces", keptPerMillion: {KEPT[name]}, '
                         "queueSpansMax: 262144, batchSpansMax: 4096, everyMilliseconds: 100 }\n")
            work.write(f"{name}.yaml", text)
            self.start(name, [binary, "gateway", "--config", f"{self.folder}/{name}.yaml"], port)


def compare_traces(binary, work, options):
    targets = Traced(binary, work)
    rounds, spans = [], {}
    try:
        for name in KEPT:
            check_answer(work, targets, name)
            targets.measure(name, "warm", 1, options.connections)
        for number in range(options.rounds):
            order = list(KEPT) if number % 2 == 0 else list(KEPT)[::-1]
            rounds.append({name: targets.measure(name, "warm", options.seconds, options.connections) for name in order})
        for name in ("hundredth", "all"):
            spans[name] = [targets.metric(name, f"intentusnet_trace_spans_{end}_total") for end in ("exported", "dropped")]
    finally:
        targets.close()
    print(f"\ntraces that begin at the gateway, warm tokens, {options.rounds} rounds of {options.seconds} s (medians)")
    print(f"{'kept':10}{'CPU us/request':>16}{'more us':>9}{'requests/s':>12}{'p99 ms':>9}{'not 2xx':>9}")
    for name in KEPT:
        median = {key: statistics.median(r[name][key] for r in rounds) for key in ("cpu", "rate", "p99")}
        more = statistics.median(r[name]["cpu"] - r["none"]["cpu"] for r in rounds)
        print(f"{name:10}{median['cpu']:16.1f}{more:9.1f}{median['rate']:12.0f}{median['p99']:9.2f}"
              f"{sum(r[name]['bad'] for r in rounds):9d}")
    for name, (sent, dropped) in spans.items():
        print(f"{name}: {sent:.0f} spans sent, {dropped:.0f} dropped")
    return sum(r[name]["bad"] for r in rounds for name in r)
