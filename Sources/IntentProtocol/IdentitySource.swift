/// What says who a peer is.
package enum IdentitySource: String, Sendable, Hashable, CaseIterable {
    /// The peer's own verified certificate.
    case mtls
    /// A trusted proxy's word in X-Forwarded-Client-Cert.
    case xfcc
    /// A signature over the request with a secret that the node shares with us.
    case nodeSignature = "node-signature"
    /// A projected Kubernetes service-account token.
    case serviceAccountToken = "service-account-token"
    /// Nothing: the peer showed no service identity.
    case none
}

/// The sources that agree on a peer's identity; empty when nothing says who it is.
package struct IdentitySources: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// One source.
    package init(_ source: IdentitySource) {
        switch source {
        case .mtls: rawValue = 1
        case .xfcc: rawValue = 2
        case .nodeSignature: rawValue = 4
        case .serviceAccountToken: rawValue = 8
        case .none: rawValue = 0
        }
    }

    /// Nothing says who a peer is. An empty literal would go through a protocol's generic code for each request.
    package static var nothing: IdentitySources { IdentitySources(rawValue: 0) }

    /// The sources in the order in which they are named above; `none` for an empty set.
    package var sources: [IdentitySource] {
        guard !isEmpty else { return [.none] }
        return IdentitySource.allCases.filter { $0 != .none && contains(IdentitySources($0)) }
    }

    /// The one that stands for all: a certificate says more than a proxy's word, that more than a shared secret, and a
    /// token least, for whoever reads it may use it.
    package var strongest: IdentitySource {
        if contains(IdentitySources(.mtls)) { return .mtls }
        if contains(IdentitySources(.xfcc)) { return .xfcc }
        if contains(IdentitySources(.nodeSignature)) { return .nodeSignature }
        return contains(IdentitySources(.serviceAccountToken)) ? .serviceAccountToken : .none
    }
}
