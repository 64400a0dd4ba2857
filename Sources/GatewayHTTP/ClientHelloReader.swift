import NIOCore

/// Finds what a TLS client asks for in the first bytes of its connection, and keeps those bytes for the handshake.
///
/// It takes what BoringSSL takes, which shakes hands behind it: a ClientHello cut at whatever records' borders, and in it at most
/// one server name. A reader that took less would let a client hide its name from policies by an unusual cut; so whatever it
/// cannot read is told from a hello without a name.
struct ClientHelloReader {
    enum Outcome: Hashable {
        case needsMore
        case whole(ClientHello)
        /// It is no hello, or none that the handshake could succeed with.
        case unreadable
    }

    /// The longest hello that is read; BoringSSL takes no longer one from clients that nobody knows.
    static let helloBytesMax = 16_384
    /// Of one record: as much as TLS allows, and what encryption may add.
    private static let recordBytesMax = 16_384 + 256

    /// Everything that has come.
    private(set) var received = ByteBuffer()
    /// Where in ``received`` the next byte to be read stands.
    private var position = 0
    private var recordBytesLeft = 0
    /// The handshake message, without its records.
    private var hello: [UInt8] = []

    /// Takes more bytes.
    mutating func read(_ bytes: inout ByteBuffer) -> Outcome {
        received.writeBuffer(&bytes)
        while true {
            if recordBytesLeft == 0 {
                guard let header = received.getBytes(at: position, length: 5) else { return .needsMore }
                // A record of the handshake, of any version 3.x; an empty one is nothing that a client has a reason for.
                recordBytesLeft = Int(header[3]) << 8 | Int(header[4])
                guard header[0] == 22, header[1] == 3, (1...Self.recordBytesMax).contains(recordBytesLeft) else {
                    return .unreadable
                }
                position += 5
            }
            let count = min(recordBytesLeft, received.writerIndex - position)
            guard count > 0 else { return .needsMore }
            hello += received.getBytes(at: position, length: count) ?? []
            position += count
            recordBytesLeft -= count
            guard hello.count >= 4 else { continue }
            let length = hello[1...3].reduce(0) { $0 << 8 | Int($1) }
            guard hello[0] == 1, length <= Self.helloBytesMax else { return .unreadable }
            guard hello.count < 4 + length else { return Self.outcome(of: hello[4..<4 + length]) }
        }
    }

    /// Reads the body of a ClientHello (RFC 8446, 4.1.2).
    private static func outcome(of body: ArraySlice<UInt8>) -> Outcome {
        var hello = TLSVectors(body)
        // Version and random, then session ID, cipher suites and compression methods.
        guard hello.take(34) != nil, hello.vector(lengthBytes: 1) != nil,
            let suites = hello.vector(lengthBytes: 2), hello.vector(lengthBytes: 1) != nil
        else { return .unreadable }
        var asked = ClientHello()
        for place in stride(from: suites.startIndex, to: suites.endIndex - 1, by: 2) {
            asked.offer(UInt16(suites[place]) << 8 | UInt16(suites[place + 1]))
        }
        guard !hello.isAtEnd else { return .whole(asked) }
        guard let list = hello.vector(lengthBytes: 2), hello.isAtEnd else { return .unreadable }
        var extensions = TLSVectors(list)
        while !extensions.isAtEnd {
            guard let type = extensions.take(2), let content = extensions.vector(lengthBytes: 2) else {
                return .unreadable
            }
            guard type.allSatisfy({ $0 == 0 }) else { continue }
            guard asked.serverName == nil, let name = Self.name(inExtension: content) else { return .unreadable }
            asked.serverName = name
        }
        return .whole(asked)
    }

    /// The one host name of a server_name extension (RFC 6066, 3).
    private static func name(inExtension content: ArraySlice<UInt8>) -> [UInt8]? {
        var content = TLSVectors(content)
        guard let list = content.vector(lengthBytes: 2), content.isAtEnd else { return nil }
        var entries = TLSVectors(list)
        guard entries.take(1)?.first == 0, let name = entries.vector(lengthBytes: 2), entries.isAtEnd,
            (1...255).contains(name.count), !name.contains(0)
        else { return nil }
        return Array(name)
    }
}

/// Reads the vectors of TLS's notation: a length in one to three bytes, and as many bytes.
private struct TLSVectors {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func vector(lengthBytes: Int) -> ArraySlice<UInt8>? {
        take(lengthBytes).flatMap { length in take(length.reduce(0) { $0 << 8 | Int($1) }) }
    }
}
