import ArgumentParser
import Documents
import Foundation
import IntentProtocol
import LoadGenerator

/// What `intentusnet load` sends; over a scenario file or instead of one.
struct LoadOptions: ParsableArguments {
    @Option(help: "A scenario, a YAML or JSON file; paths in it are relative to it.")
    var scenario: String?

    @Option(
        name: .customLong("gateway"),
        help:
            "A gateway, https://host:port or http://host:port, with =WEIGHT behind it if they differ; give it several times."
    )
    var gateways: [String] = []

    @Option(help: "Requests a second, all gateways together.")
    var rate: Double?

    @Option(help: "How long requests are sent at that rate, such as 60s or 5m.")
    var duration: String?

    @Option(help: "What is sent before and not counted, such as 5s.")
    var warmUp: String?

    @Option(help: "uniform or poisson: how requests lie within their rate.")
    var spacing: String?

    @Option(help: "The intent, NAME or NAME:VERSION.")
    var intent: String?

    @Option(help: "The payload, a JSON object, or @FILE.")
    var payload: String?

    @Option(help: "The bearer token, or @FILE; INTENTUSNET_TOKEN without it.")
    var token: String?

    @Option(help: "Seal envelopes (EMCL) by this key ring.")
    var keyRing: String?

    @Option(help: "Kept connections to each gateway.")
    var connections: Int?

    @Option(help: "Event loops that send; one a core at most.")
    var threads: Int?

    @Option(help: "How long an answer is waited for, from when its request was due, such as 5s.")
    var timeout: String?

    @Option(help: "Requests under way; what is due beyond them is counted as missed.")
    var inFlightMax: Int?

    @Option(help: "The same seed sends the same requests at the same times.")
    var seed: Int?

    @Option(
        name: .customLong("fail-if"), help: "A threshold, such as 'p99>50ms' or 'errors>0.1%'; give it several times.")
    var failIf: [String] = []

    /// Where paths of the scenario begin.
    var folder: String {
        scenario.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
            ?? FileManager.default.currentDirectoryPath
    }

    /// The file with the flags over it. Flags are read as the keys that they stand for, and so held to the same bounds.
    func scenario(_ identity: IdentityOptions) throws -> Scenario {
        guard scenario != nil || (!gateways.isEmpty && rate != nil && duration != nil && intent != nil) else {
            throw LoadFault("give --gateway, --rate, --duration and --intent, or a --scenario")
        }
        let flags = String(decoding: JSONValue.object(try flags(identity)).encoded, as: UTF8.self)
        guard let scenario else { return try Scenario.read("", file: "", flags: flags) }
        guard let text = try? String(contentsOfFile: scenario, encoding: .utf8) else {
            throw LoadFault("the scenario '\(scenario)' cannot be read as UTF-8 text")
        }
        guard !text.isEmpty else { throw LoadFault("the scenario '\(scenario)' is empty") }
        return try Scenario.read(text, file: scenario, flags: flags)
    }

    private func flags(_ identity: IdentityOptions) throws -> JSONObject {
        var flags: JSONObject = [:]
        if !gateways.isEmpty { flags["targets"] = .array(gateways.map(Self.target)) }
        flags["arrivals"] = try arrivals()
        flags["warmUpSeconds"] = try warmUp.flatMap { .number(try Self.seconds($0, "--warm-up")) }
        flags["spacing"] = spacing.map { .string($0) }
        flags["mix"] = try mix()
        if let token, token.hasPrefix("@") {
            flags["callers"] = [["name": "token", "tokenFile": .string(Self.absolute(token.dropFirst()))]]
        } else if token != nil {
            flags["callers"] = [["name": "token"]]
        }
        flags["keyRingFile"] = keyRing.map { .string(Self.absolute($0)) }
        flags["connections"] = connections.map { .number(JSONNumber($0)) }
        flags["threads"] = threads.map { .number(JSONNumber($0)) }
        flags["timeoutMilliseconds"] = try timeout.map { text in
            .number(JSONNumber(Int(try Self.nanoseconds(text, "--timeout") / 1_000_000)))
        }
        flags["inFlightMax"] = inFlightMax.map { .number(JSONNumber($0)) }
        flags["seed"] = seed.map { .number(JSONNumber($0)) }
        if !failIf.isEmpty { flags["failIf"] = .array(failIf.map { .string($0) }) }
        if identity.isGiven { flags["tls"] = Self.tls(identity) }
        return flags
    }

    /// A token that is no file's name; it never enters a document, whose faults are shown.
    var literalToken: String? {
        guard let token, !token.hasPrefix("@") else { return nil }
        return token
    }
}

extension LoadOptions {
    private static func target(_ text: String) -> JSONValue {
        var target: JSONObject = [:]
        // A weight is digits behind the last "=": a URL of a gateway has none.
        if let equals = text.lastIndex(of: "="), let weight = Double(text[text.index(after: equals)...]) {
            target["url"] = .string(String(text[..<equals]))
            target["weight"] = JSONNumber(weight).map { .number($0) }
        } else {
            target["url"] = .string(text)
        }
        return .object(target)
    }

    private func arrivals() throws -> JSONValue? {
        guard rate != nil || duration != nil else { return nil }
        guard let rate, let duration, let number = JSONNumber(rate) else {
            throw LoadFault("--rate and --duration belong together: they make one part of a schedule")
        }
        return [["rate": .number(number), "seconds": .number(try Self.seconds(duration, "--duration"))]]
    }

    private func mix() throws -> JSONValue? {
        guard let intent else {
            guard payload == nil else { throw LoadFault("--payload needs --intent") }
            return nil
        }
        let (name, version) = IntentName.split(intent)
        var entry: JSONObject = ["intent": .string(name), "version": .string(version)]
        if let payload, payload.hasPrefix("@") {
            entry["payloadFile"] = .string(Self.absolute(payload.dropFirst()))
        } else if let payload {
            do throws(JSONSyntaxError) {
                entry["payload"] = try JSONValue(parsing: Array(payload.utf8))
            } catch {
                throw LoadFault("--payload: \(error.message)")
            }
        }
        return [.object(entry)]
    }

    private static func tls(_ identity: IdentityOptions) -> JSONValue {
        var tls: JSONObject = [:]
        tls["certificateFile"] = identity.cert.map { .string(absolute($0)) }
        tls["keyFile"] = identity.key.map { .string(absolute($0)) }
        if !identity.authorities.isEmpty {
            tls["trustBundleFiles"] = .array(identity.authorities.map { .string(absolute($0)) })
        }
        tls["gatewayPrincipal"] = identity.gatewayPrincipal.map { .string($0) }
        return .object(tls)
    }

    /// A flag's path begins where the command runs, a scenario's where the scenario is.
    private static func absolute(_ path: some StringProtocol) -> String {
        URL(fileURLWithPath: String(path)).path
    }

    private static func nanoseconds(_ text: String, _ flag: String) throws -> Int64 {
        guard let nanoseconds = DurationText.nanoseconds(text) else {
            throw LoadFault("\(flag) must be a time such as 500ms, 60s or 5m, found '\(text)'")
        }
        return nanoseconds
    }

    private static func seconds(_ text: String, _ flag: String) throws -> JSONNumber {
        guard let number = JSONNumber(Double(try nanoseconds(text, flag)) / 1e9) else {
            throw LoadFault("\(flag) must be a time such as 60s, found '\(text)'")
        }
        return number
    }
}
