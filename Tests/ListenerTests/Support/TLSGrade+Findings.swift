extension TLSGrade.Facts {
    /// Reads testssl.sh's findings: what was found by name, and how severe it was.
    ///
    /// What it did not look at counts against the server.
    init(_ findings: [String: (text: String, severity: String)]) {
        func isOK(_ name: String) -> Bool { findings[name]?.severity == "OK" }
        protocols = Set(Self.versions.filter { findings[$0]?.text.hasPrefix("offered") == true })
        cipherBits = (findings["PFS_ciphers"]?.text ?? "").split(separator: " ").map { Self.bits(ofSuite: String($0)) }
        let curves = (findings["PFS_ECDHE_curves"]?.text ?? "").split(separator: " ")
            .map { Self.securityBits[String($0)] ?? 0 }
        exchangeSecurityBits = (curves + [Self.securityBits(ofKey: findings["cert_keySize"]?.text ?? "")]).min() ?? 0
        for name in ["cert_chain_of_trust", "cert_trust", "cert_expirationStatus", "cert_signatureAlgorithm"] {
            if !isOK(name) { caps.append(("T", name)) }
        }
        let severe = [
            "heartbleed", "CCS", "ticketbleed", "ROBOT", "DROWN", "FREAK", "secure_renego", "secure_client_renego",
        ]
        for name in severe where !isOK(name) { caps.append(("F", name)) }
        for name in ["POODLE_SSL", "CRIME_TLS", "LOGJAM", "SWEET32"] { if !isOK(name) { caps.append(("C", name)) } }
        for name in ["RC4", "PFS"] { if !isOK(name) { caps.append(("B", name)) } }
        // Suites without forward secrecy are not among those that are counted above.
        for name in ["NULL", "aNULL", "EXPORT", "LOW"] where !isOK("cipherlist_\(name)") {
            caps.append(("F", "cipherlist_\(name)"))
        }
        for name in ["3DES_IDEA", "AVERAGE"] where findings["cipherlist_\(name)"]?.text != "not offered" {
            caps.append(("B", "cipherlist_\(name)"))
        }
        for version in Self.versions.prefix(4) where findings[version]?.text != "not offered" {
            caps.append((version == "SSLv2" ? "F" : "B", version))
        }
        if protocols.isDisjoint(with: ["TLS1_2", "TLS1_3"]) { caps.append(("C", "neither TLS 1.2 nor 1.3")) }
    }

    private static let versions = ["SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3"]

    /// Zero for one that is not known.
    private static func bits(ofSuite name: String) -> Int {
        if name.contains("AES128") || name.contains("AES_128") { return 128 }
        return ["AES256", "AES_256", "CHACHA20"].contains(where: name.contains) ? 256 : 0
    }

    private static let securityBits = [
        "prime256v1": 128, "secp384r1": 192, "secp521r1": 256, "X25519": 128, "X448": 224,
    ]

    /// `EC 256 bits` or `RSA 2048 bits`; zero for what cannot be read.
    private static func securityBits(ofKey text: String) -> Int {
        let words = text.split(separator: " ")
        guard words.count >= 2, let bits = Int(words[1]) else { return 0 }
        guard words[0] != "EC" else { return bits / 2 }
        switch bits {
        case 4_096...: return 140
        case 2_048...: return 112
        case 1_024...: return 80
        default: return 0
        }
    }
}
