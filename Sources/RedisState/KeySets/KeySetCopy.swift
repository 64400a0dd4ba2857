import Crypto
import Identity

/// A key set as it lies in Redis: one line that says what it is, then the issuer's bytes as they were served.
///
/// The line ends in a seal over everything, the issuer and its address included: with the cluster's secret an HMAC that
/// only nodes can make, without it a hash that shows mistakes and mix-ups but no malice.
struct KeySetCopy: Sendable, Hashable {
    /// Whose key set it is, and who may vouch for it.
    struct Binding: Sendable, Hashable {
        let issuer: String
        let url: String
        /// The cluster's secret; nil trusts whoever can write to Redis.
        let secret: [UInt8]?
    }

    /// The most bytes of a copy.
    static let bytesMax = KeySet.bytesMax + labelBytesMax
    /// The most bytes of its first line.
    static let labelBytesMax = 256

    /// Redis' own time when the fetch began, in milliseconds.
    let servedAtMilliseconds: Int64
    /// What the issuer said.
    let freshForSeconds: Int64?
    /// Which fetch it was: 32 hexadecimal digits.
    let token: [UInt8]
    /// What the issuer served.
    let bytes: [UInt8]

    /// As it is written.
    func encoded(_ binding: Binding) -> [UInt8] {
        Array("\(fields) ".utf8) + seal(binding) + [UInt8(ascii: "\n")] + bytes
    }

    /// Reads a copy; whatever is wrong with it is thrown as words for the log.
    init(decoding value: [UInt8], _ binding: Binding) throws(UnusableCopy) {
        guard value.count <= Self.bytesMax else { throw UnusableCopy("it has more than \(Self.bytesMax) bytes") }
        let label = Self.label(of: value)
        guard let text = String(validating: label, as: UTF8.self), label.count < value.count else {
            throw UnusableCopy("it is not a key set's copy")
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 6, words[0] == "jwks", words[1] == "1", let servedAt = Int64(words[2]), servedAt >= 0,
            words[3] == "-" || Int64(words[3]) != nil, words[4].utf8.count == 32
        else { throw UnusableCopy("its first line is not that of a key set's copy") }
        servedAtMilliseconds = servedAt
        freshForSeconds = Int64(words[3])
        token = Array(words[4].utf8)
        bytes = Array(value[(label.count + 1)...])
        guard Self.isSame(Array(words[5].utf8), seal(binding)) else {
            throw UnusableCopy("its seal is wrong: it is of another issuer or secret, or was changed")
        }
    }

    init(servedAtMilliseconds: Int64, freshForSeconds: Int64?, token: [UInt8], bytes: [UInt8]) {
        self.servedAtMilliseconds = servedAtMilliseconds
        self.freshForSeconds = freshForSeconds
        self.token = token
        self.bytes = bytes
    }

    /// The first line of a value, by which two values are told apart without reading them.
    static func label(of value: [UInt8]) -> [UInt8] {
        Array(value.prefix(labelBytesMax).prefix { $0 != UInt8(ascii: "\n") })
    }

    private var fields: String {
        let fresh = freshForSeconds.map { "\($0)" } ?? "-"
        return "jwks 1 \(servedAtMilliseconds) \(fresh) \(String(decoding: token, as: UTF8.self))"
    }

    private func seal(_ binding: Binding) -> [UInt8] {
        let place = "\(binding.issuer.utf8.count):\(binding.issuer)\(binding.url.utf8.count):\(binding.url)"
        let sealed = Array("intentusnet jwks copy\n\(place)\n\(fields)\n".utf8) + bytes
        guard let secret = binding.secret else {
            return Array("sha256:".utf8) + HexText.bytes(of: SHA256.hash(data: sealed))
        }
        let code = HMAC<SHA256>.authenticationCode(for: sealed, using: SymmetricKey(data: secret))
        return Array("hmac:".utf8) + HexText.bytes(of: code)
    }

    /// Takes as long for a seal that is wrong at its end as for one that is wrong at its start.
    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Why what lies in Redis is not used; reads on after "the copy of the key set in Redis is not used:".
struct UnusableCopy: Error, Sendable, Hashable {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
