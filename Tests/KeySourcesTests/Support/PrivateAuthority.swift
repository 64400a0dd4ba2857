import Foundation

/// A server of key sets behind a certificate authority of its own, in a process of Python.
final class PrivateAuthority {
    let authorityFile: String
    let port: Int
    private let process: Process
    private let folder: URL

    init() throws {
        let python = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("authority-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let output = Pipe()
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            python, "-c", Self.program, folder.path, String(decoding: SampleKeySet.bytes, as: UTF8.self),
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw NotStarted(python: python)
        }
        self.port = port
        authorityFile = folder.appendingPathComponent("ca.pem").path
    }

    /// Ends the server.
    func stop() {
        // Threads of a test run may have SIGTERM blocked, and a child inherits that.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    struct NotStarted: Error, CustomStringConvertible {
        let python: String
        var description: String { "\(python) has no module 'cryptography'; `make test` installs what it needs" }
    }

    private static let program = #"""
        import datetime, http.server, ipaddress, ssl, sys
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        folder, body = sys.argv[1], sys.argv[2].encode()

        def name(text):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        def certificate(subject, key, issuer, signer, is_authority):
            now = datetime.datetime.now(datetime.timezone.utc)
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            return (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
                    .public_key(key.public_key()).serial_number(x509.random_serial_number())
                    .not_valid_before(now - datetime.timedelta(hours=1))
                    .not_valid_after(now + datetime.timedelta(days=1))
                    .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
                    .add_extension(x509.SubjectAlternativeName(names), critical=False)
                    .sign(signer, hashes.SHA256()))

        def write(file, *parts):
            with open(folder + "/" + file, "wb") as out:
                out.write(b"".join(parts))

        pem = serialization.Encoding.PEM
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        write("ca.pem", certificate("Test CA", ca_key, "Test CA", ca_key, True).public_bytes(pem))
        write("server.pem", certificate("localhost", key, "Test CA", ca_key, False).public_bytes(pem),
              key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/server.pem")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """#
}
