import IntentProtocol

/// Where one member of a JSON object stands in the bytes that an ``ObjectScanner`` passed.
struct ObjectMember {
    /// The name, a string without its quotes.
    var key: Value
    var value: Value

    /// Where a value stands; strings without their quotes.
    struct Value {
        enum Kind: UInt8 { case string, escapedString, integer, decimal, literal, array, object }

        let start: Int
        let end: Int
        let kind: Kind
    }
}

/// Why bytes are not the JSON object that was expected.
enum ObjectFault: Error {
    case syntax
    case duplicateKey
    case tooLarge

    /// The problem in words.
    var problem: String {
        switch self {
        case .syntax: "is not a JSON object in UTF-8"
        case .duplicateKey: "holds a key twice"
        case .tooLarge: "holds too many members or nests too deep"
        }
    }
}

extension ObjectMember.Value {
    /// Whether the value is a string with exactly these decoded bytes.
    @inline(__always)
    func isString(_ text: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .string: end &- start == text.count && bytes.part(start..<end).equals(text)
        case .escapedString:
            decodedString(in: bytes).map { Array($0.utf8).withUnsafeBytes { $0.equals(text) } } ?? false
        case .integer, .decimal, .literal, .array, .object: false
        }
    }

    /// The string; nil when the value is none.
    func string(in bytes: UnsafeRawBufferPointer) -> String? {
        switch kind {
        case .string: String(decoding: bytes.part(start..<end), as: UTF8.self)
        case .escapedString: decodedString(in: bytes)
        case .integer, .decimal, .literal, .array, .object: nil
        }
    }

    /// Decodes escapes by the protocol's own reader; nil when one of them is not JSON.
    func decodedString(in bytes: UnsafeRawBufferPointer) -> String? {
        try? JSONValue(parsing: bytes.part(start - 1..<end + 1)).stringValue
    }

    /// The number; nil when the value is none, or one that no double holds.
    func double(in bytes: UnsafeRawBufferPointer) -> Double? {
        guard kind == .integer || kind == .decimal else { return nil }
        return try? JSONValue(parsing: bytes.part(start..<end)).doubleValue
    }

    /// A NumericDate (RFC 7519) in whole seconds, rounded up; nil when the value is no number or beyond the year 9999.
    ///
    /// Rounding up decides as the fraction would, for the time it is compared with is in whole seconds.
    func numericDate(in bytes: UnsafeRawBufferPointer) -> Int64? {
        let latest: Int64 = 253_402_300_799
        switch kind {
        case .integer:
            guard bytes[start] != UInt8(ascii: "-"), end - start <= 12 else { return nil }
            let seconds = bytes.part(start..<end).reduce(into: Int64(0)) { $0 = $0 &* 10 &+ Int64($1 &- 0x30) }
            return seconds <= latest ? seconds : nil
        case .decimal:
            guard let seconds = double(in: bytes), seconds >= 0, seconds <= Double(latest) else { return nil }
            return Int64(seconds.rounded(.up))
        case .string, .escapedString, .literal, .array, .object: return nil
        }
    }
}

/// Whether bytes are UTF-8; plain ASCII, which tokens mostly are, is seen eight bytes at a time.
func checkUTF8(_ bytes: UnsafeRawBufferPointer) throws(ObjectFault) {
    var offset = 0
    var seen: UInt64 = 0
    while offset &+ 8 <= bytes.count {
        seen |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        offset &+= 8
    }
    while offset < bytes.count {
        seen |= UInt64(bytes[offset])
        offset &+= 1
    }
    guard seen & 0x8080_8080_8080_8080 != 0 else { return }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .syntax }
}
