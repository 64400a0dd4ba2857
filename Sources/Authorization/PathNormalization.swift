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
        let isFlat = Self.decode(path) { byte in
            decodesSlashes && (byte == slash || byte == UInt8(ascii: "\\"))
        }
        var bytes = Self.decode(isFlat[...], isUnreserved)
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\\") { bytes[index] = slash }
        bytes = Self.withoutDotSegments(bytes)
        return self == .base ? bytes : Self.merged(bytes)
    }

    /// Decodes `%HH` where the byte is wanted; one pass, so that nothing is decoded twice.
    private static func decode(_ path: ArraySlice<UInt8>, _ isWanted: (UInt8) -> Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.count)
        var index = path.startIndex
        while index < path.endIndex {
            if path[index] == percent, let byte = decoded(path, at: index), isWanted(byte) {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(path[index])
                index += 1
            }
        }
        return bytes
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
            // A server that takes parameters off a segment (`..;a=b`) sees a dot segment in it; see CVE-2026-73551 of Envoy.
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
