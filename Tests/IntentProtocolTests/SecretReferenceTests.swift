import IntentProtocol
import Testing

@Suite("References to secrets")
struct SecretReferenceTests {
    @Test(
        "every form",
        arguments: [
            ("secret://env/DB_PASSWORD", .environment(name: "DB_PASSWORD")),
            ("secret://file/certs/key.pem", .file(path: "certs/key.pem", member: nil)),
            ("secret://file//run/secrets/app.json#password", .file(path: "/run/secrets/app.json", member: "password")),
            ("secret://file/a%20b%23c#x%2Fy", .file(path: "a b#c", member: "x/y")),
            (
                "secret://vault/secret/app/db#password",
                .vault(mount: "secret", path: "app/db", field: "password", version: nil)
            ),
            (
                "secret://vault/team%2Fkv/app?version=3#key",
                .vault(mount: "team/kv", path: "app", field: "key", version: 3)
            ),
            (
                "secret://vault-transit/transit/wrap?ciphertext=keys/emcl.wrapped",
                .vaultTransit(mount: "transit", key: "wrap", ciphertextFile: "keys/emcl.wrapped")
            ),
            (
                "secret://aws-secrets-manager/prod/db#password",
                .awsSecretsManager(name: "prod/db", member: "password", versionStage: nil, versionId: nil)
            ),
            (
                "secret://aws-secrets-manager/arn:aws:secretsmanager:eu-central-1:1:secret:db-AbCdEf?versionStage=AWSPREVIOUS&versionId=v",
                .awsSecretsManager(
                    name: "arn:aws:secretsmanager:eu-central-1:1:secret:db-AbCdEf", member: nil,
                    versionStage: "AWSPREVIOUS",
                    versionId: "v")
            ),
            ("secret://aws-kms/emcl.bin", .awsKMS(ciphertextFile: "emcl.bin", keyId: nil, context: [:])),
            (
                "secret://aws-kms//etc/emcl.bin?keyId=alias%2Fapp&context.app=gateway&context.env=prod",
                .awsKMS(
                    ciphertextFile: "/etc/emcl.bin", keyId: "alias/app", context: ["app": "gateway", "env": "prod"])
            ),
        ] as [(String, SecretReference.Place)])
    func forms(_ text: String, _ place: SecretReference.Place) throws {
        let reference = try SecretReference(text)
        #expect(reference.place == place)
        #expect(reference.description == text)
        #expect(SecretReference.isReference(text))
    }

    @Test(
        "what is wrong is told with its remedy",
        arguments: [
            ("", "begins with secret://"), ("hunter2", "begins with secret://"), ("SECRET://env/A", "lower case"),
            ("secret:/env/A", "begins with"), ("secret://", "no such source"),
            ("secret://valt/secret/a#b", "no such source"),
            ("secret://env", "name of a variable"), ("secret://env/", "name of a variable"),
            ("secret://env/1A", "no digit first"), ("secret://env/A B", "visible ASCII"),
            ("secret://env/A/B", "variable"),
            ("secret://env/A#b", "takes no #"), ("secret://env/A?b=c", "takes no options"),
            ("secret://env/A%41", "variable"),
            ("secret://file/", "the path"), ("secret://file/folder/", "no folder"), ("secret://file/a#", "behind #"),
            ("secret://file/a?mode=1", "no options"), ("secret://file/a%0Ab", "control characters"),
            ("secret://file/a%4", "%25"), ("secret://file/a%+1", "%25"), ("secret://file/%ff", "UTF-8"),
            ("secret://file/a#b#c", "one #"), ("secret://file/a#b?c", "before the #"),
            (#"secret://file/a\b"#, "visible ASCII"),
            ("secret://vault/secret#password", "mount or path"), ("secret://vault/secret/a", "#FIELD"),
            ("secret://vault//a#b", "between slashes"), ("secret://vault/secret//a#b", "between slashes"),
            ("secret://vault/secret/../sys#b", "no names"), ("secret://vault/secret/a%2Fb#c", "%2F"),
            ("secret://vault/secret/a?version=0#b", "from 1"), ("secret://vault/secret/a?version=-1#b", "from 1"),
            ("secret://vault/secret/a?version=１#b", "visible ASCII"),
            ("secret://vault/secret/a?version=1&version=2#b", "twice"),
            ("secret://vault/secret/a?verson=1#b", "no such option; known: version"),
            ("secret://vault/secret/a?version#b", "needs a value"), ("secret://vault/secret/a?#b", "name of an option"),
            ("secret://vault-transit/transit/wrap", "?ciphertext=FILE"),
            ("secret://vault-transit/t/a/b?ciphertext=x", "MOUNT/KEY"),
            ("secret://aws-secrets-manager/", "between slashes"),
            ("secret://aws-secrets-manager/a%2Ab", "Secrets Manager"),
            ("secret://aws-kms/a?context.=x", "context.NAME"), ("secret://aws-kms/a#b", "takes no #"),
            ("secret://aws-kms/a?contxt.a=x", "known: keyId, context.NAME"),
            ("secret://env/" + String(repeating: "A", count: 3_000), "2048 bytes"),
            ("secret://file/" + String(repeating: "a", count: 1_100), "1024 bytes"),
            ("secret://aws-kms/a?" + (0..<17).map { "context.\($0)=x" }.joined(separator: "&"), "16 options"),
        ])
    func refused(_ text: String, _ words: String) {
        do throws(SecretReferenceFault) {
            let reference = try SecretReference(text)
            Issue.record("\(reference) was taken")
        } catch {
            #expect(error.message.contains(words), "\(error.message)")
        }
    }

    @Test("random texts are refused or read, and what is read reads again as the same")
    func fuzz() throws {
        var random = SplitMix64(seed: 7)
        let pieces = [
            "secret://", "env/", "file/", "vault/", "vault-transit/", "aws-kms/", "aws-secrets-manager/", "/", "?", "#",
            "=",
            "&", "%", "%2F", "%25", "a", "B", "_", "..", ".", "version=1", "ciphertext=x", "context.a=b", "keyId=k",
            "é", "\n", "7",
        ]
        var readCount = 0
        for _ in 0..<200_000 {
            var text = random.next() % 8 == 0 ? "" : "secret://"
            for _ in 0..<Int(random.next() % 9) { text += pieces[Int(random.next() % UInt64(pieces.count))] }
            guard let reference = try? SecretReference(text) else { continue }
            readCount += 1
            #expect(try SecretReference(reference.description) == reference)
        }
        #expect(readCount > 1_000)
    }
}

@Suite("What must not be seen")
struct RedactionTests {
    private struct Holder {
        let secret = Secret("hunter2")
        let bytes = SecretBytes(Array("hunter2".utf8))
        let version = SecretVersion(SecretBytes(Array("hunter2".utf8)), version: "7")
        let optional: Secret? = Secret("hunter2")
        let list = [Secret("hunter2")]
        let table = ["key": SecretBytes(Array("hunter2".utf8))]
    }

    @Test("is not in a description, an interpolation, a dump, a mirror or an error, alone or inside others")
    func everywhere() {
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        let texts = [
            "\(holder)", String(describing: holder), String(reflecting: holder), dumped, "\(holder.optional as Any)",
            "\(Mirror(reflecting: holder.secret).children.map { "\($0)" })",
            "\(Mirror(reflecting: holder.bytes).children.count)",
            "\(Result<SecretVersion, SecretFault>.success(holder.version))",
        ]
        for text in texts {
            #expect(!text.contains("hunter2"), "\(text)")
            // The bytes as numbers, too: 104, 117, …
            #expect(!text.contains("104"), "\(text)")
        }
        #expect("\(holder.secret)" == "<redacted>" && "\(holder.bytes)" == "<redacted>")
        #expect(String(reflecting: holder.secret) == "<redacted>" && String(reflecting: holder.bytes) == "<redacted>")
    }

    @Test("is what it was for the one place that asks")
    func reveal() {
        #expect(Secret("hunter2").reveal() == "hunter2")
        let bytes = SecretBytes([0x68, 0x69])
        #expect(bytes.reveal() == [0x68, 0x69] && bytes.count == 2 && bytes.text == Secret("hi"))
        #expect(bytes.withUnsafeBytes { $0.count } == 2)
        #expect(SecretBytes([0xff]).text == nil)
        #expect(
            SecretBytes([]).reveal().isEmpty && SecretBytes([1]) != SecretBytes([1, 2])
                && bytes == SecretBytes([0x68, 0x69]))
    }

    @Test("is no Encodable, so that it cannot get into an answer")
    func notEncodable() {
        #expect(!((Secret("x") as Any) is any Encodable))
        #expect(!((SecretBytes([1]) as Any) is any Encodable))
    }
}
