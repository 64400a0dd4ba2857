package import Identity
import IntentPolicy
import IntentProtocol
package import RateLimiting
package import Routing

/// One gateway node's straight line: a complete request in, its one answer out.
///
/// A node makes one value per event loop (each with the worker connections of that loop); what the loops share are the
/// reference types given here, each with its own lock.
package struct Gateway<
    Worker: WorkerCaller, Buckets: BucketStore, Around: Surroundings, Meter: RequestMetering, Audit: AuditSink
>: Sendable {
    let settings: GatewaySettings
    /// How peers prove which service they are.
    package let peers: PeerProofs
    let tokens: TokenVerifier
    let keys: any KeyRefreshing
    let authorization: AuthorizationHolder
    /// Whose tokens count beside those of ``tokens``.
    let additional: AdditionalIssuers
    let policies: PolicyHolder
    let buckets: Buckets
    let directory: DirectoryStore
    /// Takes registrations; the directory itself, or one that shares them with other nodes.
    let registrar: any DirectoryRegistrar
    let workers: Worker
    /// What is sealed and opened; nil where nothing is.
    let seals: EnvelopeSeals?
    let around: Around
    let meter: Meter
    let audit: Audit
    /// Takes the spans of kept traces; nil where none are kept.
    let traces: (any SpanSink)?
    /// `service:<name>` as text between JSON quotes.
    let serviceEntry: [UInt8]

    package init(
        settings: GatewaySettings, peers: PeerProofs, tokens: TokenVerifier, keys: any KeyRefreshing,
        authorization: AuthorizationHolder, additional: AdditionalIssuers = AdditionalIssuers(), policies: PolicyHolder,
        buckets: Buckets, directory: DirectoryStore, registrar: any DirectoryRegistrar, workers: Worker,
        seals: EnvelopeSeals? = nil,
        around: Around, meter: Meter, audit: Audit, traces: (any SpanSink)? = nil
    ) {
        self.settings = settings
        self.peers = peers
        self.tokens = tokens
        self.keys = keys
        self.authorization = authorization
        self.additional = additional
        self.policies = policies
        self.buckets = buckets
        self.directory = directory
        self.registrar = registrar
        self.workers = workers
        self.seals = seals
        self.around = around
        self.meter = meter
        self.audit = audit
        self.traces = traces
        serviceEntry = Array(JSONValue.string("service:" + settings.serviceName).encoded.dropFirst().dropLast())
    }

    /// Takes a request through every stage, in this order and no other.
    ///
    /// Each stage gives a value that only it can make, and the next one asks for that value. A refusal ends the line
    /// where it is thrown; what follows the stages, one audit record, one count and one answer, happens always.
    package func handle(_ arrival: consuming Arrival) async -> Answer {
        var journal = Journal(arrival, around)
        journal.trace = beginTrace(arrival, journal)
        guard audit.admitsRequest() else { return refuseUnaudited(arrival.body, &journal) }
        do throws(Refusal) {
            let peer = try await identifyPeer(arrival, &journal)
            let credential = try presentedCredential(arrival)
            let caller = try await authenticate(credential, peer, &journal)
            let letter = try await unseal(arrival, caller, &journal)
            let envelope = try openEnvelope(letter, arrival, credential, caller, &journal)
            let permit = try authorize(arrival, caller, &journal)
            let terms = try applyPolicy(envelope, caller, permit, &journal)
            var ticket = try await admit(terms, &journal)
            let route = try chooseRoute(envelope, terms, journal)
            let reply = try await callWorkers(route, envelope, caller, permit, terms, &ticket, &journal)
            return conclude(reply, envelope, terms, &journal)
        } catch {
            return refuse(error, arrival.body, &journal)
        }
    }
}
