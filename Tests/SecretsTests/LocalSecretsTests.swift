import Foundation
import IntentProtocol
import RedisFixtures
import Testing

@testable import Secrets

@Suite("Secrets of this machine")
struct LocalSecretsTests {
    private let folder: PrivateFolder
    private let time = ManualTime()
    private let local: LocalSecrets

    init() throws {
        folder = try PrivateFolder()
        local = LocalSecrets(time.surroundings(["SET": "value", "EMPTY": ""], folder: folder.path))
    }

    private func value(_ reference: String) throws -> String {
        try local.value(of: SecretReference(reference)).text
    }

    private func problem(_ reference: String) throws -> SourceFault? {
        let reference = try SecretReference(reference)
        do throws(SourceFault) {
            _ = try local.value(of: reference)
            return nil
        } catch {
            return error
        }
    }

    @Test("a variable that is set; one that is not, or is empty, is missing")
    func variables() throws {
        #expect(try value("secret://env/SET") == "value")
        for name in ["UNSET", "EMPTY"] {
            let fault = try problem("secret://env/\(name)")
            #expect(fault?.kind == .missing && fault?.problem.contains(name) == true)
        }
    }

    @Test(
        "a file without the newline at its end",
        arguments: [
            ("hunter2", "hunter2"), ("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), ("hunter2\n\n", "hunter2\n"),
            (" a b \n", " a b "),
        ])
    func newline(_ contents: String, _ expected: String) throws {
        _ = try folder.write("secret", contents)
        #expect(try value("secret://file/secret") == expected)
        #expect(try value("secret://file/" + folder.file("secret")) == expected)
    }

    @Test("a member of the JSON in a file")
    func members() throws {
        _ = try folder.write("app.json", #"{"password": "hunter2", "n": 7, "empty": "", "a/b": "slash"}"#)
        #expect(try value("secret://file/app.json#password") == "hunter2")
        #expect(try value("secret://file/app.json#a%2Fb") == "slash")
        #expect(try problem("secret://file/app.json#none")?.kind == .missing)
        for member in ["n", "empty"] {
            let fault = try problem("secret://file/app.json#\(member)")
            #expect(fault?.kind == .unusable && fault?.problem.contains("hunter2") == false)
        }
        _ = try folder.write("app.json", "hunter2")
        #expect(try problem("secret://file/app.json#password")?.problem.contains("hunter2") == false)
    }

    @Test("files that are none, empty, too large, or wait for a writer")
    func noFiles() throws {
        #expect(try problem("secret://file/none")?.problem.contains("secret://file//") == true)
        #expect(try problem("secret://file//nowhere/none")?.kind == .missing)
        _ = try folder.write("empty", "\n")
        #expect(try problem("secret://file/empty")?.kind == .unusable)
        _ = try folder.write("large", String(repeating: "x", count: LocalSecrets.fileBytesMax + 1))
        #expect(try problem("secret://file/large")?.problem.contains("bytes") == true)
        try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
        #expect(try problem("secret://file/folder")?.kind == .unusable)
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        #expect(try problem("secret://file/pipe")?.kind == .unusable)
    }

    @Test(
        "a file that others may reach is used, and told once",
        arguments: [
            (0o400, false), (0o600, false), (0o440, true), (0o644, true), (0o602, true),
        ])
    func modes(_ mode: Int, _ isTold: Bool) throws {
        let path = try folder.write("secret", "hunter2")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        for _ in 0..<2 { #expect(try value("secret://file/secret") == "hunter2") }
        let expected = SecretEvent.fileOpenToOthers(path: path, mode: "0" + String(mode, radix: 8))
        #expect(time.events == (isTold ? [expected] : []))
    }
}
