import ArgumentParser
import DevelopmentAuthority
import Documents
import Encryption
import Foundation
import IntentProtocol

/// `intentusnet emcl …`: keys for sealed envelopes, and sealing and opening by hand.
struct EMCLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emcl", abstract: "Make keys for sealed envelopes; seal and open by hand.",
        subcommands: [Keygen.self, Seal.self, Open.self])

    /// The ring that seals and opens.
    struct RingOptions: ParsableArguments {
        @Option(
            help:
                "The key ring, readable by its owner alone: a document, or a key alone as 64 hex digits or 32 characters."
        )
        var ring: String

        @Option(help: "The profile of a key that stands alone: v1 or v2.")
        var keyProfile = EMCLProfile.v2

        func load() throws -> KeyRing {
            try EMCLCommand.ring(ring, simpleProfile: keyProfile)
        }
    }

    /// The most bytes of what is sealed or opened.
    static let messageBytesMax = 16 << 20

    static func ring(_ path: String, simpleProfile: EMCLProfile = .v2) throws -> KeyRing {
        let text = try KeyFile.text(path, for: .owner)
        return try KeyRingDocument.read(Array(text.utf8), file: path, simpleProfile: simpleProfile)
    }

    static var nowMilliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    static func randomBits() -> UInt64 { UInt64.random(in: .min ... .max) }

    /// The bytes of a file, or of standard input for `-`.
    static func input(_ path: String) throws -> [UInt8] {
        guard path == "-" || FileManager.default.isReadableFile(atPath: path) else {
            throw ValidationError("'\(path)' cannot be read: name a file, or - for standard input")
        }
        let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let bytes = try file.read(upToCount: messageBytesMax + 1) ?? Data()
        guard bytes.count <= messageBytesMax else {
            throw ValidationError("'\(path)' has more than \(messageBytesMax) bytes")
        }
        return Array(bytes)
    }

    /// A sealed frame, or its body alone.
    static func sealedFrame(_ bytes: [UInt8]) throws -> SealedFrame {
        do throws(SealedFrame.Fault) {
            if let frame = try SealedFrame.read(bytes, bytesMax: messageBytesMax) { return frame }
            return try SealedFrame(parsingBody: bytes, bytesMax: messageBytesMax)
        } catch {
            throw ValidationError("no sealed message: a frame of messageType emcl is expected, or its body alone")
        }
    }

    static func write(_ bytes: [UInt8], to handle: FileHandle = .standardOutput) throws {
        try handle.write(contentsOf: Data(bytes + [UInt8(ascii: "\n")]))
    }
}

extension EMCLProfile: ExpressibleByArgument {}
extension KeyUse: ExpressibleByArgument {}
