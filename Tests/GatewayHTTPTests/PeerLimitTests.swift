import NIOCore
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("The listener's limit on the connections of one peer")
    struct PeerLimitTests {
        @Test("S17 closes one more than may be, lets other peers in, and a place is free again afterwards")
        func limit() async throws {
            var limits = HTTPLimits()
            limits.connectionsPerPeerMax = 2
            try await TestServer.run(
                limits: limits,
                during: { server in
                    let gauges = server.server.gauges
                    do {
                        let held = [try server.connect(), try server.connect()]
                        #expect(await eventually { gauges.openConnections == 2 })
                        for _ in 0..<5 { #expect(try server.connect().isClosedByPeer()) }
                        #expect(gauges.closedConnections == [.peer: 5])
                        let other = try RawSocket(port: server.server.port, from: "127.0.0.2")
                        for socket in held + [other] {
                            try socket.send(request())
                            #expect(try HTTPMessageReader(socket).next()?.status == 200)
                        }
                        #expect(gauges.openConnections == 3)
                    }
                    #expect(await eventually { gauges.openConnections == 0 })
                    #expect(try server.status(of: request()) == 200)
                    #expect(gauges.closedConnections == [.peer: 5])
                })
        }

        @Test("is no limit when it is 0, and the listener's own still counts what it closes")
        func off() async throws {
            var limits = HTTPLimits()
            limits.connectionsMax = 3
            limits.connectionsPerPeerMax = 0
            try await TestServer.run(
                limits: limits,
                during: { server in
                    let held = try (0..<3).map { _ in try server.connect() }
                    #expect(await eventually { server.server.gauges.openConnections == 3 })
                    #expect(try server.connect().isClosedByPeer())
                    #expect(server.server.gauges.closedConnections == [.all: 1])
                    for socket in held { socket.end() }
                })
        }
    }
}

@Suite("Connections are counted together")
struct PeerNetworkTests {
    private static func network(_ address: String, port: Int = 80) throws -> PeerNetwork? {
        PeerNetwork(try SocketAddress(ipAddress: address, port: port))
    }

    @Test(
        "when they come from one IPv4 address or one IPv6 network of 64 bits",
        arguments: [
            ("203.0.113.7", "203.0.113.7", true), ("203.0.113.7", "203.0.113.8", false),
            ("203.0.113.7", "::ffff:203.0.113.7", true), ("203.0.113.7", "::203.0.113.7", false),
            ("2001:db8::1", "2001:db8::ffff:0:0:2", true), ("2001:db8::1", "2001:db8:0:1::1", false),
        ])
    func together(one: String, other: String, isSame: Bool) throws {
        #expect(try (Self.network(one) == Self.network(other, port: 81)) == isSame)
    }

    @Test("and not at all when they have no such address")
    func none() throws {
        #expect(PeerNetwork(nil) == nil)
        #expect(try PeerNetwork(SocketAddress(unixDomainSocketPath: "/x")) == nil)
    }
}
