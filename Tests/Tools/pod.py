#!/usr/bin/env python3
"""What a pod sees, laid out on this machine: the files that its volumes bring, from rendered manifests.

Usage: pod.py MANIFESTS WORKLOAD FOLDER [SECRETS]; MANIFESTS is what `kubectl kustomize` printed, SECRETS what k8s/make-secrets did.
       pod.py --issue FOLDER SPIFFE-ID writes tls.crt, tls.key and ca.crt for a service that has no manifest here.
Certificates are made as the Certificate resources ask for them, and for 127.0.0.1 besides, by one authority for the folder's parent.
"""
import datetime, ipaddress, os, pathlib, sys
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
USAGES = {"server auth": ExtendedKeyUsageOID.SERVER_AUTH, "client auth": ExtendedKeyUsageOID.CLIENT_AUTH}


def pem(key): return key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certificate(subject, issuer, public, signer, days, extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - DAY / 24).not_valid_after(now + days)
    for extension, critical in extensions: builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256())


def key_usage(**on):
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


class Authority:
    """One for all pods of a test: its files lie beside their folders."""

    def __init__(self, folder):
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "intentusnet authority")])
        key, shown = folder / "authority.key", folder / "authority.crt"
        if key.exists():
            self.key = serialization.load_pem_private_key(key.read_bytes(), None)
            self.shown = shown.read_bytes()
            return
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.shown = certificate(self.name, self.name, self.key.public_key(), self.key, 365 * DAY, [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (key_usage(key_cert_sign=True, crl_sign=True), True),
            (x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False),
        ]).public_bytes(serialization.Encoding.PEM)
        write(key, pem(self.key), 0o600)
        write(shown, self.shown, 0o644)

    def issue(self, spec, extra):
        """The Secret that cert-manager makes of a Certificate; `extra` are names by which a test calls this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.UniformResourceIdentifier(uri) for uri in spec.get("uris", [])]
        names += [x509.DNSName(name) for name in spec.get("dnsNames", [])]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in extra]
        shown = certificate(x509.Name([]), self.name, key.public_key(), self.key, DAY, [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([USAGES[usage] for usage in spec["usages"] if usage in USAGES]), False),
            (x509.SubjectAlternativeName(names), True),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
        ]).public_bytes(serialization.Encoding.PEM)
        return {"tls.crt": shown, "tls.key": pem(key), "ca.crt": self.shown}


def write(path, content, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file: file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)


def documents(path): return [document for document in yaml.safe_load_all(pathlib.Path(path).read_text()) if document]


def sources(manifests, secrets, authority):
    """Every ConfigMap and Secret by kind and name, as key and content."""
    found = {}
    for document in manifests + secrets:
        kind, name = document["kind"], document["metadata"]["name"]
        if kind in ("ConfigMap", "Secret"):
            found[kind, name] = {**document.get("data", {}), **document.get("stringData", {})}
        elif kind == "Certificate" and not document["spec"].get("isCA"):
            found["Secret", document["spec"]["secretName"]] = authority.issue(document["spec"], ["127.0.0.1"])
    return found


def issue(folder, uri):
    spec = {"uris": [uri], "usages": list(USAGES)}
    for name, content in Authority(folder.parent).issue(spec, ["127.0.0.1"]).items(): write(folder / name, content, 0o600)


def main():
    if sys.argv[1] == "--issue": return issue(pathlib.Path(sys.argv[2]), sys.argv[3])
    rendered, name, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    manifests = documents(rendered)
    secrets = documents(sys.argv[4]) if len(sys.argv) > 4 else []
    found = sources(manifests, secrets, Authority(folder.parent))
    template = next(document["spec"]["template"] for document in manifests
                    if document["kind"] in ("Deployment", "StatefulSet", "Job") and document["metadata"]["name"] == name)
    volumes = {volume["name"]: volume for volume in template["spec"].get("volumes", [])}
    for container in template["spec"]["containers"]:
        for mount in container.get("volumeMounts", []):
            volume = volumes.get(mount["name"])
            if not volume or "projected" not in volume: continue
            for source in volume["projected"]["sources"]:
                (kind, named), = ((k, v) for k, v in (("ConfigMap", source.get("configMap")), ("Secret", source.get("secret"))) if v)
                content = found.get((kind, named["name"]))
                if content is None: sys.exit(f"pod: {name} mounts {kind} {named['name']}, which nothing makes")
                items = named.get("items") or [{"key": key, "path": key} for key in content]
                for item in items:
                    if item["key"] not in content: sys.exit(f"pod: {kind} {named['name']} has no {item['key']}")
                    place = folder / mount["mountPath"].lstrip("/") / item["path"]
                    write(place, content[item["key"]], volume["projected"]["defaultMode"])


main()
