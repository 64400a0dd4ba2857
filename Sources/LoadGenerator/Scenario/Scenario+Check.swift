import Documents

extension Scenario {
    /// Notes what no single key can tell: what is missing, and what excludes or needs each other.
    func check(_ fields: FieldReader) {
        for (key, isEmpty) in [("targets", targets.isEmpty), ("mix", mix.isEmpty)] where isEmpty {
            fields.reportMissing(key)
            if fields.has(key) { fields.error("\(key) must have one entry at least", at: key) }
        }
        checkTargets(fields)
        checkArrivals(fields)
        checkCallers(fields)
        checkMix(fields)
        if let tls { checkTLS(tls, fields) }
        for text in failIf {
            do throws(LoadFault) { _ = try Threshold(text) } catch { fields.error("failIf: \(error)", at: "failIf") }
        }
    }

    private func checkTargets(_ fields: FieldReader) {
        checkWeights(targets.map(\.weight), "targets", fields)
        checkNames(targets.map { $0.name ?? $0.url }, "targets", fields)
    }

    private func checkArrivals(_ fields: FieldReader) {
        guard (replay != nil) != (!arrivals.isEmpty) else {
            return fields.diagnostics.error(
                "give either arrivals or replay: one of them says when requests are due", at: fields.location)
        }
        if replay != nil, warmUpSeconds != nil {
            fields.error("warmUpSeconds has no rate in a replay: leave it out", at: "warmUpSeconds")
        }
        for (place, part) in arrivals.enumerated() {
            let name = "arrivals[\(place)]"
            guard let spikes = part.spikes else { continue }
            if part.endRate != nil {
                fields.error("\(name): spikes and endRate exclude each other: make two parts of it", at: "arrivals")
            }
            if let every = spikes.everySeconds, let last = spikes.lastSeconds, last >= every {
                fields.error("\(name).spikes.lastSeconds must be less than everySeconds", at: "arrivals")
            }
        }
    }

    private func checkCallers(_ fields: FieldReader) {
        for (place, caller) in callers.enumerated() {
            let name = "callers[\(place)]"
            let sources = [caller.tokenFile != nil, caller.tokenVariable != nil, caller.mint != nil].count { $0 }
            if sources > 1 {
                fields.error("\(name): tokenFile, tokenVariable and mint exclude each other: keep one", at: "callers")
            }
        }
        checkWeights(callers.map(\.weight), "callers", fields)
        checkNames(callers.map(\.name), "callers", fields)
    }

    private func checkMix(_ fields: FieldReader) {
        let known = callers.compactMap(\.name)
        for (place, entry) in mix.enumerated() {
            let name = "mix[\(place)]"
            if entry.payload != nil, entry.payloadFile != nil {
                fields.error("\(name): payload and payloadFile exclude each other: keep one", at: "mix")
            }
            for caller in entry.callers where !known.contains(caller) {
                let hint = NearestWord.hint(caller, among: known)
                fields.error("\(name).callers: no caller has the name \(MessageText.quoted(caller))\(hint)", at: "mix")
            }
        }
        checkWeights(mix.map(\.weight), "mix", fields)
        checkNames(
            mix.map { entry in entry.name ?? entry.intent.map { "\($0):\(entry.version ?? "1.0")" } }, "mix", fields)
    }

    private func checkTLS(_ tls: ScenarioTLS, _ fields: FieldReader) {
        if (tls.certificateFile == nil) != (tls.keyFile == nil) {
            fields.error("tls.certificateFile and tls.keyFile belong together: give both or none", at: "tls")
        }
        if tls.gatewayPrincipal != nil, tls.trustBundleFiles.isEmpty {
            fields.error(
                "tls.gatewayPrincipal needs tls.trustBundleFiles: the system's authorities know no services", at: "tls")
        }
    }

    private func checkWeights(_ weights: [Double?], _ key: String, _ fields: FieldReader) {
        if !weights.isEmpty, weights.allSatisfy({ $0 == 0 }) {
            fields.error("\(key): one weight at least must be above 0", at: key)
        }
    }

    private func checkNames(_ names: [String?], _ key: String, _ fields: FieldReader) {
        guard names.count <= Self.rowsMax else {
            return fields.error("\(key) has \(names.count) entries, at most \(Self.rowsMax) are allowed", at: key)
        }
        var seen = Set<String>()
        for case let name? in names where !seen.insert(name).inserted {
            fields.error("\(key): two have the name \(MessageText.quoted(name)): give each its own", at: key)
        }
    }

    /// Targets, callers and entries of a mix, each; so many rows may a report have.
    package static let rowsMax = 256
}
