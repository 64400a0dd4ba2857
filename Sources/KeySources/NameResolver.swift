import Dispatch
import Foundation
import Synchronization

/// Asks the system where a name leads.
enum NameResolver {
    /// All addresses of a host, or none when it has none or the answer takes too long.
    ///
    /// The system's call blocks, so it runs on a thread of its own; after the time is over nobody waits for it.
    static func addresses(of host: String, withinMilliseconds milliseconds: Int) async -> [NetworkAddress] {
        await withCheckedContinuation { continuation in
            let first = FirstAnswer(for: continuation)
            DispatchQueue.global().async { first.give(lookUp(host)) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { first.give([]) }
        }
    }

    /// Hands the first of two answers on and drops the other.
    private final class FirstAnswer: Sendable {
        private let waiting: Mutex<CheckedContinuation<[NetworkAddress], Never>?>

        init(for continuation: CheckedContinuation<[NetworkAddress], Never>) {
            waiting = Mutex(continuation)
        }

        func give(_ addresses: [NetworkAddress]) {
            let continuation = waiting.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            continuation?.resume(returning: addresses)
        }
    }

    private static func lookUp(_ host: String) -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0, let first = list else { return [] }
        defer { freeaddrinfo(first) }
        var addresses: [NetworkAddress] = []
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let entry = next {
            if let raw = entry.pointee.ai_addr, let address = NetworkAddress(UnsafePointer(raw)) {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
