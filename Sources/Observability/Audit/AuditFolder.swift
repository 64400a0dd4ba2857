import Glibc

/// The folder of an audit file, held open: names are looked up in it and nowhere else, whatever becomes of its path.
struct AuditFolder: ~Copyable {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws(AuditFault) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw AuditFault("the folder \(path) of the audit file cannot be opened", code: errno)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Opens a regular file for appending, and makes it with mode 0600 when it is not there.
    ///
    /// A symbolic link is not followed, a file that others may write to is refused, and so is one that another process
    /// writes its audit log to.
    func openFile(_ name: String) throws(AuditFault) -> Int32 {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let file = openat(descriptor, name, flags, 0o600)
        guard file >= 0 else {
            let code = errno
            guard code == ELOOP else { throw AuditFault("the audit file \(path)/\(name) cannot be opened", code: code) }
            throw AuditFault("the audit file \(path)/\(name) is a symbolic link: name the file itself")
        }
        do throws(AuditFault) {
            try check(file, name)
        } catch {
            close(file)
            throw error
        }
        return file
    }

    private func check(_ file: Int32, _ name: String) throws(AuditFault) {
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw AuditFault("the audit file \(path)/\(name)", code: errno) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw AuditFault("the audit file \(path)/\(name) is no regular file; for a stream use audit.output stdout")
        }
        guard facts.st_mode & 0o022 == 0 else {
            throw AuditFault("the audit file \(path)/\(name) can be written by others: chmod go-w it")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            throw AuditFault("the audit file \(path)/\(name) is another process's: each node needs a file of its own")
        }
    }

    /// Whether the name still leads to the open file.
    func leads(_ name: String, to file: Int32) -> Bool {
        var open = stat()
        var named = stat()
        guard fstat(file, &open) == 0, fstatat(descriptor, name, &named, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        return named.st_ino == open.st_ino && named.st_dev == open.st_dev
    }

    /// Moves `name` to `name.1`, what was there to `name.2`, and so on; the last one that is kept gives way.
    ///
    /// Each step is one rename: after a crash every file is there under one of the names.
    func shift(_ name: String, keeping count: Int) throws(AuditFault) {
        var highest = 0
        while highest < count, exists("\(name).\(highest + 1)") { highest += 1 }
        for number in stride(from: min(highest, count - 1), through: 1, by: -1) {
            try rename("\(name).\(number)", to: "\(name).\(number + 1)")
        }
        try rename(name, to: "\(name).1")
        _ = fsync(descriptor)
    }

    /// Opens a file for reading alone; nil when it is not there or is no plain file.
    func openOld(_ name: String) -> Int32? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        return file >= 0 ? file : nil
    }

    private func exists(_ name: String) -> Bool {
        faccessat(descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0
    }

    private func rename(_ old: String, to new: String) throws(AuditFault) {
        guard renameat(descriptor, old, descriptor, new) == 0 else {
            throw AuditFault("the audit file \(path)/\(old) cannot be moved to \(new)", code: errno)
        }
    }
}
