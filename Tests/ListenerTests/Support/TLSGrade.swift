/// The grade of a server by SSL Labs' Server Rating Guide, computed from what testssl.sh found.
///
/// Three scores are weighed: protocols 30 %, key exchange 30 %, cipher strength 40 %. Then single findings cap the grade.
struct TLSGrade {
    /// What the scores are computed from.
    struct Facts {
        /// Versions that are offered: `TLS1_2`, `TLS1_3` …
        var protocols: Set<String> = []
        /// Bits of the symmetric keys of all suites that are offered.
        var cipherBits: [Int] = []
        /// Bits of security of the weakest key exchange, or of the certificate's key where that is weaker.
        var exchangeSecurityBits = 0
        /// Why the grade is no better than another one, whatever the scores are.
        var caps: [(grade: String, reason: String)] = []
    }

    let protocolScore: Int
    let exchangeScore: Int
    let cipherScore: Int
    let caps: [(grade: String, reason: String)]

    init(_ facts: Facts) {
        let scores = ["SSLv2": 0, "SSLv3": 80, "TLS1": 90, "TLS1_1": 95, "TLS1_2": 100, "TLS1_3": 100]
        protocolScore = Self.middle(facts.protocols.compactMap { scores[$0] })
        cipherScore = Self.middle(facts.cipherBits.map(Self.cipherScore))
        exchangeScore = Self.exchangeScore(facts.exchangeSecurityBits)
        caps = facts.caps
    }

    var score: Double {
        0.3 * Double(protocolScore) + 0.3 * Double(exchangeScore) + 0.4 * Double(cipherScore)
    }

    /// `A` to `F`; T is for a certificate that cannot be trusted.
    var letter: String {
        let byScore =
            switch score {
            case 80...: "A"
            case 65...: "B"
            case 50...: "C"
            case 35...: "D"
            case 20...: "E"
            default: "F"
            }
        return ([byScore] + caps.map(\.grade)).max() ?? "F"
    }

    /// The guide's mean of the best and the worst that is offered; nothing offered is worth nothing.
    private static func middle(_ scores: [Int]) -> Int {
        guard let best = scores.max(), let worst = scores.min() else { return 0 }
        return (best + worst) / 2
    }

    private static func cipherScore(_ bits: Int) -> Int {
        switch bits {
        case ..<1: 0
        case ..<128: 20
        case ..<256: 80
        default: 100
        }
    }

    /// The guide speaks of RSA's bits; those of curves count by their equivalent strength.
    private static func exchangeScore(_ securityBits: Int) -> Int {
        switch securityBits {
        case ..<1: 0
        case ..<57: 20
        case ..<80: 40
        case ..<112: 80
        // 2048 and 3072 bits of RSA, and curves of 256 bits.
        case ..<140: 90
        default: 100
        }
    }
}
