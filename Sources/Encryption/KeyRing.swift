/// The keys of one moment: an immutable value, so that a call in flight keeps the ring that it began with.
///
/// For each profile and use the active key is the one that began last and has not ended; it seals. All that have not ended open.
package struct KeyRing: Sendable {
    /// The most keys of a ring; so many are tried at most when a message names none.
    package static let keysMax = 8
    /// The most messages that one key may seal in profile `v1`, whose nonces are random under one key (SP 800-38D, 8.3).
    package static let messagesMax: UInt64 = 1 << 32

    /// The keys, those that begin later first.
    package let keys: [RingKey]
    /// How many messages a key seals in this process before it refuses.
    ///
    /// Every process that holds a key counts for itself and begins anew when it starts: where n of them seal by `v1`, give each
    /// 2^32 / n.
    package let messagesMaxPerKey: UInt64
    /// Ids of keys that seal only where no other one can: somebody may not be able to open what they seal yet.
    package let heldBack: Set<String>

    /// Why keys make no ring.
    package enum Fault: Error, Sendable, Hashable {
        /// There is no key, or more than ``KeyRing/keysMax``.
        case count(Int)
        /// Two keys have one id.
        case sameId(String)
        /// Two keys have the same bytes; these are their ids.
        case sameBytes(String, String)
        /// Two keys for the same profile and use become active at the same time; these are their ids.
        case sameStart(String, String)
        /// The key ends before it begins.
        case endsBeforeItBegins(String)
        /// The key is for nothing.
        case noUse(String)
        /// libcrypto does not do AES-256-GCM here.
        case cipherUnavailable
    }

    /// Makes a ring, once every key has sealed something to try it.
    ///
    /// - Parameter messagesMaxPerKey: how many messages a key seals in this process before it refuses; at most ``messagesMax``.
    package init(_ keys: [RingKey], messagesMaxPerKey: UInt64 = KeyRing.messagesMax) throws(Fault) {
        precondition(messagesMaxPerKey <= Self.messagesMax, "a key seals at most 2^32 messages")
        guard (1...Self.keysMax).contains(keys.count) else { throw .count(keys.count) }
        for (index, key) in keys.enumerated() {
            guard !key.uses.isEmpty else { throw .noUse(key.id) }
            if let end = key.opensUntilMilliseconds, end <= key.activeFromMilliseconds {
                throw .endsBeforeItBegins(key.id)
            }
            for other in keys[..<index] {
                guard other.id != key.id else { throw .sameId(key.id) }
                guard other.bytes != key.bytes else { throw .sameBytes(other.id, key.id) }
                let isRival = other.profile == key.profile && !other.uses.isDisjoint(with: key.uses)
                guard !isRival || other.activeFromMilliseconds != key.activeFromMilliseconds else {
                    throw .sameStart(other.id, key.id)
                }
            }
        }
        guard keys.allSatisfy(\.cipher.isUsable) else { throw .cipherUnavailable }
        self.keys = keys.sorted { $0.activeFromMilliseconds > $1.activeFromMilliseconds }
        self.messagesMaxPerKey = messagesMaxPerKey
        heldBack = []
    }

    private init(_ keys: [RingKey], _ messagesMaxPerKey: UInt64, _ heldBack: Set<String>) {
        self.keys = keys
        self.messagesMaxPerKey = messagesMaxPerKey
        self.heldBack = heldBack
    }

    /// This ring, in which some keys wait before they seal; they open as before.
    package func holdingBack(_ ids: Set<String>) -> KeyRing { KeyRing(keys, messagesMaxPerKey, ids) }

    /// This ring with the counts of the keys that an older one holds too.
    package func continuing(_ older: KeyRing) -> KeyRing {
        let keys = keys.map { key in
            let same = older.keys.first { $0.id == key.id && $0.profile == key.profile && $0.bytes == key.bytes }
            return same.map(key.continuing) ?? key
        }
        return KeyRing(keys, messagesMaxPerKey, heldBack)
    }

    /// The key that seals now; nil when none began, or all have ended.
    ///
    /// One that is held back takes its turn where no other key can seal: to refuse helps nobody.
    package func activeKey(_ profile: EMCLProfile, for use: KeyUse, atUnixMilliseconds now: Int64) -> RingKey? {
        var waiting: RingKey?
        for key in keys where key.profile == profile && key.serves(use) {
            guard key.activeFromMilliseconds <= now, key.isAlive(atUnixMilliseconds: now) else { continue }
            guard heldBack.contains(key.id) else { return key }
            waiting = waiting ?? key
        }
        return waiting
    }

    /// A key that opens now, by its id.
    func openingKey(_ id: String, _ profile: EMCLProfile, _ use: KeyUse, _ now: Int64) -> RingKey? {
        keys.first {
            $0.id == id && $0.profile == profile && $0.serves(use) && $0.isAlive(atUnixMilliseconds: now)
        }
    }

    /// The key that a message of profile `v2` names, or one that stands for it and the reason why it must not count.
    func namedKey(
        _ id: [UInt8], _ use: KeyUse, _ now: Int64
    ) -> (key: RingKey, refusal: EMCLFailure.Reason?) {
        let named = keys.first { $0.profile == .v2 && $0.idBytes == id }
        guard let named, named.serves(use) else { return (Self.decoy, .unknownKey) }
        return (named, named.isAlive(atUnixMilliseconds: now) ? nil : .expiredKey)
    }

    /// The keys to try on a message of profile `v1`, the newest first.
    func unnamedKeys(_ use: KeyUse, _ now: Int64) -> [RingKey] {
        keys.filter { $0.profile == .v1 && $0.serves(use) && $0.isAlive(atUnixMilliseconds: now) }
    }

    /// Does the work of a key that is not there, so that its absence takes no less time; what it opens never counts.
    private static let decoy = RingKey(standIn: KeyBytes(repeating: 0))
}

extension KeyRing: CustomStringConvertible, CustomReflectable {
    /// The ids; of the bytes nothing.
    package var description: String { "keys " + keys.map(\.id).joined(separator: ", ") }
    package var customMirror: Mirror { Mirror(self, children: ["keys": keys]) }
}

extension KeyRing.Fault: CustomStringConvertible {
    /// What is wrong and what would be right, for a person; key bytes never enter it.
    package var description: String {
        switch self {
        case .count(0): "the ring holds no key: make one by intentusnet emcl keygen"
        case .count(let count):
            "the ring holds \(count) keys, at most \(KeyRing.keysMax) are allowed: take out old ones"
        case .sameId(let id): "two keys have the id '\(id)': give each its own"
        case .sameBytes(let one, let other):
            "keys '\(one)' and '\(other)' are the same bytes: make a new one by intentusnet emcl keygen"
        case .sameStart(let one, let other):
            "keys '\(one)' and '\(other)' become active at the same time: change activeFrom of one"
        case .endsBeforeItBegins(let id): "key '\(id)' ends before it begins: opensUntil must be after activeFrom"
        case .noUse(let id): "key '\(id)' is for nothing: use must name clients, workers or both"
        case .cipherUnavailable:
            "libcrypto cannot do AES-256-GCM here: check the providers that the file of OPENSSL_CONF activates, and how much memory the "
                + "process may have"
        }
    }
}
