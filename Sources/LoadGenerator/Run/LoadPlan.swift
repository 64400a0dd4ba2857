package import GatewayHTTP
package import IntentProtocol
package import IntentusClient

/// A run as values: what is sent, where to, how fast, and what it is held against.
package struct LoadPlan: Sendable {
    /// Where requests go.
    package struct Target: Sendable {
        package var name: String
        package var endpoint: UpstreamEndpoint
        /// Its part of all requests, in relation to the others.
        package var weight: Double

        package init(name: String, endpoint: UpstreamEndpoint, weight: Double = 1) {
            self.name = name
            self.endpoint = endpoint
            self.weight = weight
        }

        /// Takes a gateway's address.
        ///
        /// - Parameter principal: the service that it must be; nil for a certificate of its host.
        package init(name: String, gateway: String, principal: String?, weight: Double) throws(LoadFault) {
            guard let address = GatewayAddress(gateway) else {
                throw LoadFault("target '\(gateway)' is no gateway: write http://host:port or https://host:port")
            }
            self.init(
                name: name, endpoint: address.endpoint("/api/v1/intent", .post, principal: principal), weight: weight)
        }

        package var isTLS: Bool { endpoint.security != .none }
    }

    /// Who asks: one token or many that stand for one kind of caller.
    package struct Caller: Sendable {
        package var name: String
        /// Taken with equal chances; nil sends no token.
        package var tokens: [String?]
        package var weight: Double

        package init(name: String, tokens: [String?], weight: Double = 1) {
            self.name = name
            self.tokens = tokens
            self.weight = weight
        }
    }

    /// What is asked.
    package struct Entry: Sendable {
        package var name: String
        /// Times and identifiers are put in when the run begins.
        package var draft: EnvelopeDraft
        package var weight: Double
        /// Places of the callers who ask it.
        package var callers: [Int]

        package init(name: String, draft: EnvelopeDraft, weight: Double = 1, callers: [Int] = [0]) {
            self.name = name
            self.draft = draft
            self.weight = weight
            self.callers = callers
        }

        /// `NAME:VERSION`
        package var intent: String { "\(draft.intentName):\(draft.intentVersion)" }
    }

    package var targets: [Target]
    package var callers: [Caller]
    package var entries: [Entry]
    package var schedule: ArrivalSchedule
    /// What is due in this first part of the schedule is sent, and not counted.
    package var warmUpNanoseconds: Int64 = 0
    /// Connections to each target, all threads together.
    package var connections = 64
    package var threads = 1
    package var timeoutMilliseconds = 5_000
    /// Requests under way, those that wait for a connection among them; what is due beyond them is counted as missed.
    package var inFlightMax = 10_000
    package var seed: UInt64 = 1
    /// Nil where no target is called by https.
    package var tls: UpstreamTLS?
    /// Seals each request anew; nil sends in clear.
    package var sealing: EnvelopeSealing?

    package init(targets: [Target], callers: [Caller], entries: [Entry], schedule: ArrivalSchedule) {
        self.targets = targets
        self.callers = callers
        self.entries = entries
        self.schedule = schedule
    }
}
