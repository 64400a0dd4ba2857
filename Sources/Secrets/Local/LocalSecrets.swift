import Foundation
import IntentProtocol
import Synchronization

/// Secrets of this machine: variables, and files such as a mounted Kubernetes secret.
struct LocalSecrets: Sendable {
    static let fileBytesMax = 1 << 20

    let around: SecretSurroundings
    /// The files of which it was told that others may read them.
    private let told = Told()

    init(_ around: SecretSurroundings) {
        self.around = around
    }

    func variable(_ name: String) throws(SourceFault) -> SecretVersion {
        guard let text = around.variable(name) else {
            throw SourceFault(
                .missing, "the variable \(name) is not set or is empty; set it where this process is started")
        }
        return SecretVersion(SecretBytes(Array(text.utf8)))
    }

    /// The bytes of a file without the newline at its end, or a member of the JSON in it.
    func file(_ path: String, member: String?) throws(SourceFault) -> SecretVersion {
        let place = around.resolved(path)
        var bytes = try contents(of: path)
        if let member {
            return SecretVersion(try JSONMember.value(member, of: bytes, in: "'\(place)'"))
        }
        Self.trimNewline(&bytes)
        guard !bytes.isEmpty else { throw SourceFault(.unusable, "'\(place)' is empty; write the secret into it") }
        return SecretVersion(SecretBytes(bytes))
    }

    /// The bytes of a file, as they are.
    func contents(of path: String) throws(SourceFault) -> [UInt8] {
        let place = around.resolved(path)
        // Not waiting: a pipe of that name would otherwise hold this thread until somebody writes into it.
        let descriptor = open(place, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw SourceFault(.denied, "'\(place)' cannot be opened; let the user of this process read it")
            }
            let hint = path.hasPrefix("/") ? "" : " (an absolute path begins with a second slash: secret://file//run/…)"
            throw SourceFault(.missing, "there is no file '\(place)'\(hint); mount it, or correct the path")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        defer { try? handle.close() }
        // Asked of what was opened: the name may lead elsewhere by now.
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw SourceFault(.unusable, "'\(place)' is no regular file; name the file of the secret")
        }
        noteMode(place, facts.st_mode)
        guard let data = try? handle.read(upToCount: Self.fileBytesMax + 1) else { return [] }
        guard data.count <= Self.fileBytesMax else {
            throw SourceFault(.unusable, "'\(place)' has more than \(Self.fileBytesMax) bytes; is it the right file?")
        }
        return Array(data)
    }

    private func noteMode(_ place: String, _ mode: mode_t) {
        // A Kubernetes secret is 0644 unless told otherwise, in a pod where nobody else lives: a warning, not a refusal.
        guard mode & 0o077 != 0, told.isFirst(place) else { return }
        around.note(.fileOpenToOthers(path: place, mode: "0" + String(mode & 0o777, radix: 8)))
    }

    /// Takes away one newline at the end, which is an editor's and not the secret's.
    private static func trimNewline(_ bytes: inout [UInt8]) {
        guard bytes.last == UInt8(ascii: "\n") else { return }
        bytes.removeLast()
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    }

    private final class Told: Sendable {
        private let paths = Mutex<Set<String>>([])

        func isFirst(_ path: String) -> Bool {
            paths.withLock { $0.count < 1_000 && $0.insert(path).inserted }
        }
    }
}

extension LocalSecrets {
    /// The secret of a reference that needs no network.
    func value(of reference: SecretReference) throws(SourceFault) -> SecretVersion {
        switch reference.place {
        case .environment(let name): return try variable(name)
        case .file(let path, let member): return try file(path, member: member)
        case .vault, .vaultTransit, .awsSecretsManager, .awsKMS:
            throw SourceFault(.notConfigured, "what opens a source of secrets is itself a variable or a file")
        }
    }
}
