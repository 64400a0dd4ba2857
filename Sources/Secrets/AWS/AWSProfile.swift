import IntentProtocol

/// A profile of the shared credentials file.
enum AWSProfile {
    /// Whether the file is there that Amazon's own clients look for.
    static func exists(_ local: LocalSecrets) -> Bool {
        guard let path = path(local.around) else { return false }
        return (try? local.contents(of: path)) != nil
    }

    /// The keys of a profile.
    static func read(_ name: String, _ local: LocalSecrets) throws(SourceFault) -> AWSCredentials {
        guard let path = path(local.around) else {
            throw SourceFault(
                .notConfigured, "set AWS_SHARED_CREDENTIALS_FILE or HOME, or the profile '\(name)' is nowhere")
        }
        let text = String(decoding: try local.contents(of: path), as: UTF8.self)
        guard let values = section(name, of: text) else {
            throw SourceFault(
                .notConfigured, "'\(path)' has no profile [\(name)]; add it, or set AWS_PROFILE to one that it has")
        }
        let indirect = ["role_arn", "source_profile", "credential_process", "sso_session", "web_identity_token_file"]
        if let key = indirect.first(where: { values[$0] != nil }) {
            throw SourceFault(
                .notConfigured,
                "the profile [\(name)] of '\(path)' uses \(key), which is not followed; give it keys of its own")
        }
        return try AWSCredentials(
            checking: values["aws_access_key_id"], values["aws_secret_access_key"], values["aws_session_token"],
            from: "the profile [\(name)] of '\(path)'")
    }

    private static func path(_ around: SecretSurroundings) -> String? {
        around.variable("AWS_SHARED_CREDENTIALS_FILE") ?? around.variable("HOME").map { "\($0)/.aws/credentials" }
    }

    /// The keys and values of a section; nil when the file does not have it.
    static func section(_ name: String, of text: String) -> [String: String]? {
        var values: [String: String]?
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                isInside = trimmed(line.dropFirst().prefix { $0 != "]" }) == name
                if isInside { values = values ?? [:] }
            } else if isInside, let equals = line.firstIndex(of: "=") {
                values?[trimmed(line[..<equals]).lowercased()] = String(trimmed(line[line.index(after: equals)...]))
            }
        }
        return values
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let head = text.drop(while: \.isWhitespace)
        return head.lastIndex { !$0.isWhitespace }.map { head[...$0] } ?? ""
    }
}
