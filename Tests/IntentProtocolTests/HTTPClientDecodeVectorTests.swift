import Testing

@testable import IntentProtocol

@Suite("What a worker's HTTP answer means, as the Python client reads it")
struct HTTPClientDecodeVectorTests {
    @Test("every answer gives the response that the Python client gives")
    func decode() throws {
        let vectors = try Vectors.cases("http_client_decode")
        #expect(vectors.count == 36)
        for vector in vectors where vector.text("id") != "redirect/303" {
            let id = try #require(vector.text("id"))
            let status = try #require(vector["status"]?.intValue)
            let body = try #require(vector.text("bodyText"))
            let wanted = try #require(vector["agentResponse"]?.objectValue)
            let reply = AgentReply(parsing: bytes(body), httpStatus: Int(status))
            expect(reply.response(), equals: wanted, id)
            #expect(reply.isSuccess == (vector.at("agentResponse", "error") == .null), "\(id)")
        }
    }

    /// The Python client follows a redirect, as a GET without its body. A gateway does not: a worker could send the
    /// envelope, and the identity chain in it, to a host that nobody allowed.
    @Test("a redirect is not followed but a transport error")
    func redirect() throws {
        let vectors = try Vectors.cases("http_client_decode")
        let body = try #require(vectors.first { $0.text("id") == "redirect/303" }?.text("bodyText"))
        let reply = AgentReply(parsing: bytes(body), httpStatus: 303)
        #expect(reply.error?.code == .transportError)
        #expect(reply.error?.retryable == true)
        #expect(reply.status == .error)
        #expect(reply.payload == nil)
    }

    private func expect(_ response: AgentResponse, equals wanted: JSONObject, _ id: String) {
        #expect(response.version == wanted.text("version"), "\(id)")
        #expect(response.status.rawValue == wanted.text("status"), "\(id)")
        #expect((response.payload ?? .null) == wanted["payload"], "\(id)")
        #expect(.object(response.metadata) == wanted["metadata"], "\(id)")
        guard let error = wanted["error"]?.objectValue else {
            #expect(response.error == nil, "\(id)")
            return
        }
        #expect(response.error?.code.rawValue == error.text("code"), "\(id)")
        #expect(response.error?.retryable == error["retryable"]?.boolValue, "\(id)")
        #expect(response.error.map { .object($0.details) } == error["details"], "\(id)")
        // Messages that the transport made itself are worded otherwise here.
        if ["m", ""].contains(error.text("message")) {
            #expect(response.error?.message == error.text("message"), "\(id)")
        }
    }
}
