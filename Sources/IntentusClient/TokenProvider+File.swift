import CertificateFiles
import Foundation
import IntentProtocol
import Synchronization

extension TokenProvider {
    /// No token of any issuer is longer.
    private static let fileBytesMax = 64 << 10

    private struct Kept {
        var file: WatchedFile
        var token: String
    }

    /// The token in a file, read again when the file changes, as Kubernetes does with the tokens of service accounts.
    ///
    /// White space around the token is left out.
    public static func file(_ path: String) -> TokenProvider {
        let kept = Mutex<Kept?>(nil)
        return TokenProvider {
            try kept.withLock { kept in
                guard var known = kept else {
                    // Noted before it is read: a file that changes in between is then read again, not missed.
                    let file = WatchedFile(path: path)
                    guard let token = read(path) else {
                        throw IntentError(.unauthorized, "the token file cannot be read, or holds no token")
                    }
                    kept = Kept(file: file, token: token)
                    return token
                }
                // A file that is being replaced is no reason to stop: the former token holds a while longer.
                guard known.file.hasChanged(), let token = read(path) else { return known.token }
                known.token = token
                kept = known
                return token
            }
        }
    }

    private static func read(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= fileBytesMax,
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return token.isEmpty ? nil : token
    }
}
