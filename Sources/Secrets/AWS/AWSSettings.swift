import IntentProtocol

/// How AWS is asked.
package struct AWSSettings: Sendable, Hashable {
    /// The services that are asked.
    package enum Service: String, Sendable, Hashable, CaseIterable {
        case keyManagement = "kms"
        case secretsManager = "secretsmanager"
        case securityTokens = "sts"
    }

    /// Such as `eu-central-1`.
    package let region: String
    /// The section of the credentials file, where one is asked for by name.
    package let profile: String?
    /// Addresses in place of AWS's own: VPC endpoints, emulators.
    package let endpoints: [Service: ServiceAddress]
    /// A PEM file with the authorities to trust; nil for the system's.
    package let authorityFile: String?

    package init(
        region: String, profile: String? = nil, endpoints: [Service: ServiceAddress] = [:], authorityFile: String? = nil
    ) throws(SourceFault) {
        guard Self.isRegion(region) else {
            throw SourceFault(.notConfigured, "the AWS region must be a name such as eu-central-1")
        }
        self.region = region
        self.profile = profile
        self.endpoints = endpoints
        self.authorityFile = authorityFile
    }

    /// It gets into host names.
    static func isRegion(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    func address(of service: Service) throws(SourceFault) -> ServiceAddress {
        if let address = endpoints[service] { return address }
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return try ServiceAddress(
            "https://\(service.rawValue).\(region).\(domain)", plain: .loopback,
            named: "the endpoint of \(service.rawValue)")
    }
}
