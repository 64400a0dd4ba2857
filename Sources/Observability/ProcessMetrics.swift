import Glibc

/// What the operating system knows of this process, under the names that Prometheus' own clients use.
package enum ProcessMetrics {
    /// Registers memory, processor time, open files and the start time.
    ///
    /// - Parameter startUnixNanoseconds: when the process started, in nanoseconds since the Unix epoch.
    package static func register(in registry: MetricsRegistry, startUnixNanoseconds: Int64) {
        let startSeconds = Double(startUnixNanoseconds / 1_000_000) / 1000
        registry.gaugeCallback("process_start_time_seconds", "Start of the process since the Unix epoch.") {
            startSeconds
        }
        registry.gaugeCallback("process_resident_memory_bytes", "Resident memory of the process.") {
            Double(residentBytes() ?? 0)
        }
        registry.counterCallback("process_cpu_seconds_total", "Processor time of the process, user and system.") {
            processorSeconds()
        }
        registry.gaugeCallback("process_open_fds", "Open file descriptors of the process.") {
            Double(openDescriptors() ?? 0)
        }
    }

    /// From /proc/self/statm: the second number, in pages. Nil where there is no such file.
    package static func residentBytes() -> Int? {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        let fields = buffer.prefix(count).split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec / 1_000_000) / 1000
    }

    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        // The directory itself is one of them, and so are "." and "..".
        var count = -3
        while readdir(directory) != nil { count += 1 }
        return max(0, count)
    }
}
