import ArgumentParser
import Crypto
import DevelopmentAuthority
import Encryption
import Foundation

extension EMCLCommand {
    /// `intentusnet emcl keygen`
    struct Keygen: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key: print a new ring, or add it to one with staged times.",
            discussion: """
                With --add-to the new key becomes active after --active-in-seconds, when every gateway, client and worker has the \
                ring; the keys whose place it takes still open for --grace-seconds after that, and keys that have ended go. \
                Key files are made for their owner alone (mode 0600).
                """)

        @Option(help: "The ring that gets the key; it is replaced whole.")
        var addTo: String?

        @Option(help: "A file that is made for the new ring, instead of printing it.")
        var output: String?

        @Option(
            help: "The key's id: 1 to 64 characters of A-Z a-z 0-9 . _ -; the date and four random digits unless given."
        )
        var id: String?

        @Option(help: "v2, or v1 for peers that are the Python package: 32 characters, which it takes as they are.")
        var profile = EMCLProfile.v2

        @Option(name: .customLong("use"), help: "clients or workers; give it twice for both, which is the default.")
        var uses: [KeyUse] = []

        @Option(help: "Seconds until it becomes active; 0 for a new ring and 3600 for one that has keys unless given.")
        var activeInSeconds: Int64?

        @Option(help: "Seconds that older keys still open after that.")
        var graceSeconds: Int64 = 86_400

        func validate() throws {
            guard addTo == nil || output == nil else { throw ValidationError("give --add-to or --output, not both") }
            guard (0...31_536_000).contains(activeInSeconds ?? 0) else {
                throw ValidationError("--active-in-seconds must be 0 to 31536000")
            }
            guard (60...31_536_000).contains(graceSeconds) else {
                throw ValidationError("--grace-seconds must be 60 to 31536000: requests in flight need it")
            }
            if let id, !RingKey.isId(id) {
                throw ValidationError("--id must be 1 to \(RingKey.idBytesMax) characters of A-Z a-z 0-9 . _ -")
            }
        }

        func run() throws {
            let now = EMCLCommand.nowMilliseconds
            guard let addTo else {
                let text = KeyRingDocument.text(of: try KeyRing([try key(activeIn: activeInSeconds ?? 0, now)]))
                guard let output else { return print(text, terminator: "") }
                try KeyFile.create(output, text, for: .owner)
                return
            }
            let key = try key(activeIn: activeInSeconds ?? 3_600, now)
            let ring = try KeyFile.alone(with: addTo) {
                let ring = try EMCLCommand.ring(addTo)
                    .rotated(to: key, graceMilliseconds: graceSeconds * 1_000, nowUnixMilliseconds: now)
                try KeyFile.replace(addTo, KeyRingDocument.text(of: ring), for: .owner)
                return ring
            }
            print("key \(key.id) seals from \(UTCTime.text(key.activeFromMilliseconds))")
            for old in ring.keys where old.id != key.id {
                print("key \(old.id) opens until \(old.opensUntilMilliseconds.map(UTCTime.text) ?? "it is taken out")")
            }
        }

        private func key(activeIn seconds: Int64, _ now: Int64) throws -> RingKey {
            // Rings have whole seconds; one that is to seal at once has begun already.
            let activeFrom = now / 1_000 * 1_000 + seconds * 1_000
            let id =
                id ?? "\(UTCTime.text(now).prefix(10))-\(String(format: "%04x", UInt16.random(in: 0...UInt16.max)))"
            let key = RingKey(
                id: id, bytes: bytes(), profile: profile, uses: Set(uses.isEmpty ? KeyUse.allCases : uses),
                activeFromMilliseconds: activeFrom)
            guard let key else { throw ValidationError("'\(id)' cannot be a key's id") }
            return key
        }

        private func bytes() -> KeyBytes {
            switch profile {
            case .v2: return KeyBytes(random: SymmetricKey(size: .bits256))
            case .v1:
                // Six random bits a character, 192 together.
                let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
                let text = (0..<KeyBytes.byteCount).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] }
                return KeyBytes(random: SymmetricKey(data: text))
            }
        }
    }
}
