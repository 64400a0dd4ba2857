import Foundation
import IntentProtocol
import RedisFixtures
import Testing

@testable import Secrets

/// A real server of Vault's API: OpenBao, the open fork of it.
@Suite("Vault, by a real server", .serialized)
struct OpenBaoTests {
    private static let server = Result { try OpenBao() }
    private static let policy = #"""
        {"policy":"path \"secret/data/*\" {capabilities=[\"read\"]} path \"transit/decrypt/*\" {capabilities=[\"update\"]} path \"transit/datakey/*\" {capabilities=[\"update\"]}"}
        """#

    private func store(
        _ server: OpenBao, _ settings: VaultSettings? = nil, variables: [String: String] = [:], folder: String = ""
    ) throws -> SecretStore {
        let around = SecretSurroundings(
            environment: ["VAULT_TOKEN": OpenBao.rootToken].merging(variables) { $1 }, folder: folder)
        let sources = SecretSources(
            .init(
                vault: .success(try settings ?? .local(server.url)),
                aws: .failure(SourceFault(.notConfigured, "no AWS"))),
            around: around)
        return SecretStore(sources, around: around)
    }

    private func found(_ store: SecretStore, _ reference: String) async -> SecretFault? {
        await secretFault { () async throws(SecretFault) in try await store.current(.known(reference)) }
    }

    @Test("fields of KV v2: the newest version, an older one, and what is not there")
    func keyValue() async throws {
        let server = try Self.server.get()
        for password in ["first", "second"] {
            try server.api("POST", "secret/data/app/db", #"{"data":{"password":"\#(password)","n":5}}"#)
        }
        let store = try store(server)
        let newest = try await store.current(.known("secret://vault/secret/app/db#password"))
        #expect(newest.text == "second" && newest.version == "2")
        #expect(try await store.current(.known("secret://vault/secret/app/db?version=1#password")).text == "first")
        #expect(await found(store, "secret://vault/secret/app/db?version=9#password")?.kind == .missing)
        #expect(await found(store, "secret://vault/secret/app/none#password")?.kind == .missing)
        #expect(await found(store, "secret://vault/nomount/app#password")?.kind != nil)
        let field = await found(store, "secret://vault/secret/app/db#pasword")
        #expect(field?.kind == .missing && field?.problem.contains("'pasword'") == true)
        #expect(field?.description.contains("second") == false)
        #expect(await found(store, "secret://vault/secret/app/db#n")?.kind == .unusable)
        try server.api("DELETE", "secret/data/app/db")
        #expect(await found(try self.store(server), "secret://vault/secret/app/db#password")?.kind == .missing)
    }

    @Test("Transit decrypts a file, and makes data keys")
    func transit() async throws {
        let server = try Self.server.get()
        try server.api("POST", "sys/mounts/transit", #"{"type":"transit"}"#)
        try server.api("POST", "transit/keys/wrap")
        let made = try server.api("POST", "transit/encrypt/wrap", #"{"plaintext":"aHVudGVyMg=="}"#)
        let ciphertext = try #require(made.split(separator: "\"").first { $0.hasPrefix("vault:v1:") })
        _ = try server.folder.write("wrapped", "\(ciphertext)\n")
        let store = try store(server, folder: server.folder.path)
        #expect(
            try await store.current(.known("secret://vault-transit/transit/wrap?ciphertext=wrapped")).text == "hunter2")
        _ = try server.folder.write("broken", "vault:v1:AAAA")
        _ = try server.folder.write("plain", "hunter2")
        #expect(await found(store, "secret://vault-transit/transit/wrap?ciphertext=broken")?.kind == .unusable)
        let plain = await found(store, "secret://vault-transit/transit/wrap?ciphertext=plain")
        #expect(plain?.kind == .unusable && plain?.description.contains("hunter2") == false)
        let vault = try #require(store.sources.vaultSource)
        let key = try await vault.dataKey(mount: "transit", key: "wrap")
        #expect(key.plaintext.count == 32)
        let wrapped = String(decoding: key.wrapped, as: UTF8.self)
        #expect(try await vault.decrypted(wrapped, mount: "transit", key: "wrap").value == key.plaintext)
    }

    @Test("AppRole: logs in, is refused with a wrong secret id, and logs in anew when its token is revoked")
    func appRole() async throws {
        let server = try Self.server.get()
        try server.api("POST", "sys/auth/approle", #"{"type":"approle"}"#)
        try server.api("PUT", "sys/policies/acl/app", Self.policy)
        try server.api("POST", "auth/approle/role/gateway", #"{"token_policies":"app","token_ttl":"1h"}"#)
        try server.api("POST", "secret/data/role", #"{"data":{"password":"hunter2"}}"#)
        func member(_ name: String, _ json: String) throws -> String {
            let object = try JSONValue(parsing: Array(json.utf8)).objectValue?["data"]?.objectValue
            return try #require(object?[name]?.stringValue)
        }
        let roleId = try member("role_id", server.api("GET", "auth/approle/role/gateway/role-id"))
        let secretId = try member("secret_id", server.api("POST", "auth/approle/role/gateway/secret-id"))
        let login = VaultSettings.Login.appRole(mount: "approle", roleId: roleId, secretId: .env("SECRET_ID"))
        let settings = try VaultSettings.local(server.url, login: login)
        let time = ManualTime()
        let around = time.surroundings(["SECRET_ID": secretId])
        let source = VaultSource(settings, timeoutMilliseconds: 5_000, around: around)
        func read() async throws(SourceFault) -> String {
            try await source.field("password", mount: "secret", path: "role", version: nil).text
        }
        #expect(try await read() == "hunter2")
        #expect(time.events == [.vaultTokenInForce(seconds: 3_600)])
        // Two thirds of its lease are over: renewed at the real server.
        time.advance(seconds: 2_400)
        #expect(try await read() == "hunter2")
        #expect(time.events.count == 2)
        for accessor in try server.api("LIST", "auth/token/accessors").split(separator: "\"") where accessor.count == 24
        {
            // The root token's own is among them; to revoke that one fails, or would end the tests.
            let facts = try server.api("POST", "auth/token/lookup-accessor", #"{"accessor":"\#(accessor)"}"#)
            guard facts.contains(#""path":"auth/approle/login""#) else { continue }
            try server.api("POST", "auth/token/revoke-accessor", #"{"accessor":"\#(accessor)"}"#)
        }
        #expect(try await read() == "hunter2")
        #expect(time.events.count == 3)

        let wrong = VaultSource(
            settings, timeoutMilliseconds: 5_000, around: time.surroundings(["SECRET_ID": "wrong-secret-id"]))
        let refused = await fault { () async throws(SourceFault) in
            try await wrong.field("password", mount: "secret", path: "role", version: nil)
        }
        #expect(refused?.kind == .denied && refused?.problem.contains("the login at 'approle'") == true)
        #expect(refused?.problem.contains("wrong-secret-id") == false)
        let unset = VaultSource(settings, timeoutMilliseconds: 5_000, around: time.surroundings())
        let missing = await fault { () async throws(SourceFault) in
            try await unset.field("password", mount: "secret", path: "role", version: nil)
        }
        #expect(missing?.kind == .notConfigured && missing?.problem.contains("SECRET_ID") == true)
    }

    @Test("what a policy does not allow, and a token that is none")
    func denied() async throws {
        let server = try Self.server.get()
        try server.api(
            "PUT", "sys/policies/acl/little", #"{"policy":"path \"secret/data/mine\" {capabilities=[\"read\"]}"}"#)
        let made = try server.api("POST", "auth/token/create", #"{"policies":["little"],"ttl":"1h"}"#)
        let auth = try JSONValue(parsing: Array(made.utf8)).objectValue?["auth"]?.objectValue
        let token = try #require(auth?["client_token"]?.stringValue)
        let store = try store(server, variables: ["VAULT_TOKEN": token])
        let found = await found(store, "secret://vault/secret/yours#password")
        #expect(found?.kind == .denied && found?.problem.contains("policy") == true)
        #expect(found?.description.contains(token) == false)
        let nobody = try self.store(server, variables: ["VAULT_TOKEN": "s.nobody"])
        let refused = await self.found(nobody, "secret://vault/secret/yours#password")
        #expect(refused?.kind == .denied && refused?.description.contains("s.nobody") == false)
    }

    @Test("Kubernetes: the service account's token, checked by the cluster's own API")
    func kubernetes() async throws {
        let server = try Self.server.get()
        // What the cluster's API answers to a TokenReview, from its document: authentication.k8s.io/v1.
        let cluster = try await ScriptedServer { request in
            guard request.target.hasSuffix("/tokenreviews") else { return .reply(404, "{}") }
            let isGood = String(decoding: request.body, as: UTF8.self).contains(Self.podToken)
            let user = #"{"username":"system:serviceaccount:default:gateway","uid":"1","groups":[]}"#
            let status = isGood ? #"{"authenticated":true,"user":\#(user)}"# : #"{"authenticated":false,"error":"no"}"#
            return .reply(
                201, #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":\#(status)}"#,
                headers: ["content-type": "application/json"])
        }
        try server.api("POST", "sys/auth/kubernetes", #"{"type":"kubernetes"}"#)
        try server.api("PUT", "sys/policies/acl/app", Self.policy)
        let certificates = try TestCertificates()
        let authority = try String(contentsOfFile: certificates.authority.certificateFile, encoding: .utf8)
        try server.api(
            "POST", "auth/kubernetes/config",
            #"{"kubernetes_host":"http://127.0.0.1:\#(cluster.port)","token_reviewer_jwt":"\#(Self.podToken)","kubernetes_ca_cert":"\#(authority.replacing("\n", with: "\\n"))","disable_local_ca_jwt":true}"#
        )
        try server.api(
            "POST", "auth/kubernetes/role/gateway",
            #"{"bound_service_account_names":"gateway","bound_service_account_namespaces":"default","token_policies":"app"}"#
        )
        try server.api("POST", "secret/data/pod", #"{"data":{"password":"hunter2"}}"#)
        let file = try server.folder.write("pod-token", Self.podToken + "\n")
        let login = VaultSettings.Login.kubernetes(mount: "kubernetes", role: "gateway", token: .file(file))
        let store = try store(server, .local(server.url, login: login))
        #expect(try await store.current(.known("secret://vault/secret/pod#password")).text == "hunter2")
        let other = VaultSettings.Login.kubernetes(mount: "kubernetes", role: "nobody", token: .file(file))
        let found = await found(
            try self.store(server, .local(server.url, login: other)), "secret://vault/secret/pod#password")
        #expect(found?.kind == .denied && found?.description.contains(Self.podToken) == false)
        await cluster.close()
    }

    /// An unsigned token in the shape of a service account's: the cluster's API above says whether it is good.
    private static let podToken: String = {
        func part(_ text: String) -> String {
            Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=", with: "")
        }
        let claims =
            #"{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:default:gateway","kubernetes.io/serviceaccount/namespace":"default","kubernetes.io/serviceaccount/service-account.name":"gateway","kubernetes.io/serviceaccount/service-account.uid":"1","kubernetes.io/serviceaccount/secret.name":"t"}"#
        return [#"{"alg":"RS256","typ":"JWT"}"#, claims, "signature"].map(part).joined(separator: ".")
    }()

    @Test("a namespace is a world of its own")
    func namespaces() async throws {
        let server = try Self.server.get()
        try server.api("POST", "sys/namespaces/team", "{}")
        try server.api("POST", "sys/mounts/kv", #"{"type":"kv","options":{"version":"2"}}"#, namespace: "team")
        try Deadline.wait(for: "the engine of the namespace", milliseconds: 10_000) {
            try server.api("POST", "kv/data/app", #"{"data":{"password":"of-team"}}"#, namespace: "team").contains(
                "version")
        }
        let reference = "secret://vault/kv/app#password"
        let inside = try store(server, .local(server.url, namespace: "team"))
        #expect(try await inside.current(.known(reference)).text == "of-team")
        #expect(await found(try store(server), reference)?.kind != nil)
        #expect(
            await found(try store(server, .local(server.url, namespace: "other")), reference)?.problem.contains(
                "'other'") == true)
    }

    @Test("over TLS, trusted by its authority alone")
    func tls() async throws {
        let server = try OpenBao(tls: true)
        try Deadline.wait(for: "OpenBao by TLS", milliseconds: 30_000) {
            try server.api("POST", "secret/data/app", #"{"data":{"password":"hunter2"}}"#).contains("version")
        }
        let trusting = try store(server, .local(server.url, authorityFile: server.authorityFile))
        #expect(try await trusting.current(.known("secret://vault/secret/app#password")).text == "hunter2")
        let certificates = try TestCertificates()
        for authority in [nil, certificates.otherAuthority.certificateFile] {
            let found = await found(
                try store(server, .local(server.url, authorityFile: authority)), "secret://vault/secret/app#password")
            #expect(found?.kind == .unavailable, "\(authority ?? "system") \(found?.description ?? "nothing")")
            #expect(found?.problem.contains("caFile") == true, "\(found?.description ?? "nothing")")
        }
    }
}
