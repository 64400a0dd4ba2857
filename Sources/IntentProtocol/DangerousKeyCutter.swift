/// A payload that lost members.
final class PayloadCut: Sendable {
    let payload: [UInt8]
    let removedKeys: [String]

    init(payload: [UInt8], removedKeys: [String]) {
        self.payload = payload
        self.removedKeys = removedKeys
    }
}

/// Copies a payload without the members whose keys reach into the prototype of JavaScript objects.
struct DangerousKeyCutter {
    private var scanner: JSONScanner
    private let isDeep: Bool
    private var output: [UInt8] = []
    private var removedKeys: [String] = []

    private init(_ bytes: UnsafeBufferPointer<UInt8>, isDeep: Bool) {
        scanner = JSONScanner(bytes, limits: .boundless)
        self.isDeep = isDeep
        output.reserveCapacity(bytes.count)
    }

    /// The payload without its dangerous members; it was accepted before.
    static func cut(_ payload: ArraySlice<UInt8>, from keys: EnvelopeLimits.DangerousKeys) -> PayloadCut {
        payload.withUnsafeBufferPointer { bytes in
            var cutter = DangerousKeyCutter(bytes, isDeep: keys == .everyDepth)
            do throws(ScanFault) { try cutter.copyObject() } catch {
                // Cannot happen to bytes that were accepted; if it did, nothing unchecked may travel on.
                return PayloadCut(payload: Array("{}".utf8), removedKeys: [])
            }
            return PayloadCut(payload: cutter.output, removedKeys: cutter.removedKeys)
        }
    }

    private mutating func copyObject() throws(ScanFault) {
        output.append(UInt8(ascii: "{"))
        defer { output.append(UInt8(ascii: "}")) }
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 0) else { return }
        var isFirst = true
        repeat {
            let key = try scanner.scanMemberKey()
            guard !key.isDangerous else {
                try scanner.skipValue(depth: 0, watch: .off)
                remember(key)
                continue
            }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            append(key.quoteOffset..<key.quoteOffset + key.rawCount + 2)
            output.append(UInt8(ascii: ":"))
            try copyValue()
        } while try scanner.continues(closing: UInt8(ascii: "}"))
    }

    private mutating func copyArray() throws(ScanFault) {
        output.append(UInt8(ascii: "["))
        defer { output.append(UInt8(ascii: "]")) }
        guard try scanner.opens(UInt8(ascii: "["), closing: UInt8(ascii: "]"), depth: 0) else { return }
        var isFirst = true
        repeat {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            try copyValue()
        } while try scanner.continues(closing: UInt8(ascii: "]"))
    }

    private mutating func copyValue() throws(ScanFault) {
        switch scanner.byte {
        case UInt8(ascii: "{") where isDeep: try copyObject()
        case UInt8(ascii: "[") where isDeep: try copyArray()
        default:
            let start = scanner.position
            try scanner.skipValue(depth: 0, watch: .off)
            append(start..<scanner.position)
        }
    }

    private mutating func append(_ range: Range<Int>) {
        output.append(contentsOf: UnsafeBufferPointer(start: scanner.base + range.lowerBound, count: range.count))
    }

    private mutating func remember(_ key: KeyText) {
        let raw = UnsafeBufferPointer(start: scanner.base + key.quoteOffset + 1, count: key.rawCount)
        let name = JSONStringText.string(raw)
        if !removedKeys.contains(name) { removedKeys.append(name) }
    }
}
