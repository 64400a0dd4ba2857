import Crypto
import Identity

/// One issuer's key set in Redis: the copy, the lock, and two marks that end by themselves, all in one slot.
struct RedisKeySetShare: KeySetShare {
    /// The most bytes of another node's failure that are kept.
    private static let failureBytesMax = 200
    /// A copy of half a megabyte is no matter of the few milliseconds that a limiter may wait.
    private static let timeoutMilliseconds: Int64 = 1_000

    /// By which nodes tell one another of this issuer.
    let id: String
    private let commands: any RedisCommands
    private let channel: [UInt8]
    private let copy, lock, wish, failure: [UInt8]
    private let timing: SharedKeySetTiming

    init(
        issuer: String, url: String, commands: any RedisCommands, names: KeyNames, timing: SharedKeySetTiming
    ) {
        let place = "\(issuer.utf8.count):\(issuer)\(url.utf8.count):\(url)"
        id = HexText.text(of: SHA256.hash(data: Array(place.utf8)).prefix(16))
        copy = names.key(tag: id, "jwks")
        lock = names.key(tag: id, "jwks-lock")
        wish = names.key(tag: id, "jwks-wish")
        failure = names.key(tag: id, "jwks-failure")
        channel = Array(names.channel(SharedKeySets.channelName).utf8)
        self.commands = commands
        self.timing = timing
    }

    func ask(_ question: KeySetQuestion) async -> Result<KeySetAnswer, RedisFailure> {
        let numbers = [
            timing.lockMilliseconds, timing.unknownKeyIntervalMilliseconds, timing.failureMilliseconds,
            Int64(KeySetCopy.bytesMax), Int64(KeySetCopy.labelBytesMax),
        ]
        let switches = [question.reason == .unknownKey, question.readsCopies, question.ignoresFailure]
        let arguments =
            [question.token, question.knownLabel] + numbers.map { Array("\($0)".utf8) }
            + switches.map { [UInt8(ascii: $0 ? "1" : "0")] }
        let reply = await commands.run(
            RedisKeySetScripts.ask, keys: [copy, lock, wish, failure], arguments: arguments,
            timeoutMilliseconds: Self.timeoutMilliseconds)
        return reply.flatMap { value in
            guard let answer = Self.answer(value) else { return .failure(.unexpectedReply("no answer to a question")) }
            return .success(answer)
        }
    }

    func newerCopy(knownLabel: [UInt8]) async -> Result<KeySetAnswer?, RedisFailure> {
        let numbers = [KeySetCopy.bytesMax, KeySetCopy.labelBytesMax].map { Array("\($0)".utf8) }
        let reply = await commands.run(
            RedisKeySetScripts.look, keys: [copy], arguments: [knownLabel] + numbers,
            timeoutMilliseconds: Self.timeoutMilliseconds)
        return reply.flatMap { value in
            if value == .null { return .success(nil) }
            guard let answer = Self.answer(value) else { return .failure(.unexpectedReply("no copy")) }
            return .success(answer)
        }
    }

    func store(
        _ value: [UInt8], token: [UInt8], timeToLiveMilliseconds: Int64
    ) async -> Result<Bool, RedisFailure> {
        let milliseconds = min(max(timeToLiveMilliseconds, 1_000), 30 * 86_400_000)
        let reply = await commands.run(
            RedisKeySetScripts.store, keys: [copy, lock, failure],
            arguments: [token, value, Array("\(milliseconds)".utf8), channel, Array(id.utf8)],
            timeoutMilliseconds: Self.timeoutMilliseconds)
        return reply.map { $0 == .integer(1) }
    }

    func giveUp(token: [UInt8], failure text: String?) async -> Result<Void, RedisFailure> {
        let words = Array((text ?? "").utf8.prefix(Self.failureBytesMax))
        let reply = await commands.run(
            RedisKeySetScripts.giveUp, keys: [lock, failure],
            arguments: [token, words, Array("\(timing.failureMilliseconds)".utf8)],
            timeoutMilliseconds: Self.timeoutMilliseconds)
        return reply.map { _ in }
    }

    private static func answer(_ value: RedisValue) -> KeySetAnswer? {
        guard let list = value.array, list.count >= 2, let now = list[0].integer, let word = list[1].text else {
            return nil
        }
        let rest = list.dropFirst(2).compactMap(\.bytes)
        guard rest.count == list.count - 2 else { return nil }
        let outcome: KeySetAnswer.Outcome
        switch (word, rest.count) {
        case ("copy", 1): outcome = .copy(rest[0])
        case ("unusable", 2): outcome = .unusable(label: rest[0], reason: String(decoding: rest[1], as: UTF8.self))
        case ("fetch", 0): outcome = .mayFetch
        case ("held", 0): outcome = .held
        case ("soon", 0): outcome = .tooSoon
        case ("failed", 1): outcome = .failedElsewhere(printable(rest[0]))
        default: return nil
        }
        return KeySetAnswer(nowMilliseconds: now, outcome: outcome)
    }

    /// Another's words end in our log.
    private static func printable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(failureBytesMax).map { (0x20..<0x7f).contains($0) ? $0 : 0x3f }, as: UTF8.self)
    }
}
