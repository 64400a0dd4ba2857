import IntentProtocol

/// One key of a ring: what it is for and when.
///
/// Instances are shared by the rings that hold the key, and so is its count of sealed messages.
package final class RingKey: Sendable {
    /// What a key id may be: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    package static let idBytesMax = 64

    /// The key's name, in clear in every message of profile `v2`.
    package let id: String
    /// The one profile it is for: no key serves two.
    package let profile: EMCLProfile
    /// Between whom it seals.
    package let uses: Set<KeyUse>
    /// From when it seals, in milliseconds since the Unix epoch. It opens before that, for clocks differ.
    package let activeFromMilliseconds: Int64
    /// Until when it seals and opens, in milliseconds since the Unix epoch; nil without an end.
    package let opensUntilMilliseconds: Int64?

    let idBytes: [UInt8]
    /// What names this key in the memory of nonces that were seen.
    let replayScope: String
    private let sealsForClients: Bool
    private let sealsForWorkers: Bool
    let bytes: KeyBytes
    /// Seals and opens in profile `v1`, which has no subkeys.
    let cipher: AESGCM
    let subkeys: Subkeys
    let counter: SealCounter

    /// Makes a key that sealed nothing yet; nil when the id is none.
    package convenience init?(
        id: String, bytes: KeyBytes, profile: EMCLProfile = .v2, uses: Set<KeyUse> = Set(KeyUse.allCases),
        activeFromMilliseconds: Int64 = 0, opensUntilMilliseconds: Int64? = nil
    ) {
        guard Self.isId(id) else { return nil }
        self.init(
            id: id, bytes: bytes, profile: profile, uses: uses, activeFromMilliseconds: activeFromMilliseconds,
            opensUntilMilliseconds: opensUntilMilliseconds, cipher: AESGCM(bytes.key),
            subkeys: Subkeys(bytes, id: Array(id.utf8)), counter: SealCounter())
    }

    /// Makes a key for whatever, whose contexts are prepared by the one that is given.
    convenience init(id: String, bytes: KeyBytes, profile: EMCLProfile, prepare: @escaping AESGCM.Preparation) {
        self.init(
            id: id, bytes: bytes, profile: profile, uses: Set(KeyUse.allCases), activeFromMilliseconds: 0,
            opensUntilMilliseconds: nil, cipher: AESGCM(bytes.key, prepare: prepare),
            subkeys: Subkeys(bytes, id: Array(id.utf8), prepare: prepare), counter: SealCounter())
    }

    /// Makes a key for nothing.
    convenience init(standIn bytes: KeyBytes) {
        self.init(
            id: "", bytes: bytes, profile: .v2, uses: [], activeFromMilliseconds: 0, opensUntilMilliseconds: nil,
            cipher: AESGCM(bytes.key), subkeys: Subkeys(bytes, id: []), counter: SealCounter())
    }

    private init(
        id: String, bytes: KeyBytes, profile: EMCLProfile, uses: Set<KeyUse>, activeFromMilliseconds: Int64,
        opensUntilMilliseconds: Int64?, cipher: AESGCM, subkeys: Subkeys, counter: SealCounter
    ) {
        self.id = id
        self.bytes = bytes
        self.cipher = cipher
        self.profile = profile
        self.uses = uses
        self.activeFromMilliseconds = activeFromMilliseconds
        self.opensUntilMilliseconds = opensUntilMilliseconds
        self.subkeys = subkeys
        self.counter = counter
        idBytes = Array(id.utf8)
        replayScope = "emcl:\(profile.rawValue):\(id)"
        sealsForClients = uses.contains(.clients)
        sealsForWorkers = uses.contains(.workers)
    }

    /// Whether a text may be a key's id.
    package static func isId(_ text: String) -> Bool {
        (1...idBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// How many messages it sealed in this process.
    package var sealedMessages: UInt64 { counter.count }

    /// Whether it is for this use.
    func serves(_ use: KeyUse) -> Bool {
        switch use {
        case .clients: sealsForClients
        case .workers: sealsForWorkers
        }
    }

    /// Whether it still seals and opens.
    package func isAlive(atUnixMilliseconds now: Int64) -> Bool {
        opensUntilMilliseconds.map { now < $0 } ?? true
    }

    /// This key with the times it has, and the count and the subkeys of one that is the same key in an older ring.
    func continuing(_ older: RingKey) -> RingKey {
        RingKey(
            id: id, bytes: bytes, profile: profile, uses: uses, activeFromMilliseconds: activeFromMilliseconds,
            opensUntilMilliseconds: opensUntilMilliseconds, cipher: older.cipher, subkeys: older.subkeys,
            counter: older.counter)
    }

    /// This key with another end.
    func ending(atMilliseconds end: Int64) -> RingKey {
        RingKey(
            id: id, bytes: bytes, profile: profile, uses: uses, activeFromMilliseconds: activeFromMilliseconds,
            opensUntilMilliseconds: end, cipher: cipher, subkeys: subkeys, counter: counter)
    }
}

extension RingKey: CustomStringConvertible, CustomReflectable {
    /// The id; of the bytes nothing.
    package var description: String { "key \(id)" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
