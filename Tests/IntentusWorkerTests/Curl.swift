import DevelopmentAuthority
import IdentityFixtures
import RedisFixtures

/// A client that is no part of this project.
enum Curl {
    /// The status of an answer over a connection of its own to the loopback.
    ///
    /// - Throws: when there is no answer.
    static func status(
        of url: String, port: Int, trusting files: IssuedFiles, showing client: AuthorityFolder.Issued
    ) throws -> Int? {
        let output = try SpawnedProcess.run(
            [
                // The worker's certificate names a service and no host.
                "curl", "-sS", "-k", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", "--noproxy", "*",
                "--connect-to", "::127.0.0.1:\(port)", "--cert", client.certificateFile, "--key", client.keyFile, url,
            ], in: files.folder)
        return Int(output.suffix(3))
    }
}
