import IntentProtocol

/// A pattern over a service's principal, read as Istio reads one: exact, `prefix*`, `*suffix`, or `*` for any service.
///
/// The bare star needs a service: a caller without one is not matched, as a plaintext peer is not in the mesh. Patterns that
/// no principal could match are refused when they are read, for a rule that denies would then be no rule.
package struct PrincipalPattern: Sendable, Hashable {
    /// Why a text is no pattern, as the end of a sentence, with the remedy.
    struct Fault: Error {
        let problem: String
    }

    private enum Form: Sendable {
        case any
        case equal
        case prefix
        case suffix
    }

    private let form: Form
    /// The text without its star.
    private let bytes: [UInt8]

    init(_ pattern: String) throws(Fault) {
        let star = UInt8(ascii: "*")
        let all = Array(pattern.utf8)
        guard !all.isEmpty else { throw Fault(problem: "must not be empty; '*' is any service") }
        guard all.count <= SPIFFEID.bytesMax else {
            throw Fault(problem: "is longer than any principal: \(SPIFFEID.bytesMax) bytes")
        }
        guard !pattern.hasPrefix("spiffe://") else {
            throw Fault(problem: "begins with spiffe://, which a principal does not: leave it out")
        }
        guard all.filter({ $0 == star }).count <= 1, !all.dropFirst().dropLast().contains(star) else {
            throw Fault(problem: "may have one star, alone, at the beginning or at the end")
        }
        let text = all.filter { $0 != star }
        guard text.allSatisfy(Self.isAllowed) else {
            throw Fault(problem: "has a character that no principal has: A-Z a-z 0-9 . - _ / are possible")
        }
        form =
            switch (all.first == star, all.last == star) {
            case (true, true): .any
            case (true, false): .suffix
            case (false, true): .prefix
            case (false, false): .equal
            }
        if form == .equal, (try? SPIFFEID(principal: text)) == nil {
            throw Fault(problem: "is no principal such as cluster.local/ns/default/sa/sleep")
        }
        bytes = text
    }

    /// Whether the whole principal fits.
    func matches(_ principal: String) -> Bool {
        let viewed = principal.utf8.withContiguousStorageIfAvailable { matches($0) }
        return viewed ?? Array(principal.utf8).withUnsafeBufferPointer { matches($0) }
    }

    private func matches(_ principal: UnsafeBufferPointer<UInt8>) -> Bool {
        switch form {
        case .any: !principal.isEmpty
        case .equal: principal.count == bytes.count && holds(principal, from: 0)
        case .prefix: principal.count >= bytes.count && holds(principal, from: 0)
        case .suffix: principal.count >= bytes.count && holds(principal, from: principal.count - bytes.count)
        }
    }

    /// Whether the text stands there, where it has room; from its end, as the principals of a trust domain begin alike.
    private func holds(_ principal: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        bytes.withUnsafeBufferPointer { text in
            var place = text.count
            while place > 0 {
                place -= 1
                guard text[place] == principal[start + place] else { return false }
            }
            return true
        }
    }

    /// Whether every principal that fits the other pattern fits this one.
    func covers(_ other: PrincipalPattern) -> Bool {
        switch (form, other.form) {
        case (.any, _): true
        case (.equal, .equal): bytes == other.bytes
        case (.prefix, .equal), (.prefix, .prefix): other.bytes.starts(with: bytes)
        case (.suffix, .equal), (.suffix, .suffix): other.bytes.reversed().starts(with: bytes.reversed())
        case (.equal, .any), (.equal, .prefix), (.equal, .suffix), (.prefix, .any), (.prefix, .suffix), (.suffix, .any),
            (.suffix, .prefix):
            false
        }
    }

    /// Whether it fits services of trust domains that nobody named: its fixed part does not end one.
    var leavesTrustDomainOpen: Bool {
        switch form {
        case .equal: false
        case .any, .suffix: true
        case .prefix: !bytes.contains(UInt8(ascii: "/"))
        }
    }

    /// The trust domain that it names; nil when it leaves it open.
    var trustDomain: String? {
        guard !leavesTrustDomainOpen else { return nil }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
