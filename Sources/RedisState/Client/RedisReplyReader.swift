import CHiredis
import NIOCore

/// hiredis' reader: bytes in, replies out.
///
/// Not thread safe; owned by one connection and freed with it.
final class RedisReplyReader {
    /// What came is not RESP, or is larger than a reply may be.
    struct Fault: Error, Sendable {
        let reason: String
    }

    /// Elements of one list: hiredis takes memory for as many as are announced, before one of them is there.
    private static let elementsMax = 1_000_000
    /// hiredis' own functions.
    private static let standard: redisReplyObjectFunctions = {
        guard let reader = redisReaderCreate() else { preconditionFailure("no memory for a reply reader") }
        defer { redisReaderFree(reader) }
        return reader.pointee.fn.pointee
    }()
    /// The same with a bound. Never changed, and lives as long as the process.
    nonisolated(unsafe) private static let bounded: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(to: standard)
        functions.pointee.createArray = { task, count in
            count > RedisReplyReader.elementsMax ? nil : RedisReplyReader.standard.createArray(task, count)
        }
        return functions
    }()

    private let reader: UnsafeMutablePointer<redisReader>
    private let replyBytesMax: Int
    /// Bytes fed since the last reply was complete.
    private var pendingBytes = 0

    /// - Parameter replyBytesMax: bytes of one reply, and of what comes behind it in the same read.
    init(replyBytesMax: Int) {
        guard let reader = redisReaderCreate() else { preconditionFailure("no memory for a reply reader") }
        reader.pointee.fn = Self.bounded
        self.reader = reader
        self.replyBytesMax = replyBytesMax
    }

    deinit {
        redisReaderFree(reader)
    }

    func feed(_ buffer: ByteBuffer) throws(Fault) {
        pendingBytes += buffer.readableBytes
        guard pendingBytes <= replyBytesMax else { throw Fault(reason: "a reply larger than \(replyBytesMax) bytes") }
        let status = buffer.withUnsafeReadableBytes { bytes in
            redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard status == REDIS_OK else { throw fault }
    }

    /// The next complete reply, or nil when more bytes must come.
    func next() throws(Fault) -> RedisValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw fault }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        pendingBytes = reader.pointee.len - reader.pointee.pos
        return Self.value(reply.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private var fault: Fault {
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 && $0 < 0x80 }, as: UTF8.self)
        }
        return Fault(reason: text.isEmpty ? "not RESP" : text)
    }

    private static func value(_ reply: redisReply) -> RedisValue {
        switch reply.type {
        case REDIS_REPLY_INTEGER: return .integer(Int64(reply.integer))
        case REDIS_REPLY_NIL: return .null
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(RedisServerError(line: String(decoding: bytes(reply), as: UTF8.self)))
        case REDIS_REPLY_ARRAY:
            guard let elements = reply.element else { return .array([]) }
            return .array(
                (0..<Int(reply.elements)).map { index in elements[index].map { value($0.pointee) } ?? .null })
        default: return .bytes(Array(bytes(reply)))
        }
    }

    private static func bytes(_ reply: redisReply) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : Int(reply.len))
    }
}
