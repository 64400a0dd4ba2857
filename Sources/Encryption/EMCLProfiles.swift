/// Some of the profiles; looked at once a message, so it is two bits and not a table of hashes.
package struct EMCLProfiles: Sendable, Hashable, ExpressibleByArrayLiteral {
    private var bits: UInt8 = 0

    package init(_ profiles: some Sequence<EMCLProfile>) {
        for profile in profiles { bits |= Self.bit(profile) }
    }

    package init(arrayLiteral profiles: EMCLProfile...) {
        self.init(profiles)
    }

    /// Only this one.
    package init(_ profile: EMCLProfile) {
        bits = Self.bit(profile)
    }

    /// These and the others.
    package func union(_ others: EMCLProfiles) -> EMCLProfiles {
        var union = self
        union.bits |= others.bits
        return union
    }

    package func contains(_ profile: EMCLProfile) -> Bool { bits & Self.bit(profile) != 0 }

    private static func bit(_ profile: EMCLProfile) -> UInt8 {
        switch profile {
        case .v1: 1
        case .v2: 2
        }
    }
}
