/// A strict pass over JSON bytes that validates and builds nothing.
///
/// Recursion is bounded by the depth limit, time is linear in the bytes whatever they are.
struct JSONScanner {
    let base: UnsafePointer<UInt8>
    let end: Int
    var position = 0
    /// Members that may still come in objects without a schema; those of the protocol are few anyway.
    var membersLeft: Int
    let depthMax: Int
    let stringBytesMax: Int
    /// Whether a key that the payload must lose was seen where it is looked for.
    var sawDangerousKey = false
    var ledger = KeyLedger()

    /// Which objects are searched for dangerous keys.
    enum DangerWatch {
        case off
        case thisObject
        case everyObject

        var inside: DangerWatch {
            switch self {
            case .off, .thisObject: .off
            case .everyObject: .everyObject
            }
        }
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        // An empty buffer may have no address; `end` 0 keeps the substitute from ever being read.
        base = bytes.baseAddress ?? UnsafePointer(("" as StaticString).utf8Start)
        end = bytes.count
        membersLeft = limits.membersMax
        depthMax = min(limits.depthMax, 512)
        stringBytesMax = limits.stringBytesMax
    }

    /// The byte at the position; 0, which is valid nowhere, at the end.
    var byte: UInt8 {
        @inline(__always) get { position < end ? base[position] : 0 }
    }

    @inline(__always)
    mutating func skipWhitespace() {
        guard byte <= 0x20 else { return }
        skipWhitespaceRun()
    }

    @inline(never)
    private mutating func skipWhitespaceRun() {
        while position < end {
            switch base[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The fault of a byte that cannot stand at the position.
    var unexpected: ScanFault {
        .syntax(position < end ? .unexpectedByte : .unexpectedEnd, at: min(position, end))
    }

    @inline(__always)
    mutating func expect(_ wanted: UInt8) throws(ScanFault) {
        guard byte == wanted else { throw unexpected }
        position += 1
    }

    /// Passes bytes that are exactly these; false, and nothing passed, when they are others.
    @inline(__always)
    mutating func passes(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard end - position >= count, equalBytes(base + position, literal.utf8Start, count) else { return false }
        position += count
        return true
    }

    /// Passes a key, its colon and the spaces around.
    @inline(__always)
    mutating func scanMemberKey() throws(ScanFault) -> KeyText {
        let key = try scanKey()
        skipWhitespace()
        try expect(UInt8(ascii: ":"))
        skipWhitespace()
        return key
    }

    /// Passes what follows a member or element; true when another one comes.
    @inline(__always)
    mutating func continues(closing: UInt8) throws(ScanFault) -> Bool {
        skipWhitespace()
        let separator = byte
        guard separator == UInt8(ascii: ",") || separator == closing else { throw unexpected }
        position += 1
        guard separator != closing else { return false }
        skipWhitespace()
        return true
    }

    /// Passes an opening bracket; true when something comes before the closing one.
    @inline(__always)
    mutating func opens(_ opening: UInt8, closing: UInt8, depth: Int) throws(ScanFault) -> Bool {
        guard depth <= depthMax else { throw .syntax(.tooDeep, at: position) }
        try expect(opening)
        skipWhitespace()
        guard byte == closing else { return true }
        position += 1
        return false
    }

    /// Refuses a byte order mark and passes leading spaces.
    mutating func begin() throws(ScanFault) {
        if end >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { throw .syntax(.byteOrderMark, at: 0) }
        skipWhitespace()
    }

    /// Passes trailing spaces and refuses anything else.
    mutating func finish() throws(ScanFault) {
        skipWhitespace()
        guard position == end else { throw .syntax(.trailingBytes, at: position) }
    }

    /// Passes one whole document.
    mutating func skipDocument() throws(ScanFault) {
        try begin()
        try skipValue(depth: 1, watch: .off)
        try finish()
    }

    /// Runs a scan over an array; the scanner must not leave the closure.
    static func withScanner<Result>(
        over bytes: [UInt8], limits: JSONLimits, _ scan: (inout JSONScanner) throws(ScanFault) -> Result
    ) throws(JSONSyntaxError) -> Result {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONSyntaxError) -> Result in
            var scanner = JSONScanner(buffer, limits: limits)
            do throws(ScanFault) { return try scan(&scanner) } catch { throw JSONSyntaxError(error, in: buffer) }
        }
    }
}
