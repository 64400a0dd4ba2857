import Foundation
import RedisFixtures

/// Certificates made by Python's `cryptography`, and a client on Python's `ssl`: neither shares code with this gateway.
enum PythonTLS {
    static var python: String { ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3" }

    /// Writes `CASE.pem` and `CASE.key` for each case, `server`, and `ca.pem` into a folder.
    static func makeCertificates(in folder: PrivateFolder) throws {
        _ = try SpawnedProcess.run(
            [python, try folder.write("make.py", makers + basics + others), folder.path], in: folder)
    }

    /// Sends a request for nothing in particular, and returns the status, or why there is none.
    static func status(
        port: Int, folder: PrivateFolder, showing name: String, options: [String] = []
    ) throws -> String {
        try SpawnedProcess.run(
            [python, try folder.write("client.py", client), folder.path, "\(port)", name] + options, in: folder
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Makes a certificate of a service that lives for some seconds, sends a request at once and again when it has ended, on one
    /// connection.
    ///
    /// - Returns: both statuses.
    static func statuses(port: Int, folder: PrivateFolder, request: [UInt8], livingSeconds: Int) throws -> [String] {
        let file = folder.file("request.bin")
        try Data(request).write(to: URL(filePath: file))
        return try SpawnedProcess.run(
            [
                python, try folder.write("outliving.py", makers + outliving), folder.path, "\(port)", file,
                "\(livingSeconds)",
            ], in: folder, withinMilliseconds: 60_000
        ).split(separator: "\n").map(String.init)
    }

    /// Sends requests as ``statuses(port:folder:request:livingSeconds:)``, with a certificate that lives on when the authority
    /// between it and ours has ended, and resumes its session before and after that.
    ///
    /// - Returns: what became of each: a status, or `refused`.
    static func chainOutcomes(port: Int, folder: PrivateFolder, request: [UInt8], livingSeconds: Int) throws -> [String]
    {
        let file = folder.file("request.bin")
        try Data(request).write(to: URL(filePath: file))
        return try SpawnedProcess.run(
            [
                python, try folder.write("chain.py", makers + chain), folder.path, "\(port)", file, "\(livingSeconds)",
            ], in: folder, withinMilliseconds: 60_000
        ).split(separator: "\n").map(String.init)
    }

    private static let chain = """

        import socket, ssl, time
        authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        ca = authority.subject, serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        living = int(sys.argv[4])
        late = datetime.datetime.now(datetime.timezone.utc) - now
        between = make("between", ca, uris=(), authority=True, end=datetime.timedelta(seconds=living) + late)
        ended = time.time() + living
        make("long", between)
        (folder / "both.pem").write_bytes((folder / "long.pem").read_bytes() + (folder / "between.pem").read_bytes())
        request = pathlib.Path(sys.argv[3]).read_bytes()

        def connect(version, session=None):
            context = contexts[version]
            plain = socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=20)
            return context.wrap_socket(plain, server_hostname="127.0.0.1", session=session)

        def ask(connection):
            connection.sendall(request)
            answer = connection.recv(65536)
            return answer.split()[1].decode() if answer else "refused"

        contexts = {}
        for version in ["TLSv1_2", "TLSv1_3"]:
            contexts[version] = context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
            context.load_cert_chain(f"{folder}/both.pem", f"{folder}/long.key")
            context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
        kept = {version: connect(version) for version in contexts}
        for version, connection in kept.items():
            print(ask(connection))
            with connect(version, connection.session) as resumed:
                print(ask(resumed), resumed.session_reused)
        time.sleep(max(ended + 2 - time.time(), 0))
        for version, connection in kept.items():
            print(ask(connection))
            try:
                with connect(version, connection.session) as resumed:
                    print(ask(resumed))
            except OSError:
                print("refused")
        """

    private static let outliving = """

        import socket, ssl, time
        authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        ca = authority.subject, serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        living = int(sys.argv[4])
        make("short", ca, end=datetime.timedelta(seconds=living) + (datetime.datetime.now(datetime.timezone.utc) - now))
        ended = time.time() + living
        request = pathlib.Path(sys.argv[3]).read_bytes()
        context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        context.load_cert_chain(f"{folder}/short.pem", f"{folder}/short.key")
        with socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                for _ in range(2):
                    connection.sendall(request)
                    print(connection.recv(65536).split()[1].decode())
                    time.sleep(max(ended + 2 - time.time(), 0))
        """

    private static let makers = """
        import datetime, ipaddress, pathlib, sys
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        folder = pathlib.Path(sys.argv[1])
        now = datetime.datetime.now(datetime.timezone.utc)
        hour = datetime.timedelta(hours=1)
        OURS = "spiffe://cluster.local/ns/default/sa/front"

        def make(name, issuer=None, uris=(OURS,), authority=False, begin=-hour, end=hour, purposes=("SERVER_AUTH", "CLIENT_AUTH")):
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
            signer, signing = issuer or (subject, key)
            builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(signer).public_key(key.public_key())
                       .serial_number(x509.random_serial_number()).not_valid_before(now + begin).not_valid_after(now + end)
                       .add_extension(x509.BasicConstraints(authority, None), True))
            names = [x509.UniformResourceIdentifier(uri) for uri in uris]
            if name == "server":
                names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            if names:
                builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
            if not authority:
                builder = builder.add_extension(
                    x509.ExtendedKeyUsage([getattr(ExtendedKeyUsageOID, purpose) for purpose in purposes]), False)
            else:
                builder = builder.add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), True)
            certificate = builder.sign(signing, hashes.SHA256())
            (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            (folder / f"{name}.key").write_bytes(key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            return subject, key

        """

    private static let basics = """

        ca = make("ca", uris=(), authority=True, end=24 * hour)
        make("server", ca)
        """

    private static let others = """

        other = make("other-ca", uris=(), authority=True, end=24 * hour)
        make("good", ca)
        make("expired", ca, begin=-3 * hour, end=-hour)
        make("not-yet", ca, begin=hour, end=3 * hour)
        make("other-authority", other)
        make("self-signed")
        make("other-trust-domain", ca, uris=("spiffe://elsewhere.example/ns/default/sa/front",))
        make("two-ids", ca, uris=(OURS, "spiffe://cluster.local/ns/default/sa/admin"))
        make("no-id", ca, uris=())
        make("https-id", ca, uris=("https://cluster.local/ns/default/sa/front",))
        make("authority-as-leaf", ca, authority=True)
        make("servers-only", ca, purposes=("SERVER_AUTH",))
        """

    private static let client = """
        import socket, ssl, sys, warnings
        warnings.simplefilter("ignore")
        folder, port, name, options = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
        context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        if name != "none":
            context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
        for option in options:
            key, value = option.split("=", 1)
            if key == "version":
                context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, value)
                if value == "TLSv1_1":
                    context.set_ciphers("ALL:@SECLEVEL=0")
            else:
                context.set_ciphers(value)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                    connection.sendall(b"GET /nothing HTTP/1.1\\r\\nhost: gateway\\r\\nconnection: close\\r\\n\\r\\n")
                    answer = connection.recv(4096)
                    print(answer.split()[1].decode() if answer else "closed without an answer")
        except OSError as error:
            print(f"refused: {error}")
        """
}
