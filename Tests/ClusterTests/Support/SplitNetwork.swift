import Foundation
import RedisFixtures

/// A network namespace with two wires to this one: by one its gateway is called and calls the worker, by the other it finds Redis.
///
/// The kernel takes it away with the process that holds it.
final class SplitNetwork: Sendable {
    private let holder: SpawnedProcess
    private let folder: PrivateFolder
    private let wires: [String]
    private let net: Int

    /// The addresses of this side and of the other, on the wire of the callers.
    var here: String { "10.201.\(net).1" }
    var there: String { "10.201.\(net).2" }
    /// The address of this side on the wire to Redis.
    var storeHost: String { "10.202.\(net).1" }

    /// - Throws: `FixtureError` where the machine does not allow it.
    init() throws {
        folder = try PrivateFolder()
        let process = try SpawnedProcess(["unshare", "--net", "sleep", "3600"], log: folder.file("holder.log"))
        holder = process
        net = Int(process.identifier) % 250 + 1
        wires = ["w", "s"].map { "in\($0)\(process.identifier)" }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        let path = "/proc/\(process.identifier)/ns/net"
        try Deadline.wait(for: "a network namespace", milliseconds: 2_000) {
            guard process.isRunning else { throw FixtureError("no namespaces here: \(folder.tail(of: "holder.log"))") }
            return try FileManager.default.destinationOfSymbolicLink(atPath: path) != own
                && !(try String(contentsOfFile: "/proc/\(process.identifier)/comm", encoding: .utf8)).hasPrefix(
                    "setpriv")
        }
        for (index, wire) in wires.enumerated() {
            try run("ip link add \(wire) type veth peer name in\(index) netns \(process.identifier)")
            try run("ip address add 10.\(201 + index).\(net).1/30 dev \(wire)")
            try run("ip link set \(wire) up")
            try inside("ip address add 10.\(201 + index).\(net).2/30 dev in\(index)")
            try inside("ip link set in\(index) up")
        }
        try inside("ip link set lo up")
    }

    /// Words that start a command on the other side.
    var prefix: [String] { ["nsenter", "--target", "\(holder.identifier)", "--net"] }

    /// Nothing passes between the other side and Redis any more.
    func cut() throws { try run("ip link set \(wires[1]) down") }

    /// It does again.
    func mend() throws { try run("ip link set \(wires[1]) up") }

    private func run(_ words: String) throws {
        _ = try SpawnedProcess.run(words.split(separator: " ").map(String.init), in: folder)
    }

    private func inside(_ words: String) throws {
        _ = try SpawnedProcess.run(prefix + words.split(separator: " ").map(String.init), in: folder)
    }
}
