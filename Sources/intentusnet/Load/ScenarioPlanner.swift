import Documents
import Foundation
import IntentProtocol
import IntentusClient
import LoadGenerator

/// Reads the files that a scenario names, makes its tokens, and puts a plan together.
struct ScenarioPlanner {
    private let scenario: Scenario
    private let folder: String
    private let environment: [String: String]
    private let literalToken: String?

    /// - Parameters:
    ///   - folder: where relative paths begin.
    ///   - literalToken: of every caller that names none.
    init(_ scenario: Scenario, folder: String, environment: [String: String], literalToken: String? = nil) {
        self.scenario = scenario
        self.folder = folder
        self.environment = environment
        self.literalToken = literalToken
    }

    /// - Throws: what cannot be read or used, with its place.
    func prepared() throws -> LoadPreparation {
        let callers = try callers()
        let warmUpSeconds = scenario.warmUpSeconds ?? 0
        let profile = scenario.replay == nil ? profile(warmUpSeconds) : nil
        var plan = LoadPlan(
            targets: try targets(), callers: callers, entries: try entries(callers),
            schedule: try schedule(profile))
        plan.warmUpNanoseconds = Int64(warmUpSeconds * 1e9)
        plan.connections = scenario.connections
        plan.threads = scenario.threads
        plan.timeoutMilliseconds = scenario.timeoutMilliseconds
        plan.inFlightMax = scenario.inFlightMax
        plan.seed = UInt64(scenario.seed)
        if plan.targets.contains(where: \.isTLS) {
            plan.tls = try GatewayConnections.secured(gatewayTLS)
        } else if scenario.tls != nil {
            throw LoadFault("tls is given, and no target is called by https: write https:// or leave tls out")
        }
        if let file = scenario.keyRingFile { plan.sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path(file))) }
        let thresholds = try scenario.failIf.map { try Threshold($0) }
        for threshold in thresholds { try threshold.check(plan) }
        return LoadPreparation(
            plan: plan, profile: profile, spacing: scenario.spacing, warmUpSeconds: warmUpSeconds,
            thresholds: thresholds)
    }

    private func path(_ text: String) -> String {
        text.hasPrefix("/") ? text : URL(fileURLWithPath: folder).appending(path: text).path
    }

    private func text(_ file: String, _ place: String) throws -> String {
        guard let text = try? String(contentsOfFile: path(file), encoding: .utf8) else {
            throw LoadFault("\(place): '\(file)' cannot be read as UTF-8 text")
        }
        return text
    }

    // MARK: when

    private func profile(_ warmUpSeconds: Double) -> RateProfile {
        let segments = scenario.arrivals.flatMap { part -> [RateSegment] in
            let rate = part.rate ?? 0
            let seconds = part.seconds ?? 0
            guard let spikes = part.spikes else { return [RateSegment(from: rate, to: part.endRate, seconds: seconds)] }
            return RateProfile.spiky(
                rate: rate, spikeRate: spikes.rate ?? rate, everySeconds: spikes.everySeconds ?? seconds,
                lastSeconds: spikes.lastSeconds ?? 0, seconds: seconds)
        }
        let warmUp = RateSegment(from: segments.first?.startRate ?? 0, seconds: warmUpSeconds)
        return RateProfile([warmUp] + segments)
    }

    private func schedule(_ profile: RateProfile?) throws -> ArrivalSchedule {
        if let profile { return ArrivalSchedule(profile, scenario.spacing, seed: UInt64(scenario.seed)) }
        guard let replay = scenario.replay, let file = replay.file else { throw LoadFault("there are no arrivals") }
        let text = try text(file, "replay.file")
        do throws(ReplayFile.Fault) {
            return ArrivalSchedule(replaying: try ReplayFile.read(text, speed: replay.speed ?? 1))
        } catch {
            throw LoadFault("replay.file '\(file)', \(error)")
        }
    }

    // MARK: where to

    private var gatewayTLS: GatewayTLS {
        var tls = GatewayTLS()
        tls.certificateFile = scenario.tls?.certificateFile.map(path)
        tls.keyFile = scenario.tls?.keyFile.map(path)
        tls.trustBundleFiles = scenario.tls?.trustBundleFiles.map(path) ?? []
        tls.gatewayPrincipal = scenario.tls?.gatewayPrincipal
        return tls
    }

    private func targets() throws -> [LoadPlan.Target] {
        try scenario.targets.map { target in
            let url = target.url ?? ""
            return try LoadPlan.Target(
                name: target.name ?? url, gateway: url, principal: scenario.tls?.gatewayPrincipal,
                weight: target.weight ?? 1)
        }
    }

    // MARK: who

    private func callers() throws -> [LoadPlan.Caller] {
        guard !scenario.callers.isEmpty else {
            let token = try environment["INTENTUSNET_TOKEN"].map { try Self.checked($0, "INTENTUSNET_TOKEN") }
            return [LoadPlan.Caller(name: token == nil ? "nobody" : "token", tokens: [token])]
        }
        return try scenario.callers.map { caller in
            LoadPlan.Caller(name: caller.name ?? "", tokens: try tokens(caller), weight: caller.weight ?? 1)
        }
    }

    private func tokens(_ caller: ScenarioCaller) throws -> [String?] {
        let name = "caller '\(caller.name ?? "")'"
        if let file = caller.tokenFile {
            let tokens = try text(file, name).split(whereSeparator: \.isNewline).map {
                try Self.checked(String($0), name)
            }
            guard !tokens.isEmpty else { throw LoadFault("\(name): '\(file)' holds no token") }
            return tokens
        }
        if let variable = caller.tokenVariable {
            guard let token = environment[variable] else { throw LoadFault("\(name): \(variable) is not set") }
            return [try Self.checked(token, name)]
        }
        if let mint = caller.mint { return try TokenMint(mint, keyFile: path(mint.keyFile ?? "")).tokens() }
        return [try literalToken.map { try Self.checked($0, "--token") }]
    }

    /// A token as a header may carry it; nothing that a token is made of is shown.
    private static func checked(_ text: String, _ place: String) throws -> String {
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw LoadFault("\(place): the token is empty, or holds spaces or characters that no header may have")
        }
        return token
    }

    // MARK: what

    private func entries(_ callers: [LoadPlan.Caller]) throws -> [LoadPlan.Entry] {
        try scenario.mix.map { entry in
            let intent = entry.intent ?? ""
            let name = entry.name ?? "\(intent):\(entry.version ?? "1.0")"
            var draft = EnvelopeDraft(
                intentName: intent, payload: try payload(entry, name), requestId: "", timestamp: "")
            draft.intentVersion = entry.version ?? "1.0"
            draft.sourceAgent = "intentusnet-load"
            draft.source = "intentusnet-load"
            draft.priority = entry.priority
            draft.strategy = entry.strategy
            draft.targetAgent = entry.targetAgent
            let places = callers.indices.filter { entry.callers.isEmpty || entry.callers.contains(callers[$0].name) }
            return LoadPlan.Entry(name: name, draft: draft, weight: entry.weight ?? 1, callers: Array(places))
        }
    }

    private func payload(_ entry: ScenarioEntry, _ name: String) throws -> JSONText {
        guard let file = entry.payloadFile else { return JSONText(.object(entry.payload ?? [:])) }
        let bytes = Array(try text(file, "mix entry '\(name)'").utf8)
        do throws(JSONSyntaxError) { return try JSONText(validating: bytes) } catch {
            throw LoadFault("mix entry '\(name)': '\(file)': \(error.message)")
        }
    }
}
