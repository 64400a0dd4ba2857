/// The smallest piece of a text that may not be cut: one character, or one escape sequence that came with the text.
struct JSONTextUnit {
    enum Writing {
        /// The bytes as they came.
        case copy
        /// A backslash and one letter.
        case short(UInt8)
        /// A backslash, `u` and four digits.
        case unicode(UInt16)
        /// Two of those: a surrogate pair.
        case pair(UInt16, UInt16)
    }

    let readBytes: Int
    let writing: Writing

    var writtenBytes: Int {
        switch writing {
        case .copy: readBytes
        case .short: 2
        case .unicode: 6
        case .pair: 12
        }
    }

    private init(_ readBytes: Int, _ writing: Writing) {
        self.readBytes = readBytes
        self.writing = writing
    }

    init(at text: UnsafePointer<UInt8>, remaining: Int, _ form: JSONTextForm) {
        let byte = text[0]
        switch byte {
        case UInt8(ascii: "\""):
            self.init(1, .short(byte))
        case UInt8(ascii: "\\"):
            let length = form == .escaped ? Self.escapeBytes(text, remaining) : 0
            if length > 0 { self.init(length, .copy) } else { self.init(1, .short(byte)) }
        case UInt8(ascii: "\n"): self.init(1, .short(UInt8(ascii: "n")))
        case UInt8(ascii: "\r"): self.init(1, .short(UInt8(ascii: "r")))
        case UInt8(ascii: "\t"): self.init(1, .short(UInt8(ascii: "t")))
        case 0..<0x20, 0x7F: self.init(1, .unicode(UInt16(byte)))
        case 0x20..<0x7F: self.init(1, .copy)
        default: self.init(multibyte: text, remaining)
        }
    }

    private init(multibyte text: UnsafePointer<UInt8>, _ remaining: Int) {
        let length = Self.sequenceBytes(text, remaining)
        if length == 0 {
            self.init(1, .unicode(0xFFFD))
        } else if Self.isUnseen(Self.scalar(text, length)) {
            let scalar = Self.scalar(text, length)
            self.init(length, scalar < 0x1_0000 ? .unicode(UInt16(scalar)) : Self.pair(scalar))
        } else {
            self.init(length, .copy)
        }
    }

    /// What a reader does not see and what moves what it sees: C1 controls, bidirectional controls, joiners and other
    /// characters without width, line and paragraph separators, byte order marks, annotations and tags.
    private static func isUnseen(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x80...0x9F, 0xAD, 0x34F, 0x61C, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F, 0x200B...0x200F,
            0x2028...0x202E, 0x2060...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFFB, 0xFFFE...0xFFFF,
            0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE0FFF:
            true
        default: scalar & 0xFFFE == 0xFFFE
        }
    }

    /// The scalar of a well-formed sequence of two bytes or more.
    private static func scalar(_ text: UnsafePointer<UInt8>, _ length: Int) -> UInt32 {
        var scalar = UInt32(text[0]) & (0x7F >> UInt32(length))
        for index in 1..<length { scalar = scalar << 6 | UInt32(text[index] & 0x3F) }
        return scalar
    }

    private static func pair(_ scalar: UInt32) -> Writing {
        let offset = scalar - 0x1_0000
        return .pair(0xD800 | UInt16(offset >> 10), 0xDC00 | UInt16(offset & 0x3FF))
    }

    /// The length of the valid JSON escape sequence at `text`, a surrogate pair counted as one; 0 when there is none.
    private static func escapeBytes(_ text: UnsafePointer<UInt8>, _ remaining: Int) -> Int {
        guard remaining >= 2 else { return 0 }
        switch text[1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(text, remaining) else { return 0 }
            guard unit & 0xF800 == 0xD800 else { return 6 }
            guard unit < 0xDC00, remaining >= 12, text[6] == UInt8(ascii: "\\"), text[7] == UInt8(ascii: "u"),
                let low = codeUnit(text + 6, remaining - 6), low & 0xFC00 == 0xDC00
            else { return 0 }
            return 12
        default:
            return 0
        }
    }

    private static func codeUnit(_ text: UnsafePointer<UInt8>, _ remaining: Int) -> UInt16? {
        guard remaining >= 6 else { return nil }
        var unit: UInt16 = 0
        for index in 2..<6 {
            guard let digit = Character(Unicode.Scalar(text[index])).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// The length of the well-formed UTF-8 sequence at `text`, whose first byte is 0x80 or above; 0 when there is none.
    private static func sequenceBytes(_ text: UnsafePointer<UInt8>, _ remaining: Int) -> Int {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch text[0] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard remaining >= length, second.contains(text[1]) else { return 0 }
        for index in 2..<max(2, length) where text[index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
