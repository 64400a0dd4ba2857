/// What one server says of its memory.
package struct RedisMemory: Sendable, Hashable {
    /// Which process it is: counts begin anew with another.
    package var runID: String
    /// `noeviction`, or what goes first where memory ends.
    package var policy: String
    /// The bound in bytes; 0 for none.
    package var maxBytes: Int
    /// Bytes in use.
    package var usedBytes: Int
    /// Keys that went for want of memory since it started.
    package var evictedKeys: Int

    /// Makes one.
    package init(runID: String, policy: String, maxBytes: Int, usedBytes: Int, evictedKeys: Int) {
        self.runID = runID
        self.policy = policy
        self.maxBytes = maxBytes
        self.usedBytes = usedBytes
        self.evictedKeys = evictedKeys
    }

    /// Reads the answer to INFO; nil when it does not say all of it.
    package init?(info text: String) {
        let fields = Self.fields(of: text)
        guard let runID = fields["run_id"], let policy = fields["maxmemory_policy"],
            let maxBytes = fields["maxmemory"].flatMap({ Int($0) }),
            let usedBytes = fields["used_memory"].flatMap({ Int($0) }),
            let evictedKeys = fields["evicted_keys"].flatMap({ Int($0) }), evictedKeys >= 0
        else { return nil }
        self.init(
            runID: String(runID), policy: String(policy), maxBytes: maxBytes, usedBytes: usedBytes,
            evictedKeys: evictedKeys)
    }

    /// The lines `name:value` of INFO.
    static func fields(of info: String) -> [Substring: Substring] {
        info.split(whereSeparator: \.isNewline).reduce(into: [:]) { fields, line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
    }

    /// Whether keys that expire, as all of ours do that matter, may go before their time.
    package var mayEvict: Bool { maxBytes > 0 && policy != "noeviction" }
    /// Whether the bound is so near that writes will soon be refused.
    package var isNearlyFull: Bool { maxBytes > 0 && usedBytes > maxBytes / 10 * 9 }
}
