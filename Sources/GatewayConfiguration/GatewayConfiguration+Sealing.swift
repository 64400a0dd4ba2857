import Documents

extension GatewayConfiguration {
    /// Whether messages must be sealed, may be, or must not.
    package enum SealDemand: String, Sendable, Hashable, CaseIterable {
        case off, accepted, required
    }

    /// A way of sealing.
    package enum SealProfile: String, Sendable, Hashable, CaseIterable {
        case v1, v2
    }

    /// Envelopes that are sealed (EMCL).
    package struct Sealing: Sendable, Hashable {
        /// What becomes of a sealed request when nobody can tell whether it came before.
        package enum ReplayUnknown: String, Sendable, Hashable, CaseIterable {
            case deny, local
        }

        /// What holds for some intents, or some agents.
        package struct Rule: Sendable, Hashable {
            /// Names of intents; none matches every one.
            package var intents: [String] = []
            /// Names of agents; none matches every one.
            package var agents: [String] = []
            /// Requests of clients.
            package var clients: SealDemand?
            /// The profiles of clients; none leaves the default.
            package var clientProfiles: [SealProfile] = []
            /// Calls of workers.
            package var workers: SealDemand?
            /// The profile in which workers are called.
            package var workerProfile: SealProfile?

            /// A rule that says nothing.
            package init() {}
        }

        /// The file of the key ring.
        package var keyRingFile: String?
        /// The key ring at a source of secrets.
        package var keyRing: SecretSetting?
        /// How often that source is asked for a new version.
        package var refreshSeconds = 300
        /// The times of a rotation.
        package var rotation = KeyRotation()
        /// Requests of clients.
        package var clients = SealDemand.accepted
        /// The profiles in which clients may seal.
        package var clientProfiles = [SealProfile.v2]
        /// Calls of workers.
        package var workers = SealDemand.off
        /// The profile in which workers are called.
        package var workerProfile = SealProfile.v2
        /// What holds for some intents or agents instead.
        package var rules: [Rule] = []
        /// How far a message's time may be from ours.
        package var windowSeconds = 60
        /// What becomes of a message when nobody can tell whether it came before.
        package var onReplayUnknown = ReplayUnknown.deny

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Sealing: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optionalPath(
            "keyRingFile", \.keyRingFile,
            "The key ring; made by `intentusnet emcl keygen`, and read again when it changes."),
        .optionalSecretReference(
            "keyRing", \.keyRing,
            "The key ring at a source of secrets, in place of keyRingFile; without either the variables INTENTUSNET_ENCRYPTION_KEY (64 hex digits) and INTENTUSNET_EMCL_KEY (a text, for v1) are keys."
        ),
        .value(
            "refreshSeconds", \.refreshSeconds, .integer(5...86_400), unit: "s",
            "How often that source is asked for a new version; files are looked at twice a second."),
        .section("rotation", \.rotation, "The times of a rotation, and how long it waits for nodes that lag behind."),
        .value("clients", \.clients, .choice(), "Whether requests of clients must be sealed, may be, or must not."),
        .list(
            "clientProfiles", \.clientProfiles, of: .choice(), countMax: 2,
            "The profiles in which clients may seal; none means v2. `v1` is the Python package's, which binds a message to nobody."
        ),
        .value("workers", \.workers, .choice(), "Whether workers are called sealed, and must answer so."),
        .value("workerProfile", \.workerProfile, .choice(), "The profile in which workers are called."),
        .sections(
            "rules", \.rules, countMax: 1_000,
            "What holds for some intents or agents; the first that says something counts."),
        .value(
            "windowSeconds", \.windowSeconds, .integer(1...300), unit: "s",
            "How far the time of a message may be from ours; so long it is remembered against replay, in this process (`store: memory`) up to 740000 messages at a time."
        ),
        .value(
            "onReplayUnknown", \.onReplayUnknown, .choice(),
            "What becomes of a sealed request while Redis cannot say whether it came before: refused, or this node's own memory decides."
        ),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        let isNamed = fields.has("keyRingFile") || fields.has("keyRing")
        if !isNamed, !KeyVariables.all.contains(where: { reader.surroundings.value(of: $0) != nil }) {
            fields.error(
                "\(fields.path) needs keyRingFile or keyRing; make one by intentusnet emcl keygen", at: "keyRingFile")
        }
        if keyRingFile != nil, keyRing != nil {
            fields.error("\(fields.path) must have one of keyRingFile and keyRing", at: "keyRing")
        }
        if rotation.graceSeconds < windowSeconds {
            fields.warning(
                "\(fields.place("rotation")).graceSeconds is less than windowSeconds: a message may come when its key has ended",
                at: "rotation")
        }
    }

    /// The profile of a key that stands alone in the place of a ring: v1 where nothing else is spoken.
    package var profileOfLoneKey: GatewayConfiguration.SealProfile {
        let ofWorkers = workers == .off ? [] : [workerProfile]
        let ofRules = rules.flatMap { $0.clientProfiles + ($0.workerProfile.map { [$0] } ?? []) }
        let isBound = (clientProfiles + ofWorkers + ofRules).contains(.v2) || clientProfiles.isEmpty
        return isBound ? .v2 : .v1
    }
}

extension GatewayConfiguration.Sealing.Rule: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .list(
            "intents", \.intents, of: .text(), countMax: 256,
            "Names of intents, `*` standing for any run of characters; none means every one."),
        .list(
            "agents", \.agents, of: .text(bytesMax: 128), countMax: 256,
            "Names of agents, `*` standing for any run of characters; none means every one. With agents it says nothing of clients."
        ),
        .optional("clients", \.clients, .choice(), "Requests of clients."),
        .list(
            "clientProfiles", \.clientProfiles, of: .choice(), countMax: 2, "The profiles in which clients may seal."),
        .optional("workers", \.workers, .choice(), "Calls of workers."),
        .optional("workerProfile", \.workerProfile, .choice(), "The profile in which workers are called."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        if !agents.isEmpty, clients != nil || !clientProfiles.isEmpty {
            let key = clients == nil ? "clientProfiles" : "clients"
            fields.error(
                "\(fields.place(key)) has no meaning in a rule with agents: clients are known by their intent alone",
                at: key)
        }
        if clients == nil, clientProfiles.isEmpty, workers == nil, workerProfile == nil {
            fields.error(
                "\(fields.path) says nothing: state clients, clientProfiles, workers or workerProfile", at: "intents")
        }
    }
}
