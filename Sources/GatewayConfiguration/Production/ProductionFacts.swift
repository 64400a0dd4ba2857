/// What a production check has to know besides the configuration itself: of the files that it names, and of now.
package struct ProductionFacts: Sendable, Hashable {
    /// Which connections the listener takes on its port, policies included.
    package enum PeerMode: String, Sendable, Hashable {
        case disable = "DISABLE"
        case permissive = "PERMISSIVE"
        case strict = "STRICT"
        /// TLS with a certificate of the client.
        case mutual = "STRICT with client certificates"
    }

    /// A rule that allows, or that names services.
    package struct Rule: Sendable, Hashable {
        package let id: String
        /// `policy.yaml:12:5`.
        package let place: String

        package init(id: String, place: String) {
            self.id = id
            self.place = place
        }
    }

    /// A file that the configuration names.
    package struct File: Sendable, Hashable {
        /// The key that names it: `listen.tls.keyFile`.
        package let key: String
        package let path: String
        /// The permission bits of the file.
        package let mode: Int

        package init(key: String, path: String, mode: Int) {
            self.key = key
            self.path = path
            self.mode = mode
        }
    }

    /// The certificate of a file that ends first.
    package struct Certificate: Sendable, Hashable {
        package let file: String
        /// Unix seconds.
        package let notBefore: Int64
        package let notAfter: Int64
        /// Whether a development authority signed it.
        package let isOfDevelopment: Bool

        package init(file: String, notBefore: Int64, notAfter: Int64, isOfDevelopment: Bool = false) {
            self.file = file
            self.notBefore = notBefore
            self.notAfter = notAfter
            self.isOfDevelopment = isOfDevelopment
        }
    }

    /// A key of the ring.
    package struct RingKey: Sendable, Hashable {
        package let id: String
        /// `v1` or `v2`.
        package let profile: String
        /// `clients`, `workers`.
        package let uses: [String]
        /// Unix seconds; 0 where the ring does not say.
        package let activeFrom: Int64
        /// Unix seconds; nil without an end.
        package let opensUntil: Int64?

        package init(id: String, profile: String, uses: [String], activeFrom: Int64, opensUntil: Int64? = nil) {
            self.id = id
            self.profile = profile
            self.uses = uses
            self.activeFrom = activeFrom
            self.opensUntil = opensUntil
        }
    }

    /// Unix seconds.
    package var nowUnixSeconds: Int64 = 0
    /// Nil where the policies that decide it cannot be read.
    package var peerMode: PeerMode?
    /// Whether a sidecar in front is told by a PeerAuthentication to take mutual TLS alone.
    package var sidecarRequiresTLS = false
    /// Whether what no rule matches is denied; nil where no policy can be read.
    package var policyDeniesByDefault: Bool?
    /// Rules that allow, and that no limit holds for.
    package var unlimitedRules: [Rule] = []
    /// Rules whose limit lets everything through while the store is away.
    package var openLimits: [Rule] = []
    /// Rules that name services, or what says which service a caller is.
    package var rulesOfServices: [Rule] = []
    /// Every file that the configuration names and that is there.
    package var files: [File] = []
    package var certificates: [Certificate] = []
    package var ring: [RingKey] = []
    /// Keys that hold a secret in the file itself.
    package var inlineSecrets: [String] = []

    /// Nothing known.
    package init() {}
}
