import CertificateFiles
import Documents
package import Encryption
import Foundation
import Synchronization

/// The key ring of a file (EMCL), made by `intentusnet emcl keygen` or mounted as a secret.
///
/// The file is looked at again while the keys are used; what cannot be used leaves the former ring in force. Key bytes are wiped
/// when the last message that needs them is done, and nothing prints them.
public final class EnvelopeKeys: Sendable {
    /// How often the file is looked at, at most.
    private static let lookEvery = Duration.seconds(1)

    private struct Place {
        var file: WatchedFile
        var looked: ContinuousClock.Instant
    }

    private let path: String
    private let place: Mutex<Place>
    private let holder: KeyRingHolder

    /// Reads the ring.
    ///
    /// - Throws: when the file cannot be read or holds no ring; the fault names the place and never a key.
    public init(file path: String) throws(SealingFault) {
        // Noted before it is read: a file that changes in between is then read again, not missed.
        place = Mutex(Place(file: WatchedFile(path: path), looked: .now))
        self.path = path
        holder = KeyRingHolder(try Self.read(path))
    }

    /// The ring of now; a call keeps the one that it began with.
    package var current: KeyRing {
        let isDue = place.withLock { place in
            let now = ContinuousClock.now
            guard place.looked.duration(to: now) >= Self.lookEvery else { return false }
            place.looked = now
            return place.file.hasChanged()
        }
        if isDue, let ring = try? Self.read(path) { holder.replace(with: ring) }
        return holder.current
    }

    private static func read(_ path: String) throws(SealingFault) -> KeyRing {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw SealingFault("the key ring '\(path)' cannot be read")
        }
        do throws(DiagnosticError) { return try KeyRingDocument.read(Array(bytes), file: path) } catch {
            throw SealingFault("\(error)")
        }
    }
}

/// Why keys cannot be used; a sentence that names the place and the remedy, and never a key.
public struct SealingFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public let description: String

    package init(_ description: String) { self.description = description }
}
