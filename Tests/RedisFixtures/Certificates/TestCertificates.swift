import Foundation

/// An authority, and certificates it signed, as PEM files in a private folder; made by the `openssl` command.
package final class TestCertificates: Sendable {
    /// A certificate and its key.
    package struct Pair: Sendable {
        package let certificateFile: String
        package let keyFile: String

        package init(certificateFile: String, keyFile: String) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    package static let daysOfValidity = 2

    package let folder: PrivateFolder
    package let authority: Pair
    /// For 127.0.0.1 and localhost.
    package let server: Pair
    package let client: Pair
    /// An authority that signed none of the others.
    package let otherAuthority: Pair
    /// For 127.0.0.1 and localhost, signed by the other authority.
    package let strangeServer: Pair
    /// A client's, signed by the other authority.
    package let strangeClient: Pair
    /// Signed by the authority, for another host.
    package let misnamedServer: Pair

    package init() throws {
        let folder = try PrivateFolder()
        let authority = try Self.make("authority", .authority, signedBy: nil, folder)
        let other = try Self.make("other-authority", .authority, signedBy: nil, folder)
        let local = Kind.leaf(alternativeNames: "IP:127.0.0.1,DNS:localhost")
        let away = Kind.leaf(alternativeNames: "DNS:elsewhere.example")
        self.folder = folder
        self.authority = authority
        otherAuthority = other
        server = try Self.make("server", local, signedBy: authority, folder)
        let service = Kind.leaf(alternativeNames: "DNS:client,URI:spiffe://cluster.local/ns/default/sa/client")
        client = try Self.make("client", service, signedBy: authority, folder)
        strangeServer = try Self.make("strange-server", local, signedBy: other, folder)
        strangeClient = try Self.make("strange-client", service, signedBy: other, folder)
        misnamedServer = try Self.make("misnamed-server", away, signedBy: authority, folder)
    }

    /// One more certificate of the authority, for servers and clients alike.
    ///
    /// - Parameters:
    ///   - alternativeNames: as OpenSSL writes them: `DNS:localhost,IP:127.0.0.1,URI:spiffe://td/ns/a/sa/b`.
    ///   - days: how long it is valid.
    ///   - isRSA: whether its key is one of RSA, and not of P-256.
    ///   - more: lines of its extensions, as OpenSSL writes them.
    package func leaf(
        _ name: String, alternativeNames: String, days: Int = daysOfValidity, isRSA: Bool = false, more: [String] = []
    ) throws -> Pair {
        try Self.make(
            name, .leaf(alternativeNames: alternativeNames), signedBy: authority, folder, days: days, isRSA: isRSA,
            more: more)
    }

    /// A certificate of the authority for 127.0.0.1 that was valid for a day in the year 2020.
    package func expiredLeaf(_ name: String) throws -> Pair {
        try datedLeaf(name, alternativeNames: "IP:127.0.0.1", end: "200102000000Z")
    }

    /// One more certificate of the authority that is over at a Unix second.
    package func leaf(_ name: String, alternativeNames: String, endingAt unixSeconds: Int64) throws -> Pair {
        var (time, parts) = (time_t(unixSeconds), tm())
        gmtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 16)
        let count = strftime(&text, text.count, "%y%m%d%H%M%SZ", &parts)
        let end = String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return try datedLeaf(name, alternativeNames: alternativeNames, end: end)
    }

    /// - Parameter end: as OpenSSL writes it: `200102000000Z`.
    private func datedLeaf(_ name: String, alternativeNames: String, end: String) throws -> Pair {
        let pair = Pair(certificateFile: folder.file("\(name).pem"), keyFile: folder.file("\(name).key"))
        let configuration = """
            [ca]
            default_ca = this
            [this]
            new_certs_dir = \(folder.path)
            database = \(try folder.write("\(name).index", ""))
            serial = \(try folder.write("\(name).serial", "01\n"))
            default_md = sha256
            policy = any
            x509_extensions = extensions
            [any]
            commonName = supplied
            [extensions]
            \(Kind.leaf(alternativeNames: alternativeNames).extensions)

            """
        let request = folder.file("\(name).csr")
        _ = try SpawnedProcess.run(
            [
                "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=\(name)", "-keyout", pair.keyFile, "-out", request,
            ], in: folder)
        _ = try SpawnedProcess.run(
            [
                "openssl", "ca", "-batch", "-notext", "-config", try folder.write("\(name).cnf", configuration),
                "-cert",
                authority.certificateFile, "-keyfile", authority.keyFile, "-startdate", "200101000000Z", "-enddate",
                end, "-in", request, "-out", pair.certificateFile,
            ], in: folder)
        return pair
    }

    /// What a server needs to speak TLS with these.
    ///
    /// - Parameters:
    ///   - server: the certificate it shows; its own by default.
    ///   - requiresClientCertificate: whether clients must show one of the authority.
    package func serverTLS(
        showing server: Pair? = nil, requiresClientCertificate: Bool = false
    ) -> RedisServerOptions.TLS {
        let shown = server ?? self.server
        return RedisServerOptions.TLS(
            authorityFile: authority.certificateFile, certificateFile: shown.certificateFile, keyFile: shown.keyFile,
            requiresClientCertificate: requiresClientCertificate, folder: folder)
    }

    private enum Kind {
        case authority
        case leaf(alternativeNames: String)

        var extensions: String {
            switch self {
            case .authority:
                """
                basicConstraints = critical, CA:TRUE
                keyUsage = critical, keyCertSign, cRLSign
                """
            case .leaf(let names):
                // Nodes of a cluster show their certificate as clients too.
                """
                basicConstraints = critical, CA:FALSE
                keyUsage = critical, digitalSignature
                extendedKeyUsage = serverAuth, clientAuth
                subjectAltName = \(names)
                """
            }
        }
    }

    private static func make(
        _ name: String, _ kind: Kind, signedBy issuer: Pair?, _ folder: PrivateFolder, days: Int = daysOfValidity,
        isRSA: Bool = false, more: [String] = []
    ) throws -> Pair {
        let configuration = """
            [req]
            distinguished_name = name
            prompt = no
            x509_extensions = extensions
            [name]
            CN = \(name)
            [extensions]
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid:always
            \(kind.extensions)
            \(more.joined(separator: "\n"))

            """
        let pair = Pair(certificateFile: folder.file("\(name).pem"), keyFile: folder.file("\(name).key"))
        let key = isRSA ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        var words = ["openssl", "req", "-x509", "-newkey"] + key
        words += [
            "-nodes", "-sha256", "-days", "\(days)", "-config", try folder.write("\(name).cnf", configuration),
            "-keyout", pair.keyFile, "-out", pair.certificateFile,
        ]
        if let issuer { words += ["-CA", issuer.certificateFile, "-CAkey", issuer.keyFile] }
        _ = try SpawnedProcess.run(words, in: folder)
        return pair
    }
}
