import ArgumentParser
import Encryption
import Foundation
import IntentProtocol

extension EMCLCommand {
    /// `intentusnet emcl open`
    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a sealed frame and print what is inside; exit code 1 when it does not open.",
            discussion: """
                Without --caller and --tenant the message is believed to be from whom it says: whoever holds the key could have \
                sealed it. Why a message does not open is told with --explain alone.
                """)

        @OptionGroup var keys: RingOptions

        @Option(help: "Who must have sealed it: user:SUBJECT or service:PRINCIPAL.")
        var caller: String?

        @Option(help: "The tenant it must be sealed for.")
        var tenant: String?

        @Option(help: "How old it may be, in seconds, or any.")
        var window = "60"

        @Flag(help: "Tell on standard error what it is bound to, or why it does not open.")
        var explain = false

        @Argument(help: "The sealed frame, or its body alone: a file, or - for standard input.")
        var file = "-"

        func run() throws {
            guard let seconds = window == "any" ? Self.anyTime / 1_000 : Int64(window),
                (1...Self.anyTime / 1_000) ~= seconds
            else { throw ValidationError("--window must be a number of seconds, or any") }
            let ring = try keys.load()
            let opened = try EMCLCommand.open(
                EMCLCommand.input(file), ring, seconds * 1_000, caller: caller, tenant: tenant, isExplaining: explain)
            try EMCLCommand.write(opened.plaintext)
            if explain { try EMCLCommand.write(Array(Self.summary(opened).utf8), to: .standardError) }
        }

        /// A window of a hundred years.
        static let anyTime: Int64 = 3_155_760_000_000

        private static func summary(_ opened: OpenedMessage) -> String {
            let sealed = "profile \(opened.profile.rawValue), key \(opened.keyId)"
            guard let context = opened.context else { return sealed + ", bound to nothing" }
            func text(_ bytes: ArraySlice<UInt8>) -> String {
                JSONValue.string(String(decoding: bytes, as: UTF8.self)).encodedText
            }
            return sealed
                + ", \(context.direction.name) of \(text(context.caller)), tenant \(text(context.tenant)), audience "
                + "\(text(context.audience)), intent \(text(context.intent)) \(text(context.intentVersion)), request "
                + text(context.requestId)
        }
    }

    /// Opens a message for somebody who holds the key.
    static func open(
        _ bytes: [UInt8], _ ring: KeyRing, _ windowMilliseconds: Int64, caller: String? = nil, tenant: String? = nil,
        isExplaining: Bool = false
    ) throws -> OpenedMessage {
        let frame = try sealedFrame(bytes)
        var rules = EMCLRules()
        rules.profiles = EMCLProfiles(EMCLProfile.allCases)
        rules.ageMillisecondsMax = windowMilliseconds
        do {
            let opened = try ring.open(
                frame, as: EMCLExpectation(statedBy: frame), under: rules, nowUnixMilliseconds: nowMilliseconds)
            for (wanted, found, reason) in [
                (caller, opened.context?.caller, EMCLFailure.Reason.otherCaller),
                (tenant, opened.context?.tenant, .otherTenant),
            ] {
                if let wanted, found.map({ $0.elementsEqual(wanted.utf8) }) != true { throw EMCLFailure(reason) }
            }
            return opened
        } catch let failure as EMCLFailure {
            let why = isExplaining || failure.isOurs ? ": \(failure.reason.rawValue)" : ""
            FileHandle.standardError.write(Data("error: \(failure.intentError.message)\(why)\n".utf8))
            throw ExitCode(1)
        }
    }
}

extension JSONValue {
    fileprivate var encodedText: String { String(decoding: encoded, as: UTF8.self) }
}
