/// A Python program that makes authorities and leaf certificates, good and bad, and prints them as one JSON document: lists of
/// certificates in DER and base64, the leaf first, and the authorities under `bundle:` and a name.
///
/// Argument: the time in Unix seconds.
enum PythonAuthority {
    static let program = #"""
        import base64
        import json
        import sys
        from datetime import datetime, timedelta, timezone

        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
        from cryptography.x509.oid import NameOID

        now = datetime.fromtimestamp(int(sys.argv[1]), timezone.utc)
        hour = timedelta(hours=1)
        chains = {}


        def key():
            return ec.generate_private_key(ec.SECP256R1())


        def name(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


        def certificate(
            uris, issuer, own, ca=False, start=-hour, end=hour, purposes=(Usage.CLIENT_AUTH, Usage.SERVER_AUTH),
            signs=None, dns=(), subject="", basic=True
        ):
            signs = ca if signs is None else signs
            builder = (
                x509.CertificateBuilder().subject_name(name(subject)).serial_number(x509.random_serial_number())
                .issuer_name(issuer[0].subject if issuer else name(subject)).public_key(own.public_key())
                .not_valid_before(now + start).not_valid_after(now + end)
            )
            if basic:
                builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            builder = builder.add_extension(
                x509.KeyUsage(
                    digital_signature=not ca, content_commitment=False, key_encipherment=False,
                    data_encipherment=False, key_agreement=False, key_cert_sign=signs, crl_sign=signs,
                    encipher_only=False, decipher_only=False), critical=True)
            if purposes and not ca:
                builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=False)
            names = [x509.UniformResourceIdentifier(uri) for uri in uris] + [x509.DNSName(text) for text in dns]
            if names:
                builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not subject)
            return builder.sign(issuer[1] if issuer else own, hashes.SHA256())


        def keep(title, *certificates):
            chains[title] = [
                base64.b64encode(one.public_bytes(serialization.Encoding.DER)).decode() for one in certificates
            ]


        def authority(title, issuer=None, **more):
            own = key()
            return certificate([], issuer, own, ca=True, end=24 * hour, subject=title, **more), own


        def leaf(title, uris, issuer, *others, own=None, **more):
            keep(title, certificate(uris, issuer, own or key(), **more), *others)


        root, partner, stranger = authority("root"), authority("partner"), authority("stranger")
        middle = authority("middle", root)
        ours = "spiffe://cluster.local/ns/default/sa/front"
        keep("bundle:cluster.local", root[0])
        keep("bundle:partner.example", partner[0])
        keep("bundle:middle", middle[0])

        leaf("direct", [ours], root)
        leaf("through the middle", [ours], middle, middle[0])
        leaf("without the middle", [ours], middle)
        leaf("with the root", [ours], middle, middle[0], root[0])
        leaf("other names", [ours], root, dns=["a.example", "b.example"], subject='front, "x"')
        leaf("without purposes", [ours], root, purposes=())
        leaf("without basic constraints", [ours], root, basic=False)
        leaf("alias", ["spiffe://old.local/ns/default/sa/front"], root)
        leaf("partner", ["spiffe://partner.example/ns/a/sa/b"], partner)
        leaf("partner's name by us", ["spiffe://partner.example/ns/a/sa/b"], root)
        leaf("our name by the partner", [ours], partner)
        leaf("unknown trust domain", ["spiffe://elsewhere/ns/a/sa/b"], root)
        leaf("stranger", [ours], stranger, stranger[0])
        own = key()
        keep("self-signed", certificate([ours], None, own, subject="self"))
        leaf("two URIs", [ours, "spiffe://cluster.local/ns/default/sa/admin"], root)
        leaf("no URI", [], root, dns=["front.default"], subject="front")
        leaf("no names at all", [], root, subject="front")
        leaf("only a trust domain", ["spiffe://cluster.local"], root)
        leaf("line end", [ours + "\r\nX-Admin: 1"], root)
        leaf("zero byte", [ours + "\0.example"], root)
        leaf("authority as leaf", [ours], root, ca=True)
        leaf("may sign", [ours], root, signs=True)
        leaf("expired", [ours], root, start=-2 * hour, end=-hour)
        leaf("not yet", [ours], root, start=hour, end=2 * hour)
        leaf("server only", [ours], root, purposes=(Usage.SERVER_AUTH,))
        leaf("client only", [ours], root, purposes=(Usage.CLIENT_AUTH,))
        leaf("weak key", [ours], root, own=rsa.generate_private_key(public_exponent=65537, key_size=1024))
        middle_leaf_key = key()
        middle_leaf = certificate([ours], root, middle_leaf_key, subject="no authority")
        leaf("signed by a leaf", [ours], (middle_leaf, middle_leaf_key), middle_leaf)
        old_key = key()
        old = certificate([], root, old_key, ca=True, start=-3 * hour, end=-hour, subject="old middle")
        leaf("expired middle", [ours], (old, old_key), old)
        leaf("too many others", [ours], root, *[middle[0]] * 8)
        json.dump(chains, sys.stdout)
        """#
}
