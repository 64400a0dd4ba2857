/// Why a secret could not be had; says which one and from where, never what it is.
package enum SecretFault: Error, Sendable, Hashable {
    /// The source answered that there is none of that name.
    case missing
    /// The source refused us.
    case denied
    /// The source did not answer, or not in its own protocol.
    case unavailable
}
