#!/usr/bin/env python3
"""Writes Tests/Vectors/intentusnet/emcl_v2.json: EMCL profile v2 as EMCL.md has it, by the `cryptography` package and nothing of ours.

Usage: emcl_v2_vectors.py > Tests/Vectors/intentusnet/emcl_v2.json
"""
import base64
import hashlib
import json
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

DIRECTIONS = {"request": 1, "answer": 2, "call": 3, "reply": 4}
TEXTS = ["caller", "tenant", "audience", "intent", "intentVersion", "requestId"]


def counted(data):
    return struct.pack(">H", len(data)) + data


def canonical_header(direction, time, nonce, kid, in_reply_to, texts):
    header = b"EMCL v2" + bytes([DIRECTIONS[direction]]) + struct.pack(">Q", time) + nonce
    header += counted(kid.encode()) + counted(in_reply_to)
    for name in TEXTS:
        header += counted(texts[name].encode())
    return header


def subkey(key, kid, salt):
    information = b"EMCL v2 subkey" + bytes([len(kid)]) + kid.encode() + salt
    return HKDFExpand(hashes.SHA256(), 32, information).derive(key)


def seal(key, plaintext, *, kid, direction, time, nonce, texts, in_reply_to=b"", zeros=32, aad=None):
    header = canonical_header(direction, time, nonce, kid, in_reply_to, texts)
    message_key = subkey(key, kid, nonce[:16])
    sealed = AESGCM(message_key).encrypt(nonce[16:], bytes(zeros) + plaintext, header if aad is None else aad)
    body = {"emcl": "v2", "kid": kid, "direction": direction, "time": time}
    body.update({name: texts[name] for name in TEXTS})
    body["nonce"] = base64.b64encode(nonce).decode()
    if in_reply_to:
        body["inReplyTo"] = base64.b64encode(in_reply_to).decode()
    body["cipherText"] = base64.b64encode(sealed).decode()
    return header, message_key, body


def fixed(label, count):
    """Bytes that look random and are the same each time."""
    return hashlib.shake_128(label.encode()).digest(count)


def texts(**changes):
    values = {
        "caller": "user:alice", "tenant": "acme", "audience": "", "intent": "SummarizeIntent", "intentVersion": "1.0",
        "requestId": "0f3f5c1e-8f5b-4c53-9d0e-2a3c5d1f7b60",
    }
    values.update(changes)
    return values


ENVELOPE = json.dumps({
    "version": "1.0", "intent": {"name": "SummarizeIntent", "version": "1.0"}, "payload": {"text": "naïve café"},
    "context": {"sourceAgent": "client", "timestamp": "2026-01-01T00:00:00Z", "priority": "normal", "tags": []},
    "metadata": {"requestId": "0f3f5c1e-8f5b-4c53-9d0e-2a3c5d1f7b60", "source": "client", "createdAt": "2026-01-01T00:00:00Z"},
}, ensure_ascii=False, separators=(",", ":"))
ANSWER = '{"version":"1.0","status":"success","payload":{"summary":"short"},"metadata":{"agent":"summarizer"},"error":null}'
TIME = 1_767_225_600_000


def accepted():
    asked = fixed("nonce/request", 28)
    called = fixed("nonce/call", 28)
    agent = texts(audience="summarizer")
    yield "request", "2026-01-a", ENVELOPE, dict(direction="request", nonce=asked, texts=texts())
    yield "answer", "2026-01-a", ANSWER, dict(direction="answer", nonce=fixed("nonce/answer", 28), texts=texts(), in_reply_to=asked)
    yield "call", "2026-01-a", ENVELOPE, dict(direction="call", nonce=called, texts=agent)
    yield "reply", "2026-01-a", ANSWER, dict(direction="reply", nonce=fixed("nonce/reply", 28), texts=agent, in_reply_to=called)
    yield "empty_object", "k", "{}", dict(direction="request", nonce=bytes(28), texts=texts())
    yield "empty_texts", "A.b_c-9", "{}", dict(
        direction="request", nonce=b"\xff" * 28, texts=texts(tenant="", caller="", intentVersion=""))
    yield "unicode_and_escapes", "2026-01-a", ENVELOPE, dict(
        direction="request", nonce=fixed("nonce/unicode", 28),
        texts=texts(caller="user:\"アリス\"\\\n", tenant="ünïcode/\u0001", intent="Intent\u2028", requestId="\U0001f510"))
    yield "principal", "2026-01-a", "{}", dict(
        direction="request", nonce=fixed("nonce/principal", 28),
        texts=texts(caller="service:cluster.local/ns/default/sa/api-gateway"))
    yield "largest_texts", "k" * 64, "{}", dict(
        direction="request", nonce=fixed("nonce/largest", 28), texts=texts(caller="c" * 4096, requestId="r" * 4096))
    yield "large", "2026-01-a", json.dumps({"t": "x" * 10_000}), dict(
        direction="request", nonce=fixed("nonce/large", 28), texts=texts())


def refused():
    """Messages with a right tag under the key, and all the same none that may open."""
    nonce = fixed("nonce/refused", 28)
    common = dict(kid="2026-01-a", direction="request", time=TIME, nonce=nonce, texts=texts())
    key = fixed("key/2026-01-a", 32)
    yield "no_commitment", "wrong_tag", seal(key, b"{}", zeros=0, **common)[2]
    yield "short_commitment", "wrong_tag", seal(key, b"{}", zeros=31, **common)[2]
    yield "no_header_authenticated", "wrong_tag", seal(key, b"{}", aad=b"", **common)[2]
    yield "python_header_authenticated", "wrong_tag", seal(key, b"{}", aad=b"emcl-aes-gcm", **common)[2]
    yield "array", "not_an_object", seal(key, b"[]", **common)[2]
    yield "empty", "not_an_object", seal(key, b"", **common)[2]
    yield "unknown_key", "unknown_key", seal(key, b"{}", **{**common, "kid": "2026-01-b"})[2]
    yield "too_old", "outside_window", seal(key, b"{}", **{**common, "time": TIME - 60_001})[2]
    yield "too_far_ahead", "outside_window", seal(key, b"{}", **{**common, "time": TIME + 60_001})[2]
    yield "other_caller", "other_caller", seal(key, b"{}", **{**common, "texts": texts(caller="user:mallory")})[2]
    yield "other_tenant", "other_tenant", seal(key, b"{}", **{**common, "texts": texts(tenant="other")})[2]
    yield "other_audience", "other_audience", seal(key, b"{}", **{**common, "texts": texts(audience="summarizer")})[2]
    yield "other_direction", "other_direction", seal(key, b"{}", **{**common, "direction": "call"})[2]
    yield "request_that_answers", "malformed", seal(key, b"{}", in_reply_to=nonce, **common)[2]
    yield "answer_that_answers_nothing", "malformed", seal(key, b"{}", **{**common, "direction": "answer"})[2]
    yield "text_too_long", "malformed", seal(key, b"{}", **{**common, "texts": texts(intent="i" * 4097)})[2]
    sealed = seal(key, b"{}", **common)[2]
    yield "truncated_tag", "wrong_tag", {**sealed, "cipherText": base64.b64encode(base64.b64decode(sealed["cipherText"])[:-1]).decode()}
    yield "only_a_tag", "wrong_tag", {**sealed, "cipherText": base64.b64encode(base64.b64decode(sealed["cipherText"])[-16:]).decode()}
    yield "no_ciphertext", "wrong_tag", {**sealed, "cipherText": ""}
    yield "base64_unpadded", "bad_encoding", {**sealed, "cipherText": sealed["cipherText"].rstrip("=")}
    yield "base64_newline", "bad_encoding", {**sealed, "cipherText": sealed["cipherText"] + "\n"}
    yield "base64_url", "bad_encoding", {**sealed, "cipherText": "-_" + sealed["cipherText"][2:]}
    yield "nonce_too_short", "bad_encoding", {**sealed, "nonce": base64.b64encode(nonce[:27]).decode()}
    yield "nonce_of_v1", "bad_encoding", {**sealed, "nonce": base64.b64encode(nonce[:12]).decode()}
    yield "other_version", "malformed", {**sealed, "emcl": "v3"}
    yield "unknown_member", "malformed", {**sealed, "alg": "none"}
    yield "member_of_v1", "malformed", {**sealed, "tag": ""}
    yield "time_as_text", "malformed", {**sealed, "time": str(TIME)}
    yield "time_with_fraction", "malformed", {**sealed, "time": TIME + 0.5}
    for name in sealed:
        if name != "emcl":
            yield f"without_{name}", "malformed", {other: value for other, value in sealed.items() if other != name}


def main():
    cases = []
    for name, kid, plaintext, arguments in accepted():
        key = fixed(f"key/{kid}", 32)
        header, message_key, body = seal(key, plaintext.encode(), kid=kid, time=TIME, **arguments)
        cases.append({
            "id": name, "keyHex": key.hex(), "canonicalHeaderHex": header.hex(), "subkeyHex": message_key.hex(),
            "plaintextJSON": plaintext, "body": body,
        })
    document = {
        "about": "EMCL profile v2: each body opens with the key to exactly plaintextJSON (UTF-8), and sealing that with the body's "
                 "nonce and time gives the body again. Each refused body is refused at the time nowMilliseconds, as a request "
                 "of user:alice of tenant acme; the reason is for the audit record, the other side learns the same of all.",
        "generator": "Tests/Tools/emcl_v2_vectors.py", "nowMilliseconds": TIME, "windowMilliseconds": 60_000,
        "cases": cases,
        "refusedKeyHex": fixed("key/2026-01-a", 32).hex(),
        "refused": [{"id": name, "reason": reason, "body": body} for name, reason, body in refused()],
    }
    print(json.dumps(document, ensure_ascii=False, indent=1))


main()
