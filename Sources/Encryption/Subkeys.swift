import Synchronization

/// The subkeys of one key: the one that seals now, and those that opened lately.
///
/// A subkey is HKDF-Expand-SHA256 of the key over `EMCL v2 subkey`, the key's id and a salt of 16 bytes. Deriving one, and preparing
/// AES-256-GCM under it, costs more than what is left of a message, so each is kept: for sealing a minute, for opening until
/// another one needs its place.
final class Subkeys: Sendable {
    /// How long one salt seals.
    static let sealingMilliseconds: Int64 = 60_000
    /// How many are kept for opening: that many processes may seal under one key before subkeys are derived again. A sealer that
    /// draws a salt for each message fills all of them.
    static let openingMax = 1_024
    /// How many contexts wait at a subkey that opens: of 1,168 bytes each, there are ``openingMax`` of them at most.
    static let openingIdleMax = 1
    /// How many contexts wait at the subkey that seals.
    static let sealingIdleMax = 8

    /// A subkey and what names it.
    struct Subkey {
        let salt: (high: UInt64, low: UInt64)
        let cipher: AESGCM
    }

    private struct Sealing {
        let subkey: Subkey
        let sinceMilliseconds: Int64
    }

    private let deriver: SubkeyDeriver
    private let information: [UInt8]
    private let prepare: AESGCM.Preparation
    private let sealing = Mutex<Sealing?>(nil)
    private let opening = Mutex<[Subkey?]>([])

    init(_ key: KeyBytes, id: [UInt8], prepare: @escaping AESGCM.Preparation = { CipherContext($0) }) {
        self.prepare = prepare
        deriver = SubkeyDeriver(key)
        information = Array("EMCL v2 subkey".utf8) + [UInt8(truncatingIfNeeded: id.count)] + id
    }

    /// The subkey that seals now; a new one when the last is a minute old or the clock went back.
    func forSealing(_ now: Int64, randomBits: () -> UInt64) -> Subkey {
        let current = sealing.withLock { sealing -> Subkey? in
            guard let sealing, now >= sealing.sinceMilliseconds,
                now - sealing.sinceMilliseconds < Self.sealingMilliseconds
            else { return nil }
            return sealing.subkey
        }
        if let current { return current }
        // Two event loops may come here together: each seals under its own, and one of the two stays.
        let salt = (high: randomBits(), low: randomBits())
        let subkey = Subkey(salt: salt, cipher: derive(salt, idleMax: Self.sealingIdleMax))
        sealing.withLock { $0 = Sealing(subkey: subkey, sinceMilliseconds: now) }
        return subkey
    }

    /// The subkey of a message that came, and whether it was kept from one that opened.
    func forOpening(_ salt: (high: UInt64, low: UInt64)) -> (cipher: AESGCM, isKept: Bool) {
        let kept = opening.withLock { opening -> AESGCM? in
            guard !opening.isEmpty, let subkey = opening[Self.place(salt)], subkey.salt == salt else { return nil }
            return subkey.cipher
        }
        if let kept { return (kept, true) }
        return (derive(salt, idleMax: Self.openingIdleMax), false)
    }

    /// Keeps a subkey under which a message opened: only who holds the key can fill this memory.
    func keep(_ cipher: AESGCM, _ salt: (high: UInt64, low: UInt64)) {
        opening.withLock { opening in
            if opening.isEmpty { opening = Array(repeating: nil, count: Self.openingMax) }
            opening[Self.place(salt)] = Subkey(salt: salt, cipher: cipher)
        }
    }

    private static func place(_ salt: (high: UInt64, low: UInt64)) -> Int { Int(salt.low % UInt64(openingMax)) }

    private func derive(_ salt: (high: UInt64, low: UInt64), idleMax: Int) -> AESGCM {
        let salt = withUnsafeBytes(of: (salt.high.bigEndian, salt.low.bigEndian)) { Array($0) }
        return AESGCM(deriver.subkey(for: information + salt), idleMax: idleMax, prepare: prepare)
    }
}
