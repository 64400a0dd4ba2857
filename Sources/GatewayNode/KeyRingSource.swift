import CertificateFiles
import Documents
import Encryption
import Foundation
import GatewayConfiguration
import IntentProtocol
import Secrets
import Synchronization

/// Where a node's key ring comes from.
final class KeyRingSource: Sendable {
    /// The place that the configuration names.
    enum Place: Sendable {
        case file(String)
        case secret(SecretReference)
        /// The variables of ``KeyVariables``, which stay as they are for as long as the process runs.
        case variables
    }

    /// What the ring was read from last.
    private struct Seen {
        var file: WatchedFile?
        var generation = 0
    }

    let place: Place
    private let secrets: NodeSecrets
    private let environment: [String: String]
    private let profileOfLoneKey: EMCLProfile
    private let seen: Mutex<Seen>

    init(_ sealing: GatewayConfiguration.Sealing, _ secrets: NodeSecrets, environment: [String: String]) {
        if let path = sealing.keyRingFile {
            place = .file(path)
        } else if let reference = sealing.keyRing?.reference {
            place = .secret(reference)
        } else {
            place = .variables
        }
        self.secrets = secrets
        self.environment = environment
        profileOfLoneKey = EMCLProfile(sealing.profileOfLoneKey)
        // Noted before it is read: a file that changes in between is then read again, not missed.
        seen = Mutex(Seen(file: sealing.keyRingFile.map(WatchedFile.init)))
    }

    /// Whether there is another version than when this was last asked.
    func hasChanged() -> Bool {
        switch place {
        case .file: return seen.withLock { $0.file?.hasChanged() ?? false }
        case .secret(let reference):
            let generation = secrets.current(reference)?.generation ?? 0
            return seen.withLock { seen in
                defer { seen.generation = generation }
                return seen.generation != generation
            }
        case .variables: return false
        }
    }

    /// Asks a source of secrets now; files are looked at anyway.
    func ask() async throws(SecretFault) {
        if case .secret(let reference) = place { try await secrets.refetch(reference) }
    }

    /// The ring as it is there; nil, and the faults noted, when it cannot be used.
    func read(into diagnostics: Diagnostics) -> KeyRing? {
        switch place {
        case .file(let path):
            guard let bytes = FileManager.default.contents(atPath: path) else {
                // That it is not there was said where it is named.
                diagnostics.error("the key ring '\(path)' cannot be read", at: nil)
                return nil
            }
            return ring(Array(bytes), named: path, into: diagnostics)
        case .secret(let reference):
            guard let known = secrets.current(reference) else {
                diagnostics.error("emcl.keyRing: \(reference) was not fetched", at: nil)
                return nil
            }
            return ring(known.bytes.reveal(), named: "\(reference)", into: diagnostics)
        case .variables: return ringOfVariables(into: diagnostics)
        }
    }

    private func ring(_ bytes: [UInt8], named name: String, into diagnostics: Diagnostics) -> KeyRing? {
        do throws(DiagnosticError) {
            return try KeyRingDocument.read(bytes, file: name, simpleProfile: profileOfLoneKey)
        } catch {
            diagnostics.add(error.diagnostics)
            return nil
        }
    }

    private func ringOfVariables(into diagnostics: Diagnostics) -> KeyRing? {
        var keys: [RingKey] = []
        if let text = environment[KeyVariables.bytes], !text.isEmpty {
            guard text.utf8.count == 2 * KeyBytes.byteCount, let bytes = KeyBytes(encoded: text.utf8),
                let key = RingKey(id: KeyVariables.bytes, bytes: bytes, profile: profileOfLoneKey)
            else {
                diagnostics.error("\(KeyVariables.bytes) must be 64 hex digits", at: nil)
                return nil
            }
            keys.append(key)
        }
        if let text = environment[KeyVariables.text], !text.isEmpty, let bytes = KeyBytes(pythonText: Secret(text)),
            let key = RingKey(id: KeyVariables.text, bytes: bytes, profile: .v1)
        {
            keys.append(key)
        }
        do throws(KeyRing.Fault) { return try KeyRing(keys) } catch {
            diagnostics.error("\(KeyVariables.all.joined(separator: ", ")): \(error)", at: nil)
            return nil
        }
    }
}
