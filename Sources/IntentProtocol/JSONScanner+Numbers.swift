extension JSONScanner {
    /// Passes a number; one that a double cannot hold is refused.
    mutating func scanNumber() throws(ScanFault) {
        let start = position
        if byte == UInt8(ascii: "-") { position += 1 }
        guard let first = digit else { throw unexpectedToken(at: start) }
        let integerStart = position
        if first == 0 { position += 1 } else { skipDigits() }
        let integerEnd = position
        guard digit == nil else { throw .syntax(.invalidNumber, at: start) }
        let hasFraction = byte == UInt8(ascii: ".")
        if hasFraction {
            position += 1
            guard digit != nil else { throw .syntax(.invalidNumber, at: start) }
            skipDigits()
        }
        let mantissaEnd = position
        let hasExponent = byte | 0x20 == UInt8(ascii: "e")
        if hasExponent {
            position += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position += 1 }
            guard digit != nil else { throw .syntax(.invalidNumber, at: start) }
            skipDigits()
        }
        guard hasExponent || integerEnd - integerStart > 308 else { return }
        let magnitude = DecimalMagnitude(
            base, integer: integerStart..<integerEnd, mantissaEnd: mantissaEnd, end: position)
        guard !magnitude.overflowsDouble else { throw .syntax(.numberOverflow, at: start) }
    }

    /// The digit at the position; nil when there is none.
    private var digit: UInt8? {
        @inline(__always) get {
            let value = byte &- UInt8(ascii: "0")
            return value < 10 ? value : nil
        }
    }

    @inline(__always)
    private mutating func skipDigits() {
        while digit != nil { position += 1 }
    }
}

/// How large a scanned number is, to tell exactly and in linear time whether a double can hold it.
struct DecimalMagnitude {
    private let base: UnsafePointer<UInt8>
    private let mantissa: Range<Int>
    /// Digits before the point when the number is written without exponent; huge ones are cut off.
    private var integerDigits: Int
    /// The first digit that is not zero.
    private let firstDigit: Int?

    init(_ base: UnsafePointer<UInt8>, integer: Range<Int>, mantissaEnd: Int, end: Int) {
        self.base = base
        mantissa = integer.lowerBound..<mantissaEnd
        firstDigit = mantissa.first { base[$0] != UInt8(ascii: "0") && base[$0] != UInt8(ascii: ".") }
        integerDigits = 0
        guard let firstDigit else { return }
        integerDigits = integer.upperBound - firstDigit
        // Digits after the point count negatively; the point itself is no digit.
        if integerDigits < 0 { integerDigits += 1 }
        integerDigits += Self.exponent(base, mantissaEnd..<end)
    }

    private static func exponent(_ base: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int {
        var exponent = 0
        var isNegative = false
        for index in range.dropFirst() {
            if base[index] == UInt8(ascii: "-") { isNegative = true }
            guard base[index] &- UInt8(ascii: "0") < 10 else { continue }
            // Far beyond any body's size: the sum with the digits cannot come back into range.
            exponent = min(exponent * 10 + Int(base[index] - UInt8(ascii: "0")), 1 << 40)
        }
        return isNegative ? -exponent : exponent
    }

    var overflowsDouble: Bool {
        guard let firstDigit, integerDigits >= 309 else { return false }
        guard integerDigits == 309 else { return true }
        var index = firstDigit
        for place in 0..<Self.smallestOverflow.utf8CodeUnitCount {
            if index < mantissa.upperBound, base[index] == UInt8(ascii: ".") { index += 1 }
            let digit = index < mantissa.upperBound ? base[index] : UInt8(ascii: "0")
            index += 1
            let bound = Self.smallestOverflow.utf8Start[place]
            if digit != bound { return digit > bound }
        }
        return true
    }

    /// 2^1024 − 2^970: the middle between the largest double and what would follow, which rounds up to infinity.
    private static let smallestOverflow: StaticString = """
        1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070\
        9633028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447\
        5730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904\
        174497792
        """
}
