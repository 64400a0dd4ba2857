import Glibc

/// Writes audit lines to a file descriptor that the process has open anyway, such as standard output.
package struct DescriptorAuditWriter: AuditWriter {
    private let descriptor: Int32
    private let name: String

    package static let standardOutput = DescriptorAuditWriter(descriptor: STDOUT_FILENO, name: "standard output")

    package init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    package func write(_ lines: UnsafeRawBufferPointer) -> AuditWriting {
        Self.write(lines, to: descriptor, named: name)
    }

    /// One `write(2)`, repeated only when a signal interrupted it.
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, named name: @autoclosure () -> String
    ) -> AuditWriting {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return AuditWriting(bytes: 0) }
        while true {
            let written = Glibc.write(descriptor, base, bytes.count)
            if written >= 0 { return AuditWriting(bytes: written) }
            let code = errno
            guard code == EINTR else {
                return AuditWriting(bytes: 0, fault: AuditFault("\(name()) takes no records", code: code))
            }
        }
    }
}
