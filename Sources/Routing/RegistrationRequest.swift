import IntentProtocol

/// What a worker asks when it registers or renews one instance of an agent.
package struct RegistrationRequest: Sendable, Hashable {
    /// The agent as the worker describes it; a change takes effect for all instances.
    package var definition: AgentDefinition
    /// `[A-Za-z0-9._-]{1,128}`, unique within the agent.
    package var instanceId: String
    /// `http://host[:port][/path]`.
    package var url: String
    /// How long the registration lives unless renewed.
    package var timeToLiveMilliseconds: Int64
    /// The authenticated principal; the first to register a name owns it.
    package var owner: String

    /// Makes a request.
    package init(
        definition: AgentDefinition, instanceId: String, url: String, timeToLiveMilliseconds: Int64, owner: String
    ) {
        self.definition = definition
        self.instanceId = instanceId
        self.url = url
        self.timeToLiveMilliseconds = timeToLiveMilliseconds
        self.owner = owner
    }

    /// Checks everything that can be checked without the directory.
    ///
    /// - Returns: the parsed address.
    func validated(limits: DirectoryLimits) throws(RegistrationRefusal) -> InstanceURL {
        try Self.check(definition, owner: owner, limits: limits)
        guard limits.timeToLiveMilliseconds.contains(timeToLiveMilliseconds) else {
            let range = limits.timeToLiveMilliseconds
            throw .invalid("time to live must be \(range.lowerBound) to \(range.upperBound) ms")
        }
        return try Self.checkInstance(id: instanceId, of: definition.name, url: url, limits: limits)
    }

    /// Checks what holds for all instances of an agent.
    static func check(
        _ definition: AgentDefinition, owner: String, limits: DirectoryLimits
    ) throws(RegistrationRefusal) {
        try checkName(definition.name, what: "agent name", limits: limits)
        // Answers of the gateway itself bear this name.
        guard definition.name != AgentDefinition.reservedName else {
            throw .invalid("the agent name '\(definition.name)' is the gateway's own; choose another")
        }
        if let nodeId = definition.nodeId, !nodeId.isEmpty {
            try checkName(nodeId, what: "node id", limits: limits)
        }
        guard !owner.isEmpty else { throw .invalid("a registration needs an authenticated principal") }
        try checkCapabilities(definition.capabilities, limits: limits)
    }

    /// - Returns: the parsed address.
    static func checkInstance(
        id: String, of agent: String, url: String, limits: DirectoryLimits
    ) throws(RegistrationRefusal) -> InstanceURL {
        try checkName(id, what: "instance id", limits: limits)
        var address: InstanceURL
        do throws(InstanceURLError) {
            address = try InstanceURL(parsing: url, rules: limits.addressRules)
        } catch {
            throw .invalid("url \(error)")
        }
        guard let template = limits.registeredPrincipal else { return address }
        guard address.isTLS else {
            throw .invalid("url must begin with https://: workers show here which service they are")
        }
        let principal = template.replacing("{agent}", with: agent)
        guard (try? SPIFFEID(principal: principal.utf8)) != nil else {
            throw .invalid("the agent name '\(agent)' cannot be part of a service's name")
        }
        address.principal = principal
        return address
    }

    private static func checkName(_ name: String, what: String, limits: DirectoryLimits) throws(RegistrationRefusal) {
        let isAllowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isAllowed, (1...limits.nameBytesMax).contains(name.utf8.count) else {
            throw .invalid("\(what) must be 1 to \(limits.nameBytesMax) letters, digits or any of . _ -")
        }
    }

    private static func checkCapabilities(
        _ capabilities: [Capability], limits: DirectoryLimits
    ) throws(RegistrationRefusal) {
        guard (1...limits.capabilitiesPerAgentMax).contains(capabilities.count) else {
            throw .invalid("an agent needs 1 to \(limits.capabilitiesPerAgentMax) capabilities")
        }
        for capability in capabilities {
            for text in [capability.intent.text, capability.version.text] {
                guard (1...limits.capabilityBytesMax).contains(text.utf8.count),
                    !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f })
                else {
                    throw .invalid(
                        "intent names and versions must be 1 to \(limits.capabilityBytesMax) printable bytes")
                }
            }
            guard !capability.coversAnyIntent || limits.allowsRegisteredWildcard else {
                throw .invalid("a registered agent may not answer every intent ('*')")
            }
        }
    }
}
