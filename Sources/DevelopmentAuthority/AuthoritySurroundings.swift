package import Crypto

/// What the authority takes from the world.
package struct AuthoritySurroundings: Sendable {
    /// The wall clock.
    package var unixSeconds: @Sendable () -> Int64
    package var newKey: @Sendable () -> P256.Signing.PrivateKey
    /// Sixteen bytes that nobody can tell beforehand.
    package var newSerial: @Sendable () -> [UInt8]

    package init(
        unixSeconds: @escaping @Sendable () -> Int64, newKey: @escaping @Sendable () -> P256.Signing.PrivateKey,
        newSerial: @escaping @Sendable () -> [UInt8]
    ) {
        self.unixSeconds = unixSeconds
        self.newKey = newKey
        self.newSerial = newSerial
    }
}
