import Glibc

/// Writes audit lines to a file descriptor that the process has open anyway, such as standard output.
package struct DescriptorAuditWriter: AuditWriter {
    private let descriptor: Int32

    package static let standardOutput = DescriptorAuditWriter(descriptor: STDOUT_FILENO)

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    package func write(_ lines: UnsafeRawBufferPointer) -> Int {
        Self.write(lines, to: descriptor)
    }

    /// One `write(2)`, repeated only when a signal interrupted it; 0 for any other failure.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return 0 }
        while true {
            let written = Glibc.write(descriptor, base, bytes.count)
            if written >= 0 { return written }
            guard errno == EINTR else { return 0 }
        }
    }
}
