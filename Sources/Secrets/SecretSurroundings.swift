import Foundation
package import IntentProtocol

/// What the sources of secrets need of the process: its environment, clocks, chance, and somebody to tell.
package struct SecretSurroundings: Sendable {
    /// Every variable.
    package var environment: [String: String]
    /// Where relative paths of references begin.
    package var folder: String
    /// Time since some start, for ages and deadlines.
    package var nowNanoseconds: @Sendable () -> Int64
    /// The time of day, for signatures and for the expiries that servers state.
    package var unixSeconds: @Sendable () -> Int64
    /// Waits so many nanoseconds, or until the task is cancelled.
    package var sleep: @Sendable (Int64) async -> Void
    /// A number from 0 to 1.
    package var jitter: @Sendable () -> Double
    /// Is told what an operator may want to know.
    package var note: @Sendable (SecretEvent) -> Void

    /// The machine's own clocks and chance.
    package init(
        environment: [String: String], folder: String, note: @escaping @Sendable (SecretEvent) -> Void = { _ in }
    ) {
        self.environment = environment
        self.folder = folder
        let start = ContinuousClock.now
        nowNanoseconds = {
            let passed = start.duration(to: .now).components
            return passed.seconds * 1_000_000_000 + passed.attoseconds / 1_000_000_000
        }
        unixSeconds = { Int64(Date().timeIntervalSince1970) }
        sleep = { nanoseconds in try? await Task.sleep(for: .nanoseconds(nanoseconds)) }
        jitter = { Double.random(in: 0...1) }
        self.note = note
    }

    /// The text of a variable; an empty one counts as not set.
    func variable(_ name: String) -> String? {
        guard let text = environment[name], !text.isEmpty else { return nil }
        return text
    }

    /// A path as seen from the folder of the configuration.
    func resolved(_ path: String) -> String {
        path.hasPrefix("/") || folder.isEmpty ? path : folder + (folder.hasSuffix("/") ? "" : "/") + path
    }
}

/// What an operator may want to know of secrets; no event holds a value.
package enum SecretEvent: Sendable, Hashable, CustomStringConvertible {
    /// Others of this machine may read, or write, the file.
    case fileOpenToOthers(path: String, mode: String)
    /// The source does not answer any more; the last value serves, so many seconds old.
    case staleServed(SecretFault, ageSeconds: Int64)
    /// The source refuses what it gave before, or has not answered for too long: no value serves.
    case refused(SecretFault)
    /// The source answers again.
    case answersAgain(SecretReference)
    /// There is a new version.
    case changed(SecretReference, version: String?)
    /// The token of Vault was renewed or had anew, good for so many seconds.
    case vaultTokenInForce(seconds: Int64)
    /// The token of Vault could not be renewed or had anew.
    case vaultTokenTrouble(String)
    /// Credentials of AWS are in force, from there.
    case awsCredentialsInForce(from: String)
    /// Credentials of AWS could not be had anew; the former ones serve until they end.
    case awsCredentialsTrouble(String)

    /// Whether somebody should look.
    package var isTrouble: Bool {
        switch self {
        case .fileOpenToOthers, .staleServed, .refused, .vaultTokenTrouble, .awsCredentialsTrouble: true
        case .answersAgain, .changed, .vaultTokenInForce, .awsCredentialsInForce: false
        }
    }

    package var description: String {
        switch self {
        case .fileOpenToOthers(let path, let mode):
            "'\(path)' has mode \(mode): others than its owner can reach the secret; chmod 0400"
        case .staleServed(let fault, let age): "\(fault); the last value serves, \(age) s old"
        case .refused(let fault): "\(fault); who asks for it gets none from now on"
        case .answersAgain(let reference): "the source of \(reference) answers again"
        case .changed(let reference, let version): "\(reference) has a new version\(version.map { " \($0)" } ?? "")"
        case .vaultTokenInForce(let seconds): "the Vault token is good for \(seconds) s"
        case .vaultTokenTrouble(let problem): "the Vault token: \(problem)"
        case .awsCredentialsInForce(let source): "AWS credentials from \(source)"
        case .awsCredentialsTrouble(let problem): "AWS credentials: \(problem); the former ones serve until they end"
        }
    }
}
