/// One version of a secret.
package struct SecretVersion: Sendable, Equatable {
    /// What the secret is.
    package let value: SecretBytes
    /// What the source calls this version, such as `7` in Vault; nil where it has no name for it.
    package let version: String?

    /// Makes a version.
    package init(_ value: SecretBytes, version: String? = nil) {
        self.value = value
        self.version = version
    }
}

/// Whence others get secrets: bytes now, and word of new ones.
package protocol SecretProvider: Sendable {
    /// The secret as it is now, from memory while it is fresh.
    ///
    /// - Throws: `SecretFault` naming the reference and the remedy.
    func current(_ reference: SecretReference) async throws(SecretFault) -> SecretVersion

    /// The secret as it is now, and whenever it has become another; faults in between, for they pass.
    ///
    /// The source is asked on the schedule of the provider until the stream is no longer read.
    func changes(of reference: SecretReference) -> AsyncStream<Result<SecretVersion, SecretFault>>
}
