import Foundation
import RedisFixtures

/// Programs of the Python that `Tests/Tools/install test` equips.
enum PythonPeer {
    /// Runs a program to its end; what it printed.
    static func run(_ program: String, _ arguments: [String] = [], in folder: PrivateFolder) throws -> String {
        try SpawnedProcess.run([OpenBao.python, "-c", program] + arguments, in: folder)
    }
}

/// moto: an emulator of AWS that shares no code with this project. It looks at no signature; `SigningServer` does.
final class Moto: Sendable {
    let port: Int
    let folder: PrivateFolder
    private let process: SpawnedProcess

    init() throws {
        port = try FreePorts.next()
        folder = try PrivateFolder()
        process = try SpawnedProcess(
            [OpenBao.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "\(port)"], log: folder.file("moto.log"))
        let (port, folder) = (port, folder)
        try Deadline.wait(
            for: "moto (PyPI moto[server]): \(folder.tail(of: "moto.log"))", milliseconds: 60_000
        ) { try PlainHTTP.get("/moto-api/", port: port).contains("200") }
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Runs Python with `client(name)` of boto3 at hand; what it printed, without white space around.
    func prepare(_ program: String) throws -> String {
        let head = """
            import boto3, json, sys
            def client(name):
                return boto3.client(name, endpoint_url="\(url)", region_name="eu-central-1",
                    aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")

            """
        return try PythonPeer.run(head + program, in: folder).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
