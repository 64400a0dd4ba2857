/// Names of chains: 16 hexadecimal digits.
package enum AuditChainId {
    package static func random() -> String { text(UInt64.random(in: .min ... .max)) }

    package static func text(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
