import IntentProtocol
import Routing

/// What a worker asks of the directory over HTTP.
package enum DirectoryRequest: Sendable {
    /// `PUT /api/v1/agents/{name}/instances/{id}`: registers or renews.
    case register(agent: String, instance: String)
    /// `DELETE /api/v1/agents/{name}/instances/{id}`: leaves.
    case deregister(agent: String, instance: String)
    /// `GET /api/v1/agents`: lists.
    case list

    fileprivate var isChange: Bool {
        switch self {
        case .register, .deregister: true
        case .list: false
        }
    }
}

extension Gateway {
    /// The straight line of the registration API: authenticated as any call, allowed by a grant, decided by the directory.
    package func handle(_ request: DirectoryRequest, _ arrival: consuming Arrival) async -> Answer {
        var journal = Journal(arrival, around)
        journal.shape = .bare
        do throws(Refusal) {
            let peer = try await identifyPeer(arrival, &journal)
            let credential = try presentedInHeader(arrival)
            // Where a grant names services, one that has proven itself needs no token to be judged by it.
            let takesServices = request.isChange && settings.registrationGrants.contains { $0.principals != nil }
            let caller = try await authenticate(credential, peer, takesServices: takesServices, &journal)
            _ = try authorize(arrival, caller, &journal)
            let answer =
                switch request {
                case .register(let agent, let instance):
                    try await register(agent: agent, instance: instance, arrival.body, caller, &journal)
                case .deregister(let agent, let instance):
                    try await deregister(agent: agent, instance: instance, caller, &journal)
                case .list: try list(caller)
                }
            journal.record.status = answer.status
            journal.record.latencyNanoseconds = around.monotonicNanoseconds() - journal.startNanoseconds
            if journal.record.event != .request { audit.append(journal.record) }
            return answer
        } catch {
            if error.event == .request { journal.record.event = .registrationRefused }
            return refuse(error, arrival.body, &journal)
        }
    }

    private func register(
        agent: String, instance: String, _ body: [UInt8], _ caller: Caller, _ journal: inout Journal
    ) async throws(Refusal) -> Answer {
        journal.record.agent = agent
        let grants = try grants(for: caller, agent: agent)
        let fields: RegistrationBody
        let address: InstanceURL
        do throws(IntentError) {
            fields = try RegistrationBody(parsing: body)
        } catch {
            throw Refusal(error, reason: "invalid_registration", event: .registrationRefused)
        }
        do throws(InstanceURLError) {
            address = try InstanceURL(parsing: fields.url)
        } catch {
            throw Refusal(
                IntentError(.validationError, "url \(error)"), reason: "invalid_registration",
                event: .registrationRefused)
        }
        let intents = fields.capabilities.map(\.intent.text)
        guard grants.contains(where: { $0.covers(intents: intents, host: address.host) }) else {
            throw .notGranted("agent '\(agent)' may not be registered for these intents on host '\(address.host)'")
        }
        let seconds = min(fields.timeToLiveSeconds, settings.registrationTimeToLiveSecondsMax)
        let outcome: DirectoryStore.Registration
        do throws(RegistrationRefusal) {
            outcome = try await registrar.register(
                RegistrationRequest(
                    definition: AgentDefinition(
                        name: agent, nodeId: fields.nodeId, nodePriority: fields.nodePriority,
                        capabilities: fields.capabilities),
                    instanceId: instance, url: fields.url, timeToLiveMilliseconds: seconds * 1000,
                    owner: caller.principal ?? ""),
                nowNanoseconds: around.monotonicNanoseconds())
        } catch {
            throw Refusal(error)
        }
        if outcome == .registered { journal.record.event = .agentRegistered }
        let answer: JSONValue = [
            "ttlSeconds": .number(JSONNumber(Int(seconds))),
            "renewAfterSeconds": .number(JSONNumber(Int(max(1, seconds / 3)))),
        ]
        return Answer(status: outcome == .registered ? 201 : 200, body: answer.encoded)
    }

    private func deregister(
        agent: String, instance: String, _ caller: Caller, _ journal: inout Journal
    ) async throws(Refusal) -> Answer {
        journal.record.agent = agent
        _ = try grants(for: caller, agent: agent)
        do throws(RegistrationRefusal) {
            try await registrar.deregister(
                agent: agent, instance: instance, owner: caller.principal ?? "",
                nowNanoseconds: around.monotonicNanoseconds())
        } catch {
            throw Refusal(error)
        }
        journal.record.event = .agentRemoved
        return Answer(status: 200, body: JSONValue.object(["removed": .bool(true)]).encoded)
    }

    /// Any caller with a verified token, or any proven service, may see who answers what; where instances live is told to those
    /// who may register.
    private func list(_ caller: Caller) throws(Refusal) -> Answer {
        // Where callers without a token are let in, they are let in to the policy, which judges intents and not this.
        guard caller.token != nil || caller.service != nil else {
            throw .unauthorized("a bearer token is required", reason: "missing_token")
        }
        let agents = directory.listing(nowNanoseconds: around.monotonicNanoseconds()).map { agent in
            let showsAddresses = settings.registrationGrants.contains {
                $0.covers(caller, agent: agent.definition.name)
            }
            return agent.json(showsAddresses: showsAddresses)
        }
        return Answer(status: 200, body: JSONValue.object(["agents": .array(agents)]).encoded)
    }

    private func grants(for caller: Caller, agent: String) throws(Refusal) -> [RegistrationGrant] {
        let grants = settings.registrationGrants.filter { $0.covers(caller, agent: agent) }
        guard !grants.isEmpty else { throw .notGranted("this caller may not register agent '\(agent)'") }
        return grants
    }
}

extension Refusal {
    /// A caller that is known and not allowed: 403.
    static func notGranted(_ message: String) -> Refusal {
        Refusal(
            IntentError(.unauthorized, message), status: 403, reason: "registration_not_granted",
            event: .registrationRefused)
    }

    init(_ refusal: RegistrationRefusal) {
        let status =
            switch refusal {
            case .invalid: 400
            case .ownedByAnother, .configured: 409
            case .limitReached: 503
            case .unknown: 404
            }
        self.init(
            refusal.intentError, status: status, reason: refusal.reason.lowercased(), event: .registrationRefused)
    }
}

extension AgentListing {
    fileprivate func json(showsAddresses: Bool) -> JSONValue {
        let intents = definition.capabilities.map { capability -> JSONValue in
            ["name": .string(capability.intent.text), "version": .string(capability.version.text)]
        }
        let instances = instances.map { instance -> JSONValue in
            var fields: JSONObject = ["id": .string(instance.id), "health": .string(instance.health)]
            if showsAddresses { fields["url"] = .string(instance.url) }
            if let milliseconds = instance.expiresInMilliseconds {
                fields["expiresInMs"] = .number(JSONNumber(Int(milliseconds)))
            }
            return .object(fields)
        }
        let isConfigured = source == .configuration
        return [
            "name": .string(definition.name), "nodeId": definition.nodeId.map(JSONValue.string) ?? .null,
            "nodePriority": .number(JSONNumber(definition.nodePriority)),
            "source": .string(isConfigured ? "configuration" : "registration"), "intents": .array(intents),
            "instances": .array(instances),
        ]
    }
}
