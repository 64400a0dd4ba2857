import Foundation

/// Bodies for tests, as text, so that a test can break them in one place.
enum Envelope {
    /// A bare envelope.
    static func bare(
        intent: String = "SummarizeIntent", version: String = "1.0", payload: String = #"{"text":"hello"}"#,
        strategy: String = "direct", target: String? = nil, chain: [String] = [], requestId: String = "req-1",
        traceId: String = #""0af7651916cd43dd8448eb211c80319c""#, priority: String = "normal"
    ) -> String {
        let entries = chain.map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"version":"\(version)","intent":{"name":"\(intent)","version":"1.0"},"payload":\(payload),\
            "context":{"sourceAgent":"test","timestamp":"2026-11-23T03:00:00Z","priority":"\(priority)","tags":[]},\
            "metadata":{"requestId":"\(requestId)","source":"test","createdAt":"2026-11-23T03:00:00Z",\
            "traceId":\(traceId),"identityChain":[\(entries)]},\
            "routing":{"strategy":"\(strategy)","targetAgent":\(target.map { "\"\($0)\"" } ?? "null"),"fallbackAgents":[]},\
            "routingMetadata":{"decisionPath":[],"retries":0}}
            """
    }

    /// The same in a frame.
    static func frame(_ body: String = bare(), headers: String = "{}", messageType: String = "intent") -> String {
        #"{"protocol":"INTENTUSNET/1.0","messageType":"\#(messageType)","headers":\#(headers),"body":\#(body)}"#
    }
}

extension SocketClient {
    /// Posts a body and reads the answer; the connection stays open.
    func post(
        _ body: String, path: String = "/api/v1/intent", token: String? = nil, headers: [String] = []
    ) throws -> Reply {
        try request("POST", path, body: body, token: token, headers: headers)
    }

    /// Sends a request of any method and reads the answer.
    func request(
        _ method: String, _ path: String, body: String = "", token: String? = nil, headers: [String] = []
    ) throws -> Reply {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
        lines.append("Content-Length: \(body.utf8.count)")
        if let token { lines.append("Authorization: Bearer \(token)") }
        lines += headers
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        return try receive()
    }
}
