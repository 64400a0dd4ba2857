import NIOCore

/// Bytes that hold the id of a request, written once and used with another number in the id each time.
struct NumberedBytes: Sendable {
    /// Digits of the number within the request id.
    static let idDigits = 12

    private let bytes: [UInt8]
    /// Where the digits stand.
    private let digitsOffset: Int

    /// - Parameters:
    ///   - bytes: behind the offset they hold the id once.
    ///   - id: ends in ``idDigits`` digits.
    init(_ bytes: [UInt8], id: [UInt8], from offset: Int = 0) {
        var found = offset
        while found + id.count < bytes.count, !bytes[found...].starts(with: id) { found += 1 }
        digitsOffset = found + id.count - Self.idDigits
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    /// The bytes with this number.
    func bytes(number: Int) -> [UInt8] {
        var numbered = bytes
        numbered.withUnsafeMutableBytes { put(number, into: $0) }
        return numbered
    }

    /// Puts the bytes with this number into an empty buffer.
    func write(number: Int, to buffer: inout ByteBuffer) {
        buffer.writeBytes(bytes)
        buffer.withUnsafeMutableReadableBytes { put(number, into: $0) }
    }

    private func put(_ number: Int, into written: UnsafeMutableRawBufferPointer) {
        var rest = number
        var place = digitsOffset + Self.idDigits
        while rest > 0, place > digitsOffset {
            place -= 1
            written[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
