import Crypto

/// The hash that names an envelope in execution records: SHA-256 over a canonical form that Python computes alike.
public enum EnvelopeHash {
    /// The hash as 64 lower-case hex digits.
    public static func sha256Hex(of envelope: JSONValue) -> String {
        var hash = SHA256()
        canonical(envelope).withUnsafeBytes { hash.update(bufferPointer: $0) }
        var hex: [UInt8] = []
        hex.reserveCapacity(64)
        for byte in hash.finalize() {
            for digit in [byte >> 4, byte & 0xF] {
                hex.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        return String(decoding: hex, as: UTF8.self)
    }

    /// `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)`, byte for byte.
    ///
    /// Keys are sorted by code point.
    public static func canonical(_ value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null, .bool: value.appendEncoded(to: &bytes)
        case .number(let number): append(number, to: &bytes)
        case .string(let text): append(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object): append(object, to: &bytes)
        }
    }

    private static func append(_ object: JSONObject, to bytes: inout [UInt8]) {
        // The order of UTF-8 bytes is the order of code points; the order of `String` is not.
        let sorted = object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in sorted.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(member.key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(member.value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func append(_ number: JSONNumber, to bytes: inout [UInt8]) {
        switch (number.isInteger, number.text) {
        case (true, "-0"): bytes.append(UInt8(ascii: "0"))
        case (true, let text): bytes.append(contentsOf: text.utf8)
        case (false, _): bytes.append(contentsOf: PythonFloat.text(of: number.double).utf8)
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var plain: [UInt8] = []
        for unit in text.utf16 {
            guard unit >= 0x7F else {
                plain.append(UInt8(unit))
                continue
            }
            plain.withUnsafeBufferPointer { bytes.append(escaping: $0) }
            plain.removeAll(keepingCapacity: true)
            bytes.append(hexEscape: unit)
        }
        plain.withUnsafeBufferPointer { bytes.append(escaping: $0) }
        bytes.append(UInt8(ascii: "\""))
    }
}
