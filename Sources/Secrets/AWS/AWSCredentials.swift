package import IntentProtocol

/// What requests to AWS are signed with.
package struct AWSCredentials: Sendable, Hashable {
    package let accessKeyId: String
    package let secretAccessKey: Secret
    /// For temporary credentials.
    package let sessionToken: Secret?
    /// When they end, in Unix seconds; nil when they do not.
    package let endsAtUnixSeconds: Int64?

    package init(
        accessKeyId: String, secretAccessKey: Secret, sessionToken: Secret? = nil, endsAtUnixSeconds: Int64? = nil
    ) {
        self.accessKeyId = accessKeyId
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.endsAtUnixSeconds = endsAtUnixSeconds
    }

    /// Checks what came from a file, a variable or an answer before it gets into a header.
    ///
    /// - Parameter place: what messages call where it came from.
    init(
        checking accessKeyId: String?, _ secretAccessKey: String?, _ sessionToken: String?,
        endsAtUnixSeconds: Int64? = nil,
        from place: String
    ) throws(SourceFault) {
        let isWord = { (text: String) in
            (1...8_192).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        }
        guard let accessKeyId, let secretAccessKey, isWord(accessKeyId), isWord(secretAccessKey),
            sessionToken.map(isWord) ?? true
        else {
            throw SourceFault(
                .notConfigured,
                "\(place) must have an access key id and a secret access key, each one word; correct them")
        }
        self.init(
            accessKeyId: accessKeyId, secretAccessKey: Secret(secretAccessKey),
            sessionToken: sessionToken.map { Secret($0) },
            endsAtUnixSeconds: endsAtUnixSeconds)
    }
}
