import IntentProtocol

/// One member of a JSON object as a secret.
enum JSONMember {
    /// The text of a member.
    ///
    /// - Parameter place: what messages call the document; its text is never told.
    static func value(_ member: String, of bytes: [UInt8], in place: String) throws(SourceFault) -> SecretBytes {
        guard let object = try? JSONValue(parsing: bytes).objectValue else {
            throw SourceFault(
                .unusable, "\(place) is no JSON object, so it has no member '\(member)'; drop the #, or correct it")
        }
        guard let found = object[member] else {
            throw SourceFault(.missing, "\(place) has no member '\(member)'; correct the name behind #")
        }
        guard let text = found.stringValue, !text.isEmpty else {
            throw SourceFault(
                .unusable, "member '\(member)' of \(place) is no text, or an empty one; write it in quotes")
        }
        return SecretBytes(Array(text.utf8))
    }
}
