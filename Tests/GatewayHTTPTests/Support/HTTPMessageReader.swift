import Foundation

/// Reads HTTP messages whose bodies have a Content-Length from a socket, one after the other.
final class HTTPMessageReader {
    struct Message: CustomStringConvertible {
        var firstLine: String
        var headers: [String: String]
        var body: String

        var status: Int { Int(firstLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }
        var description: String { "\(firstLine) \(headers) \(body)" }
    }

    let socket: RawSocket
    private var buffered: [UInt8] = []

    init(_ socket: RawSocket) {
        self.socket = socket
    }

    /// The next message; nil when the connection ends before one.
    ///
    /// - Parameter hasBody: false for an answer to HEAD, whose length is that of a body which does not come.
    func next(hasBody: Bool = true) throws -> Message? {
        guard let end = try headEnd() else { return nil }
        let lines = String(decoding: buffered[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        buffered.removeSubrange(..<end.upperBound)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = hasBody ? Int(headers["content-length"] ?? "0") ?? 0 : 0
        while buffered.count < length {
            let more = try socket.read()
            guard !more.isEmpty else { throw RawSocket.Failure(description: "closed inside a body") }
            buffered += more
        }
        let body = String(decoding: buffered.prefix(length), as: UTF8.self)
        buffered.removeFirst(length)
        return Message(firstLine: lines[0], headers: headers, body: body)
    }

    /// Whether nothing came behind the messages read, and the peer ended the connection.
    func isClosedByPeer() throws -> Bool {
        guard buffered.isEmpty else { return false }
        return try socket.isClosedByPeer()
    }

    private func headEnd() throws -> Range<Int>? {
        let separator = Array("\r\n\r\n".utf8)
        while true {
            if let end = buffered.firstRange(of: separator) { return end }
            let more = try socket.read()
            if more.isEmpty {
                guard buffered.isEmpty else { throw RawSocket.Failure(description: "closed inside a head") }
                return nil
            }
            buffered += more
        }
    }
}
