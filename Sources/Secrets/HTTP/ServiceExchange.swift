/// A request to a service of secrets.
package struct ServiceRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package var method: Method
    /// Scheme, authority, path and query, encoded.
    package var url: String
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8] = []

    package init(_ method: Method, _ url: String) {
        self.method = method
        self.url = url
    }
}

/// An answer, read to its end.
package struct ServiceReply: Sendable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Sends a request once, in bounded time, and reads a bounded answer.
package protocol ServiceTransport: Sendable {
    func send(_ request: ServiceRequest) async throws(SourceFault) -> ServiceReply
}
