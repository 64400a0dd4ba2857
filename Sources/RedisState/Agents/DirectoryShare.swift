import Routing

/// What became of a registration in the shared store.
enum SharePut: Sendable, Hashable {
    /// A new instance, or one that changed; the other nodes are told.
    case registered
    /// Only its time of leaving moved.
    case renewed
    /// The name belongs to another principal.
    case ownedByAnother
    /// A limit of the directory is reached; the text names it.
    case full(String)
}

/// What became of a departure in the shared store.
enum ShareRemoval: Sendable, Hashable {
    case removed
    case ownedByAnother
    case unknown
}

/// Up to where a node has read the shared store.
struct SharePlace: Sendable, Hashable {
    /// Which life of the store it was; another one knows nothing of the former.
    var epoch = ""
    /// The last change that was read.
    var change: Int64 = 0
    /// Whether a complete reading is under way, from the first change on.
    var isLoading = true
    /// Whether what was not renewed in time is to be taken out first.
    var sweeps = false
}

/// A part of what changed since a place.
struct SharePage: Sendable {
    var epoch: String
    /// The last change in this page.
    var change: Int64
    /// Whether there is more after it.
    var hasMore: Bool
    /// Whether the place was none of this store's: the page begins at the first change.
    var isRestart: Bool
    /// How long until the next instance is due to leave, by the store's clock; nil when there is none.
    var nextDueMilliseconds: Int64?
    var agents: [StoredAgent]
}

/// An agent as the store holds it; nobody has checked it yet.
struct StoredAgent: Sendable, Hashable {
    var name: [UInt8]
    /// Owner and definition; empty when it is too large to be one of ours.
    var record: [UInt8]
    var instances: [(id: [UInt8], value: [UInt8])]
    /// How much longer a name without instances is kept for its owner.
    var vacantForMilliseconds: Int64

    static func == (left: StoredAgent, right: StoredAgent) -> Bool {
        left.name == right.name && left.record == right.record
            && left.instances.elementsEqual(right.instances) { $0.id == $1.id && $0.value == $1.value }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(record)
        for instance in instances {
            hasher.combine(instance.id)
            hasher.combine(instance.value)
        }
    }
}

/// What a node hears of the other nodes' changes.
enum ShareNotice: Sendable, Hashable {
    /// From now on notices come; what was said before is not known.
    case listening
    /// Something changed.
    case changed
    /// Notices stop for a while.
    case lost
}

/// Where the nodes of a cluster keep the agents that registered with any of them.
protocol DirectoryShare: Sendable {
    /// Writes a registration through: owner, definition, instance and time of leaving, in one step.
    ///
    /// - Parameter expiresInMilliseconds: less than its time to live when it is written after the fact.
    func put(
        _ request: RegistrationRequest, expiresInMilliseconds: Int64
    ) async -> Result<SharePut, RedisFailure>

    /// Takes an instance out, if it is its owner who asks.
    func remove(agent: String, instance: String, owner: String) async -> Result<ShareRemoval, RedisFailure>

    /// What changed since a place, in pages.
    func pull(from place: SharePlace) async -> Result<SharePage, RedisFailure>

    /// Notices of changes, until the reader goes.
    func notices() -> AsyncStream<ShareNotice>
}
