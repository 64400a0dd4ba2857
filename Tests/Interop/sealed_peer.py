#!/usr/bin/env python3
"""The INSTALLED intentusnet's own AES-GCM (EMCL) on both sides of a gateway: what it seals the gateway opens, and the other way round.

  sealed_peer.py send URL --key TEXT --token T [--payload JSON]   seals an envelope, posts it, opens the answer and prints it
  sealed_peer.py agent --port N --key TEXT                        an agent whose calls are opened and whose replies are sealed

The package seals in its WebSocket and ZeroMQ transports alone, so the frames are put together here; the provider is its own.
"""
import argparse, datetime as dt, http.server, json, sys, uuid
from dataclasses import asdict

import requests
from intentusnet.protocol.emcl import EMCLEnvelope
from intentusnet.security.emcl.aes_gcm import AESGCMEMCLProvider


def frame(provider, body):
    return {"protocol": "INTENTUSNET/1.0", "messageType": "emcl", "headers": {}, "body": asdict(provider.encrypt(body))}


def opened(provider, text):
    received = json.loads(text)
    if received["messageType"] != "emcl":
        return {"plain": received}
    return provider.decrypt(EMCLEnvelope(**received["body"]))


def send(arguments, provider):
    now = dt.datetime.now(dt.timezone.utc).isoformat()
    envelope = {
        "version": "1.0", "intent": {"name": "EchoIntent", "version": "1.0"}, "payload": json.loads(arguments.payload),
        "context": {"sourceAgent": "client", "timestamp": now, "priority": "normal", "tags": []},
        "metadata": {"requestId": str(uuid.uuid4()), "source": "client", "createdAt": now, "traceId": str(uuid.uuid4()),
                     "identityChain": []},
        "routing": {"strategy": "direct", "targetAgent": None, "fallbackAgents": []},
        "routingMetadata": {"decisionPath": [], "retries": 0}}
    answer = requests.post(arguments.url, json=frame(provider, envelope),
                           headers={"Authorization": f"Bearer {arguments.token}"}, timeout=10)
    print(json.dumps({"status": answer.status_code, "response": opened(provider, answer.text)}))


def agent(arguments, provider):
    class Agent(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            call = opened(provider, self.rfile.read(int(self.headers["Content-Length"])))
            reply = {"version": "1.0", "status": "success", "payload": {"echo": call.get("payload"), "sealed": "plain" not in call},
                     "metadata": {"agent": "python"}, "error": None}
            body = json.dumps(frame(provider, reply)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), Agent)
    print("listening", flush=True)
    server.serve_forever()


parser = argparse.ArgumentParser()
parser.add_argument("role", choices=["send", "agent"])
parser.add_argument("url", nargs="?")
parser.add_argument("--key", required=True)
parser.add_argument("--token")
parser.add_argument("--payload", default='{"text":"naïve café 🚀"}')
parser.add_argument("--port", type=int)
arguments = parser.parse_args()
(send if arguments.role == "send" else agent)(arguments, AESGCMEMCLProvider(arguments.key))
