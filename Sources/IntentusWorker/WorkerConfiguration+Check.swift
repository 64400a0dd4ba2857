import Foundation
import IntentusClient
import NIOCore

/// What every gateway would refuse, said before the worker listens.
extension WorkerConfiguration {
    private static let nameBytesMax = 128
    private static let intentBytesMax = 256
    private static let intentsMax = 256
    private static let urlBytesMax = 512

    /// - Throws: ``WorkerConfigurationError`` with everything that is wrong.
    func check(_ intents: [HandlerTable.Key]) throws(WorkerConfigurationError) {
        let findings = nameFindings() + numberFindings() + addressFindings() + Self.findings(intents)
        guard findings.isEmpty else { throw WorkerConfigurationError(findings: findings) }
    }

    private func nameFindings() -> [String] {
        var names = [("name", name), ("instanceId", instanceId)]
        // Empty stands for no node, as at the gateway.
        if let nodeId, !nodeId.isEmpty { names.append(("nodeId", nodeId)) }
        if let node, node.headerLines(signing: [], unixSeconds: 0) == nil {
            return ["WorkerConfiguration.node must have a name of 1 to 256 printable bytes without spaces"]
        }
        return names.filter { !Self.isName($0.1) }.map { key, name in
            "WorkerConfiguration.\(key) must be 1 to \(Self.nameBytesMax) letters of A-Z a-z, digits or any of . _ -, "
                + "found \(Self.quoted(name))"
        }
    }

    private func numberFindings() -> [String] {
        let numbers: [(String, Int, ClosedRange<Int>)] = [
            ("port", port, 0...65_535), ("ttlSeconds", ttlSeconds, 1...86_400),
            ("concurrencyMax", concurrencyMax, 1...1_000_000), ("bodyBytesMax", bodyBytesMax, 1...(1 << 30)),
        ]
        return numbers.filter { !$0.2.contains($0.1) }.map { key, number, range in
            "WorkerConfiguration.\(key) must be \(range.lowerBound) to \(range.upperBound), found \(number)"
        }
    }

    private func addressFindings() -> [String] {
        var findings: [String] = []
        for (place, gateway) in gateways.enumerated() where Self.host(of: gateway, schemes: ["http", "https"]) == nil {
            findings.append(
                "WorkerConfiguration.gateways[\(place)] must be http://host:port of a gateway, "
                    + "found \(Self.quoted(gateway))")
        }
        if let advertisedURL {
            let scheme = tls == nil ? "http" : "https"
            let called = Self.host(of: advertisedURL, schemes: tls?.mode == .permissive ? ["http", "https"] : [scheme])
            if called == nil || advertisedURL.utf8.count > Self.urlBytesMax {
                findings.append(
                    "WorkerConfiguration.advertisedURL must be \(scheme)://host:port/path and no longer than "
                        + "\(Self.urlBytesMax) bytes, found \(Self.quoted(advertisedURL))")
            } else if let called, Self.isWildcard(called) {
                findings.append(
                    "WorkerConfiguration.advertisedURL \(Self.quoted(advertisedURL)) names no host that a gateway could "
                        + "call: name the host or the address at which gateways reach this worker")
            }
        } else if !gateways.isEmpty, host.isEmpty || Self.isWildcard(host) {
            findings.append(
                "WorkerConfiguration.host \(Self.quoted(host)) listens on every address and tells a gateway none: set "
                    + "advertisedURL to http://host:port/execute-agent as gateways reach this worker")
        }
        return findings
    }

    private static func findings(_ intents: [HandlerTable.Key]) -> [String] {
        guard (1...intentsMax).contains(intents.count) else {
            return [
                "a worker needs handlers for 1 to \(intentsMax) intents, found \(intents.count): add them by on() before run()"
            ]
        }
        return intents.flatMap { key in
            var findings: [String] = []
            if !isText(key.intent) || key.intent == "*" {
                findings.append(
                    "intent \(quoted(key.intent)) must be a name of 1 to \(intentBytesMax) printable bytes and not *: "
                        + "add one handler for each intent")
            }
            if !isText(key.version) {
                findings.append(
                    "version \(quoted(key.version)) of intent \(quoted(key.intent)) must be 1 to \(intentBytesMax) "
                        + "printable bytes, or * for any version")
            }
            return findings
        }
    }

    /// What a gateway's directory takes for the name of an agent, an instance or a node.
    private static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    private static func isText(_ text: String) -> Bool {
        (1...intentBytesMax).contains(text.utf8.count) && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }

    /// The host of a plain URL, an IPv6 address without its brackets; nil when it is none.
    private static func host(of text: String, schemes: Set<String>) -> String? {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            schemes.contains(scheme), let host = parts.host, !host.isEmpty, parts.user == nil, parts.query == nil,
            parts.fragment == nil, parts.port.map({ (1...65_535).contains($0) }) ?? true
        else { return nil }
        return host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }

    /// Whether an address stands for every address of its machine, in whatever spelling.
    private static func isWildcard(_ host: String) -> Bool {
        guard let address = try? SocketAddress(ipAddress: host, port: 0) else { return false }
        let bytes = address.withSockAddr { pointer, size in
            let all = UnsafeRawBufferPointer(start: pointer, count: size)
            return address.protocol == .inet ? Array(all[4..<8]) : Array(all[8..<24])
        }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]
        return bytes.allSatisfy { $0 == 0 } || bytes == mapped
    }

    private static func quoted(_ text: String) -> String {
        String(reflecting: text.utf8.count <= 80 ? text : text.prefix(64) + "…")
    }
}
