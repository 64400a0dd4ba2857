/// Where a node of a cluster sends a command instead.
enum Redirection: Sendable, Hashable {
    /// The slot is elsewhere from now on.
    case moved(slot: Int, RedisAddress)
    /// This once, and with `ASKING` before it: the slot is on its way.
    case ask(RedisAddress)
    /// The keys of the command are on both sides of a slot on its way: again, a little later.
    case tryAgain
    /// The cluster, or the part of it with this slot, is down.
    case clusterDown

    /// Reads an error; nil when it is no redirection.
    ///
    /// - Parameter sender: who answered; a node may leave the host out when it is its own.
    init?(_ error: RedisServerError, sender: RedisAddress?) {
        switch error.kind {
        case "TRYAGAIN": self = .tryAgain
        case "CLUSTERDOWN": self = .clusterDown
        case "MOVED", "ASK":
            let words = error.message.split(separator: " ")
            guard words.count == 2, let slot = Int(words[0]), (0..<SlotHash.slotCount).contains(slot),
                let colon = words[1].lastIndex(of: ":"), let port = Int(words[1][words[1].index(after: colon)...]),
                (1...65_535).contains(port)
            else { return nil }
            let name = String(words[1][..<colon])
            guard let host = name.isEmpty ? sender?.host : name else { return nil }
            let address = RedisAddress(host: host, port: port)
            self = error.kind == "MOVED" ? .moved(slot: slot, address) : .ask(address)
        default: return nil
        }
    }
}
