import Foundation
package import GatewayHTTP
import Synchronization

/// The certificate files of one use: read together, watched, and put in force together or not at all.
package final class CertificateSet: Sendable {
    /// What came of looking at the files.
    package enum Outcome: Sendable {
        case unchanged
        case replaced
        /// They cannot be used; the old ones stay in force.
        case refused(TLSMaterialError)
    }

    private struct State {
        var watched: [WatchedFile]
        /// The version of the supplied key that was looked at last.
        var keyGeneration: Int?
        var expiries: [TLSMaterial.Expiry] = []
        /// How often the files could not be used one after the other.
        var faults = 0
        /// What was last told of the files as they are.
        var told: TLSMaterialError?
        /// The Unix second at which they were last read.
        var readSeconds: Int64 = 0
    }

    /// A key that is in no file: what messages call it, its bytes, and a number that is another with each version.
    package struct SuppliedKey: Sendable {
        let name: String
        let current: @Sendable () -> (bytes: [UInt8], generation: Int)?

        package init(name: String, current: @escaping @Sendable () -> (bytes: [UInt8], generation: Int)?) {
            self.name = name
            self.current = current
        }
    }

    /// What they are for: `listen`, `upstream`.
    package let use: String
    private let identity: (certificate: String, key: String)?
    private let suppliedKey: SuppliedKey?
    private let bundles: [String]
    private let unixSeconds: @Sendable () -> Int64
    private let state: Mutex<State>
    private let put: @Sendable (TLSMaterial) throws(TLSMaterialError) -> Void

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - identity: paths of our certificate and its key.
    ///   - suppliedKey: the key, where it is in no file; the path of the key is not looked at then.
    ///   - bundles: paths of the certificates that peers are trusted by.
    ///   - unixSeconds: the wall clock.
    ///   - put: puts what was read in force, or refuses it.
    package init(
        use: String, identity: (certificate: String, key: String)?, suppliedKey: SuppliedKey? = nil, bundles: [String],
        unixSeconds: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        put: @escaping @Sendable (TLSMaterial) throws(TLSMaterialError) -> Void
    ) throws(TLSMaterialError) {
        self.use = use
        self.identity = identity
        self.suppliedKey = suppliedKey
        self.bundles = bundles
        self.unixSeconds = unixSeconds
        self.put = put
        let own = identity.map { suppliedKey == nil ? [$0.certificate, $0.key] : [$0.certificate] } ?? []
        let paths = own + bundles
        // Noted before they are read: a file that changes in between is then read again, not missed.
        state = Mutex(
            State(watched: paths.map(WatchedFile.init), keyGeneration: suppliedKey?.current()?.generation))
        try replace()
    }

    package var hasFiles: Bool { identity != nil || !bundles.isEmpty }

    /// When the first certificate of each file ends.
    package var expiries: [TLSMaterial.Expiry] { state.withLock { $0.expiries } }

    /// Reads the files again when one is another than before, and now and then while they cannot be used: what is wrong may be the
    /// clock, or a limit of the process, and not the files.
    ///
    /// Certificate and key are two files, and whoever writes them writes one first: what cannot be used is looked at once more
    /// before it is a fault. Each fault is told once.
    ///
    /// - Parameter isAsked: whether somebody waits for the result: then the files are read whatever they look like.
    package func refresh(isAsked: Bool = false) -> Outcome {
        let now = unixSeconds()
        let generation = suppliedKey?.current()?.generation
        let isDue = state.withLock { state in
            let isNewKey = generation != state.keyGeneration
            state.keyGeneration = generation
            // Every file is asked, so that one change does not hide another until later.
            let hasChanged = state.watched.indices.reduce(isNewKey) { state.watched[$1].hasChanged() || $0 }
            if hasChanged { (state.faults, state.told) = (0, nil) }
            let isAgain =
                state.faults > Self.faultsBeforeTold
                ? abs(now - state.readSeconds) >= Self.retrySeconds : state.faults > 0
            return isAsked || hasChanged || isAgain
        }
        guard isDue else { return .unchanged }
        do throws(TLSMaterialError) {
            try replace()
            return .replaced
        } catch {
            return state.withLock { state in
                state.readSeconds = now
                state.faults += 1
                guard isAsked || state.faults > Self.faultsBeforeTold && state.told != error else { return .unchanged }
                state.faults = max(state.faults, Self.faultsBeforeTold + 1)
                state.told = error
                return .refused(error)
            }
        }
    }

    private static let faultsBeforeTold = 1
    private static let retrySeconds: Int64 = 5

    private func replace() throws(TLSMaterialError) {
        let files = try identity.map { identity throws(TLSMaterialError) in
            (certificate: try Self.read(identity.certificate), key: try key(identity.key))
        }
        var trusted: [PEMFile] = []
        for bundle in bundles { trusted.append(try Self.read(bundle)) }
        let material = try TLSMaterial(
            identity: files, bundles: trusted, unixSeconds: unixSeconds())
        try put(material)
        state.withLock { state in
            state.expiries = material.expiries
            (state.faults, state.told) = (0, nil)
        }
    }

    private func key(_ path: String) throws(TLSMaterialError) -> PEMFile {
        guard let suppliedKey else { return try Self.read(path) }
        guard let known = suppliedKey.current() else {
            throw TLSMaterialError("\(suppliedKey.name) was not fetched")
        }
        return PEMFile(name: suppliedKey.name, bytes: known.bytes)
    }

    private static func read(_ path: String) throws(TLSMaterialError) -> PEMFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TLSMaterialError("'\(path)' cannot be read")
        }
        return PEMFile(name: path, bytes: [UInt8](data))
    }
}
