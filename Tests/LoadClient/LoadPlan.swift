/// Where requests go.
package struct LoadTarget: Sendable {
    package var host: String
    package var port: Int
    /// Its part of all requests, in relation to the weights of the others.
    package var weight: Int

    package init(host: String = "127.0.0.1", port: Int, weight: Int) {
        self.host = host
        self.port = port
        self.weight = weight
    }
}

/// A request that is sent over and over, or made anew each time.
package struct LoadRequest: Sendable {
    package var name: String
    /// The whole request as it goes over the wire.
    package var bytes: [UInt8]
    /// Makes the bytes of each request anew, on the client's own thread, for what may be sent once; nil sends the same ones.
    package var make: (@Sendable () -> [UInt8])?
    /// Its part of all requests, in relation to the weights of the others.
    package var weight: Int

    package init(name: String, bytes: [UInt8], weight: Int = 1) {
        self.name = name
        self.bytes = bytes
        self.weight = weight
    }

    package init(name: String, weight: Int = 1, making make: @escaping @Sendable () -> [UInt8]) {
        self.init(name: name, bytes: [], weight: weight)
        self.make = make
    }
}

/// What a client is to send, and how fast.
package struct LoadPlan: Sendable {
    package var targets: [LoadTarget]
    package var requests: [LoadRequest]
    package var requestsPerSecond: Int
    package var connectionsPerTarget = 16
    /// An answer later than this after its request was sent is counted as late.
    package var lateAfterMilliseconds = 1_050
    /// How long the last answers are waited for.
    package var patienceMilliseconds = 5_000
    /// Requests without an answer at the same time; beyond them none is sent, and it is counted as failed.
    package var openRequestsMax = 100_000
    /// The same seed sends the same requests to the same targets in the same order.
    package var seed: UInt64 = 1

    package init(targets: [LoadTarget], requests: [LoadRequest], requestsPerSecond: Int) {
        self.targets = targets
        self.requests = requests
        self.requestsPerSecond = requestsPerSecond
    }
}
