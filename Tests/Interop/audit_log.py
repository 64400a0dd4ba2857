"""Reads an audit log as the guide describes it, with nothing of the project: the schema by jsonschema, the chain by hmac.

usage: audit_log.py SCHEMA KEY LOG...    the files of one log, oldest first
"""

import hashlib
import hmac
import json
import sys

import jsonschema


def derive(secret, salt, info):
    """HKDF-SHA256 (RFC 5869) for one block."""
    prk = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def main(schema_file, key_file, *logs):
    with open(schema_file, encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    with open(key_file, "rb") as file:
        secret = file.read().rstrip(b"\r\n")
    events, faults, chains = {}, [], {}
    for log in logs:
        with open(log, "rb") as file:
            for number, line in enumerate(file.read().split(b"\n")[:-1], 1):
                record = json.loads(line)
                faults += [f"{log}:{number}: {error.message}" for error in validator.iter_errors(record)]
                events[record["event"]] = events.get(record["event"], 0) + 1
                chain = record["chain"]
                key = derive(secret, chain.encode(), f"intentusnet audit 1 {record['node']}".encode())
                seq, last = chains.get(chain, (0, bytes(32)))
                body = line[: line.rindex(b',"hash":"')]
                code = hmac.new(key, last + body, hashlib.sha256)
                if record["seq"] != seq + 1 or record["hash"] != code.hexdigest():
                    faults.append(f"{log}:{number}: record {record['seq']} does not follow record {seq}")
                chains[chain] = (record["seq"], code.digest())
    print(json.dumps({"events": events, "faults": faults[:20], "chains": len(chains)}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
