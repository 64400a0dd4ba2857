/// Variables that begin with `INTENTUSNET_` and are meant for somebody else.
enum ForeignVariables {
    static func contains(_ name: String) -> Bool {
        guard name.hasPrefix("INTENTUSNET_") else { return false }
        let rest = String(name.dropFirst("INTENTUSNET_".count))
        return rest.hasPrefix("TEST_") || pythonPackage.contains(rest) || ours.contains(rest) || isServiceLink(rest)
    }

    /// The command's own: a token for `send`, and which targets the package builds.
    private static let ours: Set<String> = ["TOKEN", "ROOMS"]

    /// What the Python package or its documents name; `LOG_LEVEL` is not here because both read it.
    private static let pythonPackage: Set<String> = [
        "EMCL_ENABLED", "EMCL_MODE", "EMCL_KEY", "TRACE_SINK", "MAX_WORKER_THREADS", "MIDDLEWARES", "AUTH_TOKEN",
        "MODE", "AUTO_CONFIRM", "RECORDS_PATH", "FORMAT", "CONFIG", "RECORDING_ENABLED", "ENCRYPTION_KEY",
        "DB_PASSWORD", "API_KEY",
    ]

    /// What Kubernetes puts into every pod of a namespace that has a Service named `intentusnet…`.
    private static func isServiceLink(_ rest: String) -> Bool {
        let words = rest.split(separator: "_", omittingEmptySubsequences: false)
        if words.suffix(2) == ["SERVICE", "HOST"] || words.last == "PORT" { return true }
        guard let port = words.lastIndex(of: "PORT") else { return false }
        if port > words.startIndex, words[port - 1] == "SERVICE" { return true }
        let number = words.index(after: port)
        return number < words.endIndex && words[number].allSatisfy(\.isNumber)
    }
}
