package import IntentProtocol

/// What may be done over the admin API; every part of it is inside its limits.
package enum AdminAction: Sendable {
    /// Which policies are to be explained.
    package enum Engine: String, Sendable, Hashable, CaseIterable {
        /// The intent rules.
        case intent
        /// Those of the mesh.
        case authorization
        /// Those of this API.
        case admin
    }

    /// Fills one bucket.
    case resetLimit(limit: String, key: [String])
    /// Fetches the keys of an issuer, or of all.
    case refreshKeySets(issuer: String?)
    /// Makes another key the active one for envelopes.
    case rotateKeys
    case drainNode
    case undrainNode
    /// No new calls to an agent, or to one instance, for so long.
    case drain(agent: String, instance: String?, seconds: Int)
    case undrain(agent: String, instance: String?)
    /// Says what is wrong with a configuration: a text, or the file on disk.
    case checkConfiguration(text: String?, isJSON: Bool)
    case reloadConfiguration
    /// Says how a request would be decided, and why.
    case explainPolicy(Engine, request: JSONObject)
    /// Logs from this level on, for so long; for good where nothing is said.
    case setLogLevel(String, seconds: Int?)

    /// What it is done to, for the audit log.
    var target: String? {
        switch self {
        case .resetLimit(let limit, let key): ([limit] + key).joined(separator: " ")
        case .refreshKeySets(let issuer): issuer ?? "all"
        case .rotateKeys, .drainNode, .undrainNode, .reloadConfiguration: nil
        case .drain(let agent, let instance, _), .undrain(let agent, let instance):
            instance.map { "\(agent)/\($0)" } ?? agent
        case .checkConfiguration(let text, _): text == nil ? "file" : "text"
        case .explainPolicy(let engine, _): engine.rawValue
        case .setLogLevel(let level, let seconds): seconds.map { "\(level) for \($0) s" } ?? level
        }
    }
}
