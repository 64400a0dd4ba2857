extension SecretReference {
    /// The sources that a reference may name.
    public static let sources = ["env", "file", "vault", "vault-transit", "aws-secrets-manager", "aws-kms"]

    private static let prefix = "secret://"
    private static let bytesMax = 2_048
    private static let partBytesMax = 1_024

    /// Reads a reference, strictly.
    ///
    /// - Throws: ``SecretReferenceFault`` for an unknown source or option, a part that is missing or too many, escapes that are
    ///   none, and anything outside visible ASCII.
    public init(_ text: String) throws(SecretReferenceFault) {
        guard text.utf8.count <= Self.bytesMax else {
            throw SecretReferenceFault("a reference has at most \(Self.bytesMax) bytes")
        }
        guard text.hasPrefix(Self.prefix) else {
            throw SecretReferenceFault("a reference begins with \(Self.prefix), in lower case")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !#"\"<>"#.utf8.contains($0) }) else {
            throw SecretReferenceFault(
                #"a reference is visible ASCII without \ " < and >; write other bytes as %XX"#)
        }
        self.init(place: try Self.place(Parts(text.dropFirst(Self.prefix.count))), description: text)
    }

    private static func place(_ parts: Parts) throws(SecretReferenceFault) -> Place {
        switch parts.source {
        case "env": return try environment(parts)
        case "file": return try file(parts)
        case "vault": return try vault(parts)
        case "vault-transit": return try vaultTransit(parts)
        case "aws-secrets-manager": return try secretsManager(parts)
        case "aws-kms": return try keyManagement(parts)
        default:
            // What stands there is not said: it may be a secret that somebody wrote behind secret://.
            throw SecretReferenceFault(
                "there is no such source; known: \(sources.joined(separator: ", "))",
                word: parts.source, known: sources)
        }
    }

    private static func environment(_ parts: Parts) throws(SecretReferenceFault) -> Place {
        try parts.allow(options: [])
        try parts.refuseFragment()
        let isName = parts.rest.utf8.enumerated().allSatisfy { place, byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): place > 0
            default: false
            }
        }
        guard isName, (1...256).contains(parts.rest.utf8.count) else {
            throw SecretReferenceFault(
                "secret://env/ is followed by the name of a variable: letters, digits and _, no digit first")
        }
        return .environment(name: String(parts.rest))
    }

    private static func file(_ parts: Parts) throws(SecretReferenceFault) -> Place {
        try parts.allow(options: [])
        return .file(path: try parts.path(), member: try parts.fragment(named: "the member of its JSON"))
    }

    private static func vault(_ parts: Parts) throws(SecretReferenceFault) -> Place {
        let options = try parts.allow(options: ["version"])
        let segments = try parts.segments()
        guard segments.count >= 2 else {
            throw SecretReferenceFault("a Vault reference is secret://vault/MOUNT/PATH#FIELD; mount or path is missing")
        }
        guard let field = try parts.fragment(named: "the field") else {
            throw SecretReferenceFault("a Vault reference ends with #FIELD: one field of the secret")
        }
        var version: Int?
        if let text = options["version"] {
            let digits = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard digits, let number = Int(text), (1...1_000_000_000).contains(number) else {
                throw SecretReferenceFault("version is a number from 1; leave it out for the newest")
            }
            version = number
        }
        // Joined again as one path: a segment that held a slash would become two.
        guard segments.dropFirst().allSatisfy({ !$0.contains("/") }) else {
            throw SecretReferenceFault("only the mount may hold %2F; write the slashes of the path as they are")
        }
        return .vault(
            mount: segments[0], path: segments.dropFirst().joined(separator: "/"), field: field, version: version)
    }

    private static func vaultTransit(_ parts: Parts) throws(SecretReferenceFault) -> Place {
        let options = try parts.allow(options: ["ciphertext"])
        try parts.refuseFragment()
        let segments = try parts.segments()
        guard segments.count == 2, let file = options["ciphertext"] else {
            throw SecretReferenceFault(
                "a Transit reference is secret://vault-transit/MOUNT/KEY?ciphertext=FILE")
        }
        return .vaultTransit(mount: segments[0], key: segments[1], ciphertextFile: file)
    }

    private static func secretsManager(_ parts: Parts) throws(SecretReferenceFault) -> Place {
        let options = try parts.allow(options: ["versionStage", "versionId"])
        let name = try parts.segments().joined(separator: "/")
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "/_+=.@:-".utf8.contains(byte)
            }
        }
        guard isName, (1...512).contains(name.utf8.count) else {
            throw SecretReferenceFault("a name in Secrets Manager is 1 to 512 of letters, digits and / _ + = . @ - :")
        }
        return .awsSecretsManager(
            name: name, member: try parts.fragment(named: "the member of its JSON"),
            versionStage: options["versionStage"], versionId: options["versionId"])
    }

    private static func keyManagement(_ parts: Parts) throws(SecretReferenceFault) -> Place {
        var options = try parts.allow(options: ["keyId"], prefixes: ["context."])
        try parts.refuseFragment()
        let keyId = options.removeValue(forKey: "keyId")
        var context: [String: String] = [:]
        for (name, value) in options { context[String(name.dropFirst("context.".count))] = value }
        guard context.keys.allSatisfy({ !$0.isEmpty }) else {
            throw SecretReferenceFault("an encryption context is written context.NAME=VALUE")
        }
        return .awsKMS(ciphertextFile: try parts.path(), keyId: keyId, context: context)
    }

    /// A reference cut at its slashes and marks, nothing decoded yet.
    private struct Parts {
        let source: String
        let rest: Substring
        private let query: Substring?
        private let mark: Substring?

        init(_ text: Substring) {
            let beforeMark = text.prefix { $0 != "#" }
            mark = beforeMark.endIndex == text.endIndex ? nil : text[beforeMark.endIndex...].dropFirst()
            let beforeQuery = beforeMark.prefix { $0 != "?" }
            query =
                beforeQuery.endIndex == beforeMark.endIndex ? nil : beforeMark[beforeQuery.endIndex...].dropFirst()
            source = String(beforeQuery.prefix { $0 != "/" })
            rest = beforeQuery.dropFirst(source.count + 1)
        }

        /// The path of a file, as it is.
        func path() throws(SecretReferenceFault) -> String {
            let path = try decoded(rest, "the path")
            guard !path.hasSuffix("/") else { throw SecretReferenceFault("the path names a file, and no folder") }
            return path
        }

        /// The segments of a path; none is empty or leads elsewhere.
        func segments() throws(SecretReferenceFault) -> [String] {
            var segments: [String] = []
            for part in rest.split(separator: "/", omittingEmptySubsequences: false) {
                let segment = try decoded(part, "a part between slashes")
                guard segment != ".", segment != ".." else { throw SecretReferenceFault("'.' and '..' are no names") }
                segments.append(segment)
            }
            return segments
        }

        func fragment(named what: String) throws(SecretReferenceFault) -> String? {
            guard let mark else { return nil }
            guard !mark.contains("#"), !mark.contains("?") else {
                throw SecretReferenceFault("options stand before the #, and there is one #")
            }
            return try decoded(mark, "\(what) behind #")
        }

        func refuseFragment() throws(SecretReferenceFault) {
            guard mark == nil else {
                throw SecretReferenceFault("secret://\(source)/ takes no #: its secret has no members")
            }
        }

        @discardableResult
        func allow(options names: [String], prefixes: [String] = []) throws(SecretReferenceFault) -> [String: String] {
            guard let query else { return [:] }
            var options: [String: String] = [:]
            for option in query.split(separator: "&", omittingEmptySubsequences: false) {
                let sides = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = try decoded(sides[0], "the name of an option")
                guard names.contains(name) || prefixes.contains(where: { name.hasPrefix($0) }) else {
                    let known = names + prefixes.map { $0 + "NAME" }
                    throw SecretReferenceFault(
                        known.isEmpty
                            ? "secret://\(source)/ takes no options"
                            : "there is no such option; known: \(known.joined(separator: ", "))",
                        word: name, known: known)
                }
                guard sides.count == 2 else { throw SecretReferenceFault("option '\(name)' needs a value behind =") }
                let value = try decoded(sides[1], "the value of '\(name)'")
                guard options.updateValue(value, forKey: name) == nil else {
                    throw SecretReferenceFault("option '\(name)' stands twice")
                }
            }
            guard options.count <= 16 else { throw SecretReferenceFault("a reference has at most 16 options") }
            return options
        }

        private func decoded(_ text: Substring, _ what: String) throws(SecretReferenceFault) -> String {
            guard let decoded = PercentEncoding.decoded(text) else {
                throw SecretReferenceFault("\(what) has an escape that is not %XX of UTF-8; write % itself as %25")
            }
            let isPrintable = decoded.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            guard isPrintable, (1...SecretReference.partBytesMax).contains(decoded.utf8.count) else {
                throw SecretReferenceFault(
                    "\(what) must be 1 to \(SecretReference.partBytesMax) bytes without control characters")
            }
            return decoded
        }
    }
}
