"""Seals and opens as the Python package does: emcl.py seal|open KEY FILE > body."""
import json
import sys
from dataclasses import asdict

from intentusnet.protocol.emcl import EMCLEnvelope
from intentusnet.security.emcl.aes_gcm import AESGCMEMCLProvider


def main():
    action, key, file = sys.argv[1:]
    provider = AESGCMEMCLProvider(key)
    with open(file, encoding="utf-8") as source:
        message = json.load(source)
    if action == "seal":
        result = asdict(provider.encrypt(message))
    else:
        result = provider.decrypt(EMCLEnvelope(**message["body"]))
    print(json.dumps(result, ensure_ascii=False, separators=(",", ":")))


main()
