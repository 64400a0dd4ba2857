/// One command: its words as bytes, and the key that says which node of a cluster it belongs to.
package struct RedisCommand: Sendable {
    /// The command's name and its arguments.
    package var words: [[UInt8]]
    /// The key that is routed by; nil for a command that any master may answer.
    package var key: [UInt8]?
    /// How long the reply may take; nil for the client's own bound.
    package var timeoutMilliseconds: Int64?

    /// Makes a command of bytes.
    package init(_ words: [[UInt8]], key: [UInt8]? = nil, timeoutMilliseconds: Int64? = nil) {
        self.words = words
        self.key = key
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Makes a command of text.
    package init(_ words: String..., key: String? = nil, timeoutMilliseconds: Int64? = nil) {
        self.init(
            words.map { Array($0.utf8) }, key: key.map { Array($0.utf8) }, timeoutMilliseconds: timeoutMilliseconds)
    }
}
