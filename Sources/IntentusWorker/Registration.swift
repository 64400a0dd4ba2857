import Foundation
import GatewayHTTP
import IntentProtocol
import IntentusClient
import Logging

/// When to register with one gateway, and what to say of it: events in, actions out, no clock.
struct RegistrationSchedule: Sendable {
    /// What a gateway answered.
    enum Answer: Sendable, Equatable {
        case accepted(renewAfterMilliseconds: Int64)
        /// It said no; asking often does not help.
        case refused(status: Int, message: String)
        /// Nothing usable came; says why.
        case unreachable(String)
    }

    /// What is to be logged: only changes are.
    enum Notice: Sendable, Equatable {
        case registered
        case lost(String)
        case refused(String)
    }

    private enum State: Equatable {
        case new, registered, lost, refused
    }

    private var state = State.new
    private var failures = 0

    /// Takes an answer.
    ///
    /// - Parameter jitter: from 0 to 1.
    /// - Returns: how long to wait, and what to log.
    mutating func took(_ answer: Answer, jitter: Double) -> (waitMilliseconds: Int64, notice: Notice?) {
        switch answer {
        case .accepted(let milliseconds):
            failures = 0
            defer { state = .registered }
            // Renewed a little early and never all at once; an hour at most, whatever a gateway says.
            let wait = Double(min(max(0, milliseconds), 3_600_000)) * (0.8 + 0.2 * jitter)
            return (max(100, Int64(wait)), state == .registered ? nil : .registered)
        case .refused(let status, let message):
            failures += 1
            defer { state = .refused }
            return (Int64(10_000 * (0.5 + 0.5 * jitter)), state == .refused ? nil : .refused("\(status): \(message)"))
        case .unreachable(let why):
            failures += 1
            defer { state = .lost }
            let wait = Double(min(200 << Int64(min(failures, 6)), 5_000))
            return (Int64(wait * (0.5 + 0.5 * jitter)), state == .lost ? nil : .lost(why))
        }
    }
}

/// Keeps one worker registered with one gateway.
struct Registration: Sendable {
    let gateway: String
    let path: String
    let body: [UInt8]
    let ttlSeconds: Int
    let token: TokenProvider?
    let signatures: NodeSignatures?
    let connections: GatewayConnections
    let logger: Logger

    init(
        gateway: String, _ configuration: WorkerConfiguration, url: String, table: HandlerTable,
        place: Int, connections: GatewayConnections, logger: Logger
    ) {
        var base = gateway
        while base.hasSuffix("/") { base.removeLast() }
        self.gateway = base
        path = "/api/v1/agents/\(configuration.name)/instances/\(configuration.instanceId)"
        let intents = table.capabilities.map { key -> JSONValue in
            ["name": .string(key.intent), "version": .string(key.version)]
        }
        let fields: JSONValue = [
            "url": .string(url), "intents": .array(intents),
            "nodeId": configuration.nodeId.map(JSONValue.string) ?? .null,
            "nodePriority": .number(JSONNumber(configuration.nodePriority)),
            "ttlSeconds": .number(JSONNumber(configuration.ttlSeconds)),
        ]
        body = fields.encoded
        ttlSeconds = configuration.ttlSeconds
        token = configuration.token
        signatures = configuration.node.map { NodeSignatures($0, place: place) }
        self.connections = connections
        self.logger = logger
    }

    /// Registers and renews until cancelled.
    func run() async {
        var schedule = RegistrationSchedule()
        while !Task.isCancelled {
            let answer = await register()
            // A request that ended with the worker says nothing about the gateway.
            guard !Task.isCancelled else { return }
            let (wait, notice) = schedule.took(answer, jitter: Double.random(in: 0...1))
            switch notice {
            case .registered: logger.notice("registered", metadata: ["gateway": "\(gateway)"])
            case .lost(let why):
                logger.warning("not registered", metadata: ["gateway": "\(gateway)", "reason": "\(why)"])
            case .refused(let why):
                logger.error("registration refused", metadata: ["gateway": "\(gateway)", "reason": "\(why)"])
            case nil: break
            }
            try? await Task.sleep(for: .milliseconds(wait))
        }
    }

    private struct TokenFailure: Error {}

    private func register() async -> RegistrationSchedule.Answer {
        let status: Int
        let body: [UInt8]
        do {
            (status, body) = try await send(.put, self.body)
        } catch is TokenFailure {
            return .unreachable("no token could be had")
        } catch {
            return .unreachable("it cannot be reached")
        }
        let answer = (try? JSONValue(parsing: body))?.objectValue
        guard (200...201).contains(status) else {
            let inner = answer?["body"]?.objectValue ?? answer
            let message = inner?["error"]?.objectValue?["message"]?.stringValue ?? ""
            guard (400..<500).contains(status) else { return .unreachable("it answered HTTP status \(status)") }
            return .refused(status: status, message: message)
        }
        return .accepted(renewAfterMilliseconds: Self.renewAfterMilliseconds(answer, ttlSeconds: ttlSeconds))
    }

    /// When to renew: as the gateway says, or else at a third of the time that it gave, or that was asked for.
    static func renewAfterMilliseconds(_ answer: JSONObject?, ttlSeconds: Int) -> Int64 {
        if let seconds = answer?["renewAfterSeconds"]?.intValue { return min(max(0, seconds), 3_600) * 1000 }
        let seconds = answer?["ttlSeconds"]?.intValue ?? Int64(ttlSeconds)
        return min(max(0, seconds), 3 * 3_600) * 1000 / 3
    }

    /// Leaves the gateway's directory; best effort, for the registration ends by itself.
    func leave() async {
        _ = try? await send(.delete, [])
    }

    private struct TooLate: Error {}

    /// Token, head and body together have their time: a gateway that stalls inside its answer may hold up neither the
    /// next renewal nor the worker's end. A token has no deadline of its own.
    private func send(_ method: HTTPMethod, _ body: [UInt8]) async throws -> (Int, [UInt8]) {
        try await withThrowingTaskGroup(of: (Int, [UInt8])?.self) { group in
            group.addTask { try await exchange(method, body) }
            group.addTask {
                try await Task.sleep(for: exchangeTimeMax)
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw TooLate() }
            return answer
        }
    }

    private struct NoAddress: Error {}

    private func exchange(_ method: HTTPMethod, _ body: [UInt8]) async throws -> (Int, [UInt8]) {
        guard let address = GatewayAddress(gateway) else { throw NoAddress() }
        var lines: [UInt8] = []
        if let token {
            // What went wrong inside a provider may hold secrets and is not logged.
            guard let text = try? await token.token(), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw TokenFailure()
            }
            lines = Array("authorization: Bearer \(text)\r\n".utf8)
        }
        let signed = signatures?.signed(body) ?? (body: body, headerLines: [])
        lines += signed.headerLines
        // A token that came too late sends nothing.
        try Task.checkCancellation()
        let answer = try await connections.call(
            address, method, path, body: signed.body, headerLines: lines, withinMilliseconds: 3_000)
        return (answer.status, answer.body)
    }
}

/// The longest time that one request to a gateway may take.
private let exchangeTimeMax = Duration.seconds(3)
