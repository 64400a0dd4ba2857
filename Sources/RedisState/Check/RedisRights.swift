/// The commands that a node sends, each in a form that Redis checks against the user's ACL and that then changes nothing.
enum RedisRights {
    /// What a command is to a node.
    enum Need: Sendable, Hashable {
        /// A node cannot work without it.
        case needed
        /// A node does better with it: a replica is noticed at the greeting, a connection has a name, this check tells more.
        case helpful
    }

    /// One command, as an ACL names it, and a harmless use of it.
    struct Trial: Sendable {
        let command: String
        let need: Need
        let words: CommandWords
    }

    /// Every trial but those that need a connection of their own: `script|load` and `subscribe`.
    ///
    /// - Parameters:
    ///   - key: one under our prefix that nobody uses.
    ///   - channel: one under our prefix that nobody hears.
    static func trials(
        key: [UInt8], channel: String, isCluster: Bool, database: Int
    ) -> [Trial] {
        var trials = keyed.map { command, rest in
            var words = CommandWords(wordCount: rest.count + 2, byteCount: 128)
            words.append(command)
            words.append(key)
            for word in rest { words.append(word) }
            return Trial(command: command, need: .needed, words: words)
        }
        var script = CommandWords("EVALSHA", String(repeating: "0", count: 40), "1")
        script.append(key)
        trials.append(Trial(command: "evalsha", need: .needed, words: script))
        trials.append(Trial(command: "publish", need: .needed, words: CommandWords("PUBLISH", channel, "")))
        trials.append(Trial(command: "time", need: .needed, words: CommandWords("TIME")))
        trials.append(Trial(command: "ping", need: .needed, words: CommandWords("PING")))
        if database != 0 {
            trials.append(Trial(command: "select", need: .needed, words: CommandWords("SELECT", String(database))))
        }
        if isCluster {
            trials.append(Trial(command: "cluster|slots", need: .needed, words: CommandWords("CLUSTER", "SLOTS")))
            trials.append(Trial(command: "asking", need: .needed, words: CommandWords("ASKING")))
        } else {
            trials.append(Trial(command: "role", need: .helpful, words: CommandWords("ROLE")))
        }
        trials.append(
            Trial(
                command: "client|setname", need: .helpful, words: CommandWords("CLIENT", "SETNAME", "intentusnet-check")
            ))
        trials.append(Trial(command: "info", need: .helpful, words: CommandWords("INFO", "server")))
        return trials
    }

    /// Commands on a key that is not there: they find nothing, may only change what exists, or have an argument that is refused
    /// after the ACL was asked.
    private static let keyed: [(command: String, rest: [String])] = [
        ("type", []), ("del", []), ("get", []), ("set", ["x", "XX", "PX", "1"]), ("strlen", []),
        ("getrange", ["0", "0"]), ("pttl", []), ("pexpire", ["1"]), ("hget", ["f"]), ("hset", ["f", "v", "odd"]),
        ("hdel", ["f"]), ("hlen", []), ("hkeys", []), ("hmget", ["f"]), ("hincrby", ["f", "none"]),
        ("zadd", ["XX", "1", "m"]), ("zrem", ["m"]), ("zcard", []), ("zscore", ["m"]), ("zrange", ["0", "0"]),
        ("zrevrange", ["0", "0"]), ("zrangebyscore", ["0", "0"]), ("zrangebylex", ["-", "+"]),
        ("zlexcount", ["-", "+"]),
    ]
}
