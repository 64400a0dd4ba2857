import RedisFixtures

extension TestNode {
    /// A node whose ring a server of Vault's API has, by a role of short tokens; it asks every five seconds.
    ///
    /// - Parameter reference: the ring's, `secret://…`.
    static func asking(
        _ vault: OpenBao, as role: OpenBao.AppRole, for reference: String = "secret://vault/secret/emcl#ring",
        inFrontOf worker: ScriptedWorker, files: [String: String] = [:]
    ) async throws -> TestNode {
        let file = try vault.folder.write("secret-id", role.secretId)
        return try await TestNode(
            agents: "[\(agent("scripted", worker))]",
            extra: """
                emcl: { keyRing: "\(reference)", refreshSeconds: 5, workers: required }
                secrets: { vault: { address: "\(vault.url)", appRole: { roleId: "\(role.roleId)", secretIdFile: "\(file)" } } }
                """,
            files: files, admin: AdminClient.access())
    }
}
