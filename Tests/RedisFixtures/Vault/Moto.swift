import Foundation

/// moto: an emulator of AWS that shares no code with this project. It looks at no signature; `SigningServer` does.
package final class Moto: Sendable {
    package let port: Int
    package let folder: PrivateFolder
    private let process: SpawnedProcess

    package init() throws {
        port = try FreePorts.next()
        folder = try PrivateFolder()
        process = try SpawnedProcess(
            [OpenBao.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "\(port)"], log: folder.file("moto.log"))
        let (port, folder) = (port, folder)
        try Deadline.wait(
            for: "moto (PyPI moto[server]): \(folder.tail(of: "moto.log"))", milliseconds: 60_000
        ) { try PlainHTTP.get("/moto-api/", port: port).contains("200") }
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// Runs Python with `client(name)` of boto3 at hand; what it printed, without white space around.
    package func prepare(_ program: String) throws -> String {
        let head = """
            import boto3, json, sys
            def client(name):
                return boto3.client(name, endpoint_url="\(url)", region_name="eu-central-1",
                    aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")

            """
        return try PythonPeer.run(head + program, in: folder).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
