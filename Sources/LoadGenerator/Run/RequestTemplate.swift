import GatewayHTTP
import IntentProtocol
import IntentusClient
import NIOCore

/// A request as it goes over the wire, written once and sent with another request id each time.
struct RequestTemplate: Sendable {
    /// Digits of the number within the request id.
    static let idDigits = 12

    private let bytes: [UInt8]
    /// Where the digits stand.
    private let idOffset: Int

    /// - Parameters:
    ///   - head: the request's head without its content length and the empty line.
    ///   - body: holds the id.
    ///   - id: ends in ``idDigits`` digits and stands in the body once.
    init(head: [UInt8], body: [UInt8], id: String) {
        var bytes = head
        bytes += Array("content-length: \(body.count)\r\n\r\n".utf8)
        let start = bytes.count
        bytes += body
        let marker = Array(id.utf8)
        var found = start
        while found + marker.count < bytes.count, !bytes[found...].starts(with: marker) { found += 1 }
        idOffset = found + marker.count - Self.idDigits
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    /// Puts the request into an empty buffer.
    func write(number: Int, to buffer: inout ByteBuffer) {
        buffer.writeBytes(bytes)
        buffer.withUnsafeMutableReadableBytes { written in
            var rest = number
            var place = idOffset + Self.idDigits
            while rest > 0, place > idOffset {
                place -= 1
                written[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
        }
    }
}
