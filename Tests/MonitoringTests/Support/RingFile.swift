import Encryption
import Foundation
import RedisFixtures

/// A key ring of one key, whose end a test chooses.
enum RingFile {
    static func text(endsInSeconds seconds: Int64) throws -> String {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        guard let bytes = KeyBytes((0..<32).map { _ in UInt8.random(in: .min ... .max) }),
            let key = RingKey(
                id: "first", bytes: bytes, activeFromMilliseconds: now - 60_000,
                opensUntilMilliseconds: now + seconds * 1_000)
        else { throw FixtureError("no key") }
        return KeyRingDocument.text(of: try KeyRing([key]))
    }
}
