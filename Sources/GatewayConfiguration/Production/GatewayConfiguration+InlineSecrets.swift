extension GatewayConfiguration {
    /// The keys whose secret stands in the file itself: neither in a file of its own, nor at a source, nor in a variable.
    ///
    /// - Parameter environment: the variables that the configuration was read with.
    package func inlineSecrets(environment: [String: String]) -> [String] {
        let surroundings = Surroundings(file: "", environment: environment)
        func isOverridden(_ keys: String...) -> Bool {
            keys.contains { surroundings.value(of: Surroundings.variable(for: $0)) != nil }
        }
        var keys: [String] = []
        if case .inline = store.redis?.password, !isOverridden("store.redis.password") {
            keys.append("store.redis.password")
        }
        if store.redis?.url?.password != nil, !isOverridden("store", "store.redis.url") {
            keys.append("store.redis.url")
        }
        if audit.key != nil, !isOverridden("audit.key") { keys.append("audit.key") }
        return keys
    }
}
