/// The words of a command one behind the other: two arrays, however many words there are.
struct CommandWords: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var lengths: [Int] = []

    init(wordCount: Int, byteCount: Int) {
        lengths.reserveCapacity(wordCount)
        bytes.reserveCapacity(byteCount)
    }

    init(_ words: [[UInt8]]) {
        self.init(wordCount: words.count, byteCount: words.reduce(0) { $0 + $1.count })
        for word in words { append(word) }
    }

    init(_ words: String...) {
        self.init(wordCount: words.count, byteCount: words.reduce(0) { $0 + $1.utf8.count })
        for word in words { append(word) }
    }

    /// EVALSHA of a script.
    init(_ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]]) {
        let size = keys.reduce(64) { $0 + $1.count } + arguments.reduce(0) { $0 + $1.count }
        self.init(wordCount: 3 + keys.count + arguments.count, byteCount: size)
        append("EVALSHA")
        append(script.digest)
        append(String(keys.count))
        for key in keys { append(key) }
        for argument in arguments { append(argument) }
    }

    mutating func append(_ word: some Collection<UInt8>) {
        bytes.append(contentsOf: word)
        lengths.append(word.count)
    }

    mutating func append(decimal number: Int) {
        let start = bytes.count
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let digits = bytes.count
        var rest = number.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[digits...].reverse()
        lengths.append(bytes.count - start)
    }

    mutating func append(_ word: String) {
        append(word.utf8)
    }
}
