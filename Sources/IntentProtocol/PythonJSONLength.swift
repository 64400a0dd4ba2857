/// Counts as the production guide counts a payload: `len(json.dumps(value))` of Python with its default settings.
///
/// That is with `", "` and `": "` between members, everything beyond printable ASCII as `\uXXXX` (an astral character as
/// two of them), floats as `repr` gives them and integers as they are.
public enum PythonJSONLength {
    /// No JSON text grows by more than this factor: one byte 0x7F becomes `\u007f`.
    static let growthMax = 6

    /// The length for a valid JSON text, in linear time.
    public static func count(_ json: ArraySlice<UInt8>) -> Int {
        json.withUnsafeBufferPointer { count($0) }
    }

    /// The length for a valid JSON text, in linear time.
    public static func count(_ json: UnsafeRawBufferPointer) -> Int {
        count(json.bindMemory(to: UInt8.self))
    }

    static func count(_ json: UnsafeBufferPointer<UInt8>) -> Int {
        var length = 0
        var index = 0
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "\""): length += string(json, &index)
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                length += 2
                index += 1
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): length += number(json, &index)
            default:
                length += 1
                index += 1
            }
        }
        return length
    }

    private static func string(_ json: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int {
        var length = 2
        index += 1
        while index < json.count, json[index] != UInt8(ascii: "\"") {
            switch json[index] {
            case UInt8(ascii: "\\"): length += escape(json, &index)
            case 0x20...0x7E: (length, index) = (length + 1, index + 1)
            case 0..<0x80: (length, index) = (length + 6, index + 1)
            case 0x80..<0xE0: (length, index) = (length + 6, index + 2)
            case 0xE0..<0xF0: (length, index) = (length + 6, index + 3)
            default: (length, index) = (length + 12, index + 4)
            }
        }
        index += 1
        return length
    }

    private static func escape(_ json: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int {
        guard index + 1 < json.count else {
            index += 1
            return 1
        }
        switch json[index + 1] {
        case UInt8(ascii: "/"):
            index += 2
            return 1
        case UInt8(ascii: "u"):
            let unit =
                index + 6 <= json.count ? json.baseAddress.flatMap { JSONStringText.hexUnit($0 + index + 2) } : nil
            index += 6
            return escapedLength(unit ?? 0)
        default:
            index += 2
            return 2
        }
    }

    /// Each half of a surrogate pair counts by itself, which gives the pair its twelve.
    private static func escapedLength(_ unit: UInt16) -> Int {
        switch unit {
        case 0x22, 0x5C, 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
        case 0x20...0x7E: 1
        default: 6
        }
    }

    private static func number(_ json: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int {
        let start = index
        var isInteger = true
        scan: while index < json.count {
            switch json[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isInteger = false
            default: break scan
            }
            index += 1
        }
        let text = json[start..<index]
        guard !isInteger else { return isMinusZero(text) ? 1 : text.count }
        return PythonFloat.text(of: PythonFloat.value(of: String(decoding: text, as: UTF8.self))).utf8.count
    }

    /// Python reads `-0` as the integer 0.
    private static func isMinusZero(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        text.count == 2 && text.first == UInt8(ascii: "-") && text.last == UInt8(ascii: "0")
    }
}
