/// Which master owns which slot.
struct ClusterMap: Sendable, Hashable {
    static let mastersMax = 1_000

    private var owners: [Int16]
    private(set) var masters: [RedisAddress]

    /// A map that knows nothing.
    init() {
        owners = Array(repeating: -1, count: SlotHash.slotCount)
        masters = []
    }

    /// Reads the reply to `CLUSTER SLOTS`.
    ///
    /// - Parameter asked: who answered; a node without a name of its own is there.
    init?(slots reply: RedisValue, asked: RedisAddress) {
        self.init()
        guard let ranges = reply.array else { return nil }
        for range in ranges {
            guard let fields = range.array, fields.count >= 3, let first = fields[0].integer,
                let last = fields[1].integer,
                first >= 0, first <= last, last < SlotHash.slotCount,
                let node = fields[2].array, node.count >= 2, let port = node[1].integer, (1...65_535).contains(port)
            else { return nil }
            let name = node[0].text ?? ""
            let host = name.isEmpty || name == "?" ? asked.host : name
            let owner = index(of: RedisAddress(host: host, port: Int(port)))
            for slot in Int(first)...Int(last) { owners[slot] = owner }
        }
    }

    /// The slot's master; nil when nobody owns it as far as we know.
    func master(of slot: Int) -> RedisAddress? {
        let owner = Int(owners[slot])
        return owner < 0 ? nil : masters[owner]
    }

    /// A node said that the slot is elsewhere.
    mutating func move(_ slot: Int, to address: RedisAddress) {
        owners[slot] = index(of: address)
    }

    /// Slots without an owner.
    var orphanCount: Int { owners.lazy.count { $0 < 0 } }

    /// Whether both say the same of every slot, in whatever order they were told.
    func agrees(with other: ClusterMap) -> Bool {
        owners.indices.allSatisfy { master(of: $0) == other.master(of: $0) }
    }

    /// How many slots a master owns.
    func slotCount(of master: RedisAddress) -> Int {
        guard let owner = masters.firstIndex(of: master) else { return 0 }
        return owners.lazy.count { Int($0) == owner }
    }

    private mutating func index(of address: RedisAddress) -> Int16 {
        if let known = masters.firstIndex(of: address) { return Int16(known) }
        // A map that grows with every answer is no map; the next reading puts it right.
        guard masters.count < Self.mastersMax else { return -1 }
        masters.append(address)
        return Int16(masters.count - 1)
    }
}
