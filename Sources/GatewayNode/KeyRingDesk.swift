import Crypto
import Documents
import Encryption
import Gateway
import GatewayConfiguration
import IntentProtocol
import Logging
import Observability
import RedisState
import Secrets

/// Shows the keys of a node to operators, and rotates them: in the file, or by having every node ask the source.
struct KeyRingDesk: KeyRingAdministration {
    let parts: NodeParts
    let seals: NodeSeals

    func keys() -> [KeyRingEntry] {
        let now = Self.nowMilliseconds
        let ring = seals.holder.current
        let active = Self.activeIds(ring, now)
        return ring.keys.map { key in
            let state: KeyRingEntry.State =
                if !key.isAlive(atUnixMilliseconds: now) {
                    .ended
                } else if active.contains(key.id) {
                    .active
                } else if key.activeFromMilliseconds > now {
                    .staged
                } else {
                    ring.heldBack.contains(key.id) ? .waiting : .retiring
                }
            let activeFrom = key.activeFromMilliseconds > 0 ? key.activeFromMilliseconds : nil
            return KeyRingEntry(
                id: key.id, state: state, profile: key.profile, uses: key.uses, activeFromMilliseconds: activeFrom,
                opensUntilMilliseconds: key.opensUntilMilliseconds,
                ageSeconds: activeFrom.flatMap { $0 <= now ? (now - $0) / 1_000 : nil },
                sealedMessages: key.sealedMessages)
        }
    }

    func rotate() async -> Result<KeyRotation, KeyRotationFailure> {
        do throws(KeyRotationFailure) {
            var added: [RingKey] = []
            switch seals.source.place {
            case .file(let path): added = try await rotate(file: path)
            case .secret:
                do throws(SecretFault) { try await seals.source.ask() } catch { throw .unavailable("\(error)") }
            case .variables:
                throw .sourceIsFixed(
                    "the keys come from variables, which stay as they are while the process runs: name a ring by emcl.keyRingFile or emcl.keyRing"
                )
            }
            if let fault = parts.refreshSeals(isAsked: true).first { throw .unavailable(fault.description) }
            let isClusterWide = await tellOthers()
            let active = Self.activeIds(seals.holder.current, Self.nowMilliseconds).min()
            note(added)
            return .success(
                KeyRotation(
                    activeId: active, next: added.first.map { ($0.id, $0.activeFromMilliseconds) },
                    isClusterWide: isClusterWide))
        } catch {
            return .failure(error)
        }
    }

    private func rotate(file path: String) async throws(KeyRotationFailure) -> [RingKey] {
        let (lead, grace) = (Int64(seals.rotation.leadSeconds), Int64(seals.rotation.graceSeconds))
        // Files are read and written: not on an event loop.
        let result = await Task.detached { () -> Result<[RingKey], KeyRotationFailure> in
            var added: [RingKey] = []
            do throws(KeyRotationFailure) {
                try KeyRingFile.change(path) { bytes throws(KeyRotationFailure) in
                    let (ring, keys) = try Self.rotated(bytes, path, leadSeconds: lead, graceSeconds: grace)
                    added = keys
                    return KeyRingDocument.text(of: ring)
                }
                return .success(added)
            } catch {
                return .failure(error)
            }
        }.value
        return try result.get()
    }

    private static func rotated(
        _ bytes: [UInt8], _ path: String, leadSeconds: Int64, graceSeconds: Int64
    ) throws(KeyRotationFailure) -> (ring: KeyRing, added: [RingKey]) {
        let ring: KeyRing
        do throws(DiagnosticError) { ring = try KeyRingDocument.read(bytes, file: path) } catch {
            throw .unavailable(error.diagnostics.first?.description ?? "the key ring '\(path)' cannot be used")
        }
        let now = nowMilliseconds
        do throws(KeyRing.Fault) {
            let rotated = try ring.rotated(
                leadMilliseconds: leadSeconds * 1_000, graceMilliseconds: graceSeconds * 1_000,
                nowUnixMilliseconds: now,
                draw: {
                    let digits = HexDigits.text(of: (0..<4).map { _ in UInt8.random(in: .min ... .max) })
                    return ("\(UTCTime.text(now).prefix(10))-\(digits)", KeyBytes(random: SymmetricKey(size: .bits256)))
                })
            guard !rotated.added.isEmpty else {
                throw KeyRing.Fault.count(0)
            }
            return rotated
        } catch {
            switch error {
            case .count(0):
                throw .sourceIsFixed(
                    "the ring has no key of v2, and those of v1 are given to their peers by hand: add one by intentusnet emcl keygen"
                )
            case .count(let count):
                throw .ringIsFull(
                    "with another key the ring would hold \(count), at most \(KeyRing.keysMax) are allowed: wait until old ones end"
                )
            case .sameId, .sameBytes, .sameStart, .endsBeforeItBegins, .noUse, .cipherUnavailable:
                throw .unavailable(error.description)
            }
        }
    }

    /// Has every node look at its source; those that hear nothing look at their own time.
    private func tellOthers() async -> Bool {
        guard let shared = parts.shared else { return false }
        switch await shared.keyRings.advance() {
        case .success: return true
        case .failure(let failure):
            parts.logger.warning("other nodes were not told of the key ring", metadata: ["reason": "\(failure)"])
            return false
        }
    }

    private func note(_ added: [RingKey]) {
        var record = AuditRecord(.keyRotation, unixNanoseconds: Timestamp.unixNanoseconds(), action: "keyring.rotate")
        record.reason = "rotated"
        record.target = added.first?.id
        record.detail =
            added.isEmpty
            ? "the source was asked again"
            : "added \(added.map(\.id)), active from \(added.first.map { UTCTime.text($0.activeFromMilliseconds) } ?? "")"
        parts.audit.append(record)
    }

    private static func activeIds(_ ring: KeyRing, _ now: Int64) -> Set<String> {
        var ids: Set<String> = []
        for profile in EMCLProfile.allCases {
            for use in KeyUse.allCases {
                if let key = ring.activeKey(profile, for: use, atUnixMilliseconds: now) { ids.insert(key.id) }
            }
        }
        return ids
    }

    private static var nowMilliseconds: Int64 { Timestamp.unixNanoseconds() / 1_000_000 }
}
