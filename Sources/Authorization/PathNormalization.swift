/// How a path is brought into one form before it is compared, so that two spellings of a path get one answer.
///
/// The result must also be what the request is routed by; otherwise the policy judges another path than the one served.
package enum PathNormalization: String, Sendable, Hashable, CaseIterable {
    /// The path as it came.
    case none = "NONE"
    /// Dot segments are resolved, with parameters (`..;a=b`) or without, `\` becomes `/`, percent-encoded unreserved characters are decoded once.
    case base = "BASE"
    /// As `base`; then runs of `/` become one.
    case mergeSlashes = "MERGE_SLASHES"
    /// Percent-encoded `/` and `\` are decoded first; then as `mergeSlashes`.
    case decodeAndMergeSlashes = "DECODE_AND_MERGE_SLASHES"

    /// What came of a request target.
    package enum Result: Sendable, Hashable {
        /// The path is the target up to its query.
        case path(ArraySlice<UInt8>)
        /// The target is not to be served at all (status 400).
        case refused(PathFault)
    }

    /// Normalises a request target and cuts its query off.
    package func normalize(_ target: ArraySlice<UInt8>) -> Result {
        guard target.first == slash else { return .refused(.noLeadingSlash) }
        var end = target.endIndex
        var needsWork = false
        var previous: UInt8 = 0
        for index in target.indices {
            let byte = target[index]
            switch byte {
            case UInt8(ascii: "#"):
                // A fragment never belongs into a request; some servers behind would cut it off, others would not.
                return .refused(.fragment)
            case 0:
                return .refused(.encodedZero)
            case _ where end != target.endIndex:
                break
            case UInt8(ascii: "?"):
                end = index
            case percent:
                if Self.decoded(target, at: index) == 0 { return .refused(.encodedZero) }
                needsWork = true
            case UInt8(ascii: "\\"):
                needsWork = true
            case dot, slash:
                if previous == slash { needsWork = true }
            default:
                break
            }
            previous = byte
        }
        let path = target[..<end]
        guard needsWork, self != .none else { return .path(path) }
        return .path(rewritten(path)[...])
    }

    private func rewritten(_ path: ArraySlice<UInt8>) -> [UInt8] {
        let decodesSlashes = self == .decodeAndMergeSlashes
        let slashed = Self.decode(path) { byte in
            decodesSlashes && (byte == slash || byte == UInt8(ascii: "\\"))
        }
        var bytes = Self.decode(Self.withoutDotParameters(slashed)[...], isUnreserved)
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\\") { bytes[index] = slash }
        bytes = Self.withoutDotSegments(bytes)
        return self == .base ? bytes : Self.merged(bytes)
    }

    /// Decodes `%HH` where the byte is wanted; one pass, so that nothing is decoded twice.
    private static func decode(_ path: ArraySlice<UInt8>, _ isWanted: (UInt8) -> Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        var strays: [Int] = []
        bytes.reserveCapacity(path.count)
        var index = path.startIndex
        while index < path.endIndex {
            let byte = path[index] == percent ? decoded(path, at: index) : nil
            if let byte, isWanted(byte) {
                bytes.append(byte)
                index += 3
            } else {
                if path[index] == percent, byte == nil { strays.append(bytes.count) }
                bytes.append(path[index])
                index += 1
            }
        }
        return strays.isEmpty ? bytes : Self.encoding(strays, of: bytes)
    }

    /// Encodes a `%` that stood for itself where decoding made an escape of it: `%%30%30` must not become `%00`.
    private static func encoding(_ strays: [Int], of bytes: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count + 2 * strays.count)
        var start = 0
        for place in strays where decoded(bytes[...], at: place) != nil {
            encoded += bytes[start...place]
            encoded += [UInt8(ascii: "2"), UInt8(ascii: "5")]
            start = place + 1
        }
        return encoded + bytes[start...]
    }

    /// Takes the parameters off dot segments, before anything else is read in them: `/a/..;x\y` is `/a/..`, as for Envoy.
    ///
    /// A server that takes parameters off every segment would see a dot segment where the policy saw none (CVE-2026-73551).
    private static func withoutDotParameters(_ path: [UInt8]) -> [UInt8] {
        guard path.contains(semicolon) else { return path }
        let segments = path.split(separator: slash, omittingEmptySubsequences: false).map { segment in
            let name = segment.prefix { $0 != semicolon }
            return isDots(name) ? name : segment
        }
        return Array(segments.joined(separator: [slash]))
    }

    private static func isDots(_ name: ArraySlice<UInt8>) -> Bool {
        (name.count == 1 || name.count == 2) && name.allSatisfy { $0 == dot }
    }

    private static func decoded(_ path: ArraySlice<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 < path.endIndex, let high = hexDigit(path[index + 1]), let low = hexDigit(path[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func withoutDotSegments(_ path: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.count)
        var start = 1
        bytes.append(slash)
        // Invariant: what is kept ends in the slash after which the next segment goes.
        while start <= path.count {
            let end = path[start...].firstIndex(of: slash) ?? path.count
            let segment = path[start..<end]
            let isLast = end == path.count
            // Again, for those that decoding made (`%2e%2e;`): what is read a second time must not change.
            let name = segment.prefix { $0 != semicolon }
            switch name.count {
            case 1 where name.first == dot:
                break
            case 2 where name.first == dot && name.last == dot:
                if bytes.count > 1 {
                    bytes.removeLast()
                    while bytes.last != slash { bytes.removeLast() }
                }
            default:
                bytes.append(contentsOf: segment)
                if !isLast { bytes.append(slash) }
            }
            start = end + 1
        }
        return bytes
    }

    private static func merged(_ path: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.count)
        for byte in path where byte != slash || bytes.last != slash { bytes.append(byte) }
        return bytes
    }
}

private let slash = UInt8(ascii: "/")
private let percent = UInt8(ascii: "%")
private let dot = UInt8(ascii: ".")
private let semicolon = UInt8(ascii: ";")

private func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "a")...UInt8(ascii: "z"): true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
    default: false
    }
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
