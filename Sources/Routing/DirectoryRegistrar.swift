/// Who takes registrations: the directory of one node, or one that shares them with the other nodes.
package protocol DirectoryRegistrar: Sendable {
    /// Registers or renews an instance, as ``DirectoryStore/register(_:nowNanoseconds:)``.
    func register(
        _ request: RegistrationRequest, nowNanoseconds: Int64
    ) async throws(RegistrationRefusal) -> DirectoryStore.Registration

    /// Takes an instance out, as its owner asks.
    func deregister(
        agent: String, instance: String, owner: String, nowNanoseconds: Int64
    ) async throws(RegistrationRefusal)
}

extension DirectoryStore: DirectoryRegistrar {}
