/// Finds the path of a byte in a document whose bytes before it were accepted: `payload.items[3].name`.
///
/// Runs only to tell a refusal, so the scan itself need not keep a path.
struct JSONPathLocator {
    private enum Level {
        case object(key: Range<Int>?, awaitsKey: Bool)
        case array(index: Int)
    }

    /// Longer keys are cut in a message: a caller must not make it as long as it likes.
    private static let keyBytesShown = 48
    private static let levelsShown = 24

    private let bytes: UnsafeBufferPointer<UInt8>
    private var levels: [Level] = []

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The path of the value at an offset; at a key's quote, the path of its member.
    static func path(in bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> String {
        var locator = JSONPathLocator(bytes)
        locator.walk(to: offset)
        return locator.text
    }

    private mutating func walk(to offset: Int) {
        var index = 0
        while index <= min(offset, bytes.count - 1) {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let close = closingQuote(after: index)
                takeKey(index + 1..<close)
                index = close
            } else if index == offset {
                return
            } else {
                take(byte)
            }
            index += 1
        }
    }

    private mutating func take(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "{"): levels.append(.object(key: nil, awaitsKey: true))
        case UInt8(ascii: "["): levels.append(.array(index: 0))
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
        case UInt8(ascii: ","):
            switch levels.popLast() {
            case .object: levels.append(.object(key: nil, awaitsKey: true))
            case .array(let index): levels.append(.array(index: index + 1))
            case nil: break
            }
        default: break
        }
    }

    private mutating func takeKey(_ key: Range<Int>) {
        guard case .object(_, awaitsKey: true) = levels.last else { return }
        levels[levels.count - 1] = .object(key: key, awaitsKey: false)
    }

    private func closingQuote(after quote: Int) -> Int {
        var index = quote + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, bytes.count)
    }

    private var text: String {
        var text = ""
        for level in levels.prefix(Self.levelsShown) {
            switch level {
            case .object(let key?, _):
                if !text.isEmpty { text += "." }
                text += shown(key)
            case .object(nil, _): break
            case .array(let index): text += "[\(index)]"
            }
        }
        return levels.count > Self.levelsShown ? text + "…" : text
    }

    /// A key fit for a log line: escapes stay as they came, so it holds no control character.
    private func shown(_ key: Range<Int>) -> String {
        let head = String(decoding: bytes[key.prefix(Self.keyBytesShown)], as: UTF8.self)
        let isCut = key.count > Self.keyBytesShown
        return String(head.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init))
            + (isCut ? "…" : "")
    }
}
