import Foundation
import IntentProtocol
import RedisFixtures
import Testing

@testable import Secrets

/// KMS, Secrets Manager and STS as moto emulates them. It believes every signature; `SigningServerTests` does not.
@Suite("AWS, by an emulator", .serialized)
struct MotoTests {
    private static let moto = Result { try Moto() }
    private static let keys = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"]

    private func store(_ moto: Moto, _ variables: [String: String] = keys) throws -> SecretStore {
        let around = SecretSurroundings(environment: variables, folder: moto.folder.path)
        let sources = SecretSources(
            .init(vault: .failure(SourceFault(.notConfigured, "no Vault")), aws: .success(try .local(moto.url))),
            around: around)
        return SecretStore(sources, around: around)
    }

    private func found(_ store: SecretStore, _ reference: String) async -> SecretFault? {
        await secretFault { () async throws(SecretFault) in try await store.current(.known(reference)) }
    }

    @Test("secrets of Secrets Manager: text, a member, bytes, stages, and none")
    func secretsManager() async throws {
        let moto = try Self.moto.get()
        let arn = try moto.prepare(
            #"""
            sm = client("secretsmanager")
            arn = sm.create_secret(Name="app/db", SecretString=json.dumps({"password": "first", "n": 7}))["ARN"]
            sm.put_secret_value(SecretId="app/db", SecretString=json.dumps({"password": "second", "n": 7}))
            sm.create_secret(Name="app/bytes", SecretBinary=bytes([0, 255, 10]))
            sm.create_secret(Name="app/gone", SecretString="x")
            sm.delete_secret(SecretId="app/gone")
            print(arn)
            """#)
        let store = try store(moto)
        let place = "secret://aws-secrets-manager/"
        let newest = try await store.current(.known(place + "app/db#password"))
        #expect(newest.text == "second" && newest.version != nil)
        #expect(try await store.current(.known(place + "app/db?versionStage=AWSPREVIOUS#password")).text == "first")
        #expect(try await store.current(.known(place + arn + "#password")).text == "second")
        #expect(try await store.current(.known(place + "app/db")).text == #"{"password": "second", "n": 7}"#)
        #expect(try await store.current(.known(place + "app/bytes")).value.reveal() == [0, 255, 10])
        #expect(await found(store, place + "app/none")?.kind == .missing)
        #expect(await found(store, place + "app/gone")?.kind == .unusable)
        let member = await found(store, place + "app/db#pasword")
        #expect(member?.kind == .missing && member?.description.contains("second") == false)
        #expect(await found(store, place + "app/db#n")?.kind == .unusable)
    }

    @Test("KMS decrypts files, bytes and base64, with their encryption context, and makes data keys")
    func keyManagement() async throws {
        let moto = try Self.moto.get()
        let folder = moto.folder
        let keyId = try moto.prepare(
            #"""
            import base64
            kms = client("kms")
            key = kms.create_key()["KeyMetadata"]["KeyId"]
            one = kms.encrypt(KeyId=key, Plaintext=b"hunter2")["CiphertextBlob"]
            two = kms.encrypt(KeyId=key, Plaintext=b"hunter3", EncryptionContext={"app": "gateway"})["CiphertextBlob"]
            open("\#(folder.path)/one.bin", "wb").write(one)
            open("\#(folder.path)/one.b64", "wb").write(base64.encodebytes(one))
            open("\#(folder.path)/two.bin", "wb").write(two)
            print(key)
            """#.replacing(#"\#(folder.path)"#, with: folder.path))
        let store = try store(moto)
        #expect(try await store.current(.known("secret://aws-kms/one.bin")).text == "hunter2")
        #expect(try await store.current(.known("secret://aws-kms/one.b64")).text == "hunter2")
        #expect(
            try await store.current(.known("secret://aws-kms/two.bin?context.app=gateway&keyId=\(keyId)")).text
                == "hunter3")
        let wrong = await found(store, "secret://aws-kms/two.bin?context.app=other")
        #expect(
            wrong?.kind == .unusable && wrong?.problem.contains("context") == true, "\(wrong?.description ?? "nothing")"
        )
        _ = try folder.write("large.bin", String(repeating: "?", count: 7_000))
        #expect(await found(store, "secret://aws-kms/large.bin")?.kind == .unusable)
        let aws = try #require(store.sources.awsSource)
        let key = try await aws.dataKey(keyId: keyId, context: ["app": "gateway"])
        #expect(key.plaintext.count == 32)
        let opened = try await aws.decrypted(key.wrapped, keyId: keyId, context: ["app": "gateway"])
        #expect(opened.value == key.plaintext)
        #expect(
            await fault { () async throws(SourceFault) in
                try await aws.dataKey(keyId: "00000000-0000-0000-0000-000000000000", context: [:])
            }?.kind == .missing)
    }

    @Test("a service account with a role gets temporary credentials from STS, which sign the requests")
    func webIdentity() async throws {
        let moto = try Self.moto.get()
        _ = try moto.prepare(#"client("secretsmanager").create_secret(Name="irsa", SecretString="hunter2")"#)
        let token = try moto.folder.write("web-token", "a.b.c\n")
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/gateway",
        ]
        #expect(try await store(moto, variables).current(.known("secret://aws-secrets-manager/irsa")).text == "hunter2")
        let around = SecretSurroundings(environment: variables, folder: "")
        let settings = try AWSSettings.local(moto.url)
        let chain = AWSCredentialChain(
            settings, transport: HTTPTransport(service: "AWS", authorityFile: nil, timeoutMilliseconds: 5_000),
            local: LocalSecrets(around))
        let credentials = try await chain.fetch()
        #expect(credentials.accessKeyId.hasPrefix("ASIA") && credentials.sessionToken != nil)
        let end = try #require(credentials.endsAtUnixSeconds)
        #expect((3_000...3_700).contains(end - Int64(Date().timeIntervalSince1970)))
    }
}
