import IntentProtocol

/// The XML by which AWS STS answers: a few elements of known names, read without a parser of all XML.
///
/// No document type, no entities but the five, no comments inside values: what is not of that shape is no answer of STS.
enum SecurityTokenAnswer {
    static func credentials(in body: [UInt8]) throws(SourceFault) -> AWSCredentials {
        guard let inside = text(of: "Credentials", in: body, isLeaf: false).map({ Array($0.utf8) }),
            let end = text(of: "Expiration", in: inside).flatMap(AWSTime.unixSeconds)
        else {
            throw SourceFault(.unusable, "AWS STS answered without credentials and their end; is the endpoint right?")
        }
        return try AWSCredentials(
            checking: text(of: "AccessKeyId", in: inside), text(of: "SecretAccessKey", in: inside),
            text(of: "SessionToken", in: inside), endsAtUnixSeconds: end, from: "the answer of AWS STS")
    }

    /// What stands between the tags of an element that is there once.
    ///
    /// - Parameter isLeaf: whether it holds text alone; otherwise it comes with its own elements, as they are.
    static func text(of element: String, in body: [UInt8], isLeaf: Bool = true) -> String? {
        guard body.count <= 64 << 10, let text = String(validating: body, as: UTF8.self), !text.contains("<!") else {
            return nil
        }
        let parts = text.split(separator: "<\(element)>", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let inside = parts[1].split(separator: "</\(element)>", omittingEmptySubsequences: false)
        guard inside.count == 2 else { return nil }
        guard isLeaf else { return String(inside[0]) }
        guard !inside[0].contains("<") else { return nil }
        return decoded(inside[0])
    }

    private static func decoded(_ text: Substring) -> String? {
        var result = ""
        var rest = text
        while let mark = rest.firstIndex(of: "&") {
            result += rest[..<mark]
            guard let end = rest[mark...].firstIndex(of: ";") else { return nil }
            switch rest[rest.index(after: mark)..<end] {
            case "amp": result += "&"
            case "lt": result += "<"
            case "gt": result += ">"
            case "quot": result += "\""
            case "apos": result += "'"
            default: return nil
            }
            rest = rest[rest.index(after: end)...]
        }
        let whole = result + rest
        return whole.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
