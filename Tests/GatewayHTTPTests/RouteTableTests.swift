import Testing

@testable import GatewayHTTP

@Suite("The table of routes")
struct RouteTableTests {
    private func match(_ method: String, _ target: String) -> Result<RouteTable.Match, HTTPRefusal> {
        Array(method.utf8).withUnsafeBytes { method in
            Array(target.utf8).withUnsafeBytes { target in
                do throws(HTTPRefusal) {
                    return .success(try TestServer.routes.match(method: method, target: target))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    @Test("finds exact paths and methods")
    func exact() throws {
        #expect(try match("POST", "/api/v1/intent").get() == .init(index: 0, method: .post))
        #expect(try match("GET", "/api/v1/agents").get() == .init(index: 1, method: .get))
        #expect(try match("POST", "/api/v1/agents").get() == .init(index: 1, method: .post))
    }

    @Test("finds parameters")
    func parameters() throws {
        let found = try match("PUT", "/api/v1/agents/summarizer/instances/a.b_c-9").get()
        #expect(found == .init(index: 2, method: .put, parameters: ["summarizer", "a.b_c-9"]))
        let longest = String(repeating: "a", count: 128)
        #expect(try match("DELETE", "/api/v1/agents/\(longest)/instances/x").get().parameters[0] == longest)
    }

    @Test(
        "knows nothing at a path that is not in it",
        arguments: [
            "/", "/api/v1/intent/", "/api/v1/inten", "/api/v1/intents", "/API/v1/intent", "/api/v1/agents/a",
            "/api/v1/agents/a/instances",
            "/api/v1/agents/a/instances/", "/api/v1/agents/a/instances/b/", "/api/v1/agents/a/instances/b/c",
            "/api/v1/agents/a,b/instances/b",
            "/api/v1/agents/a:b/instances/b", "/x",
        ])
    func notFound(_ target: String) {
        #expect(match("POST", target).reason == .notFound)
        #expect(match("PUT", target).reason == .notFound)
    }

    @Test("knows nothing at a parameter that is too long")
    func longParameter() {
        #expect(match("PUT", "/api/v1/agents/\(String(repeating: "a", count: 129))/instances/b").reason == .notFound)
    }

    @Test(
        "S14 refuses what another server might read as another path",
        arguments: [
            "/api/v1%2Fintent", "/api/v1/inten%74", "/api/v1/intent%00", "//api/v1/intent", "/api//v1/intent",
            "/api/v1/intent//",
            "/api/v1/./intent", "/api/v1/../v1/intent", "/api/v1/x/../intent", "/..", "/.", "/api/v1/intent;a=b",
            "/api;/v1/intent",
            "/api\\v1\\intent", "/api/v1/intent#a", "/api/v1/intent?a=b", "/api/v1/intent?",
            "http://gateway/api/v1/intent", "*",
            "api/v1/intent", "gateway:443", "/api/v1/agents/../instances/b", "/api/v1/agents/./instances/b",
            "/api/v1/agents/.../instances/b", "/api/v1/agents/a%2e/instances/b", "/api/v1/agents//instances/b",
        ])
    func notCanonical(_ target: String) {
        #expect(match("POST", target).reason == .badRequest)
        #expect(match("PUT", target).reason == .badRequest)
    }

    @Test(
        "names the methods of a path that another one asked for",
        arguments: [
            ("GET", "/api/v1/intent", "POST"), ("post", "/api/v1/intent", "POST"),
            ("HEAD", "/api/v1/agents", "GET, POST"),
            ("OPTIONS", "/api/v1/agents", "GET, POST"), ("POSTS", "/api/v1/intent", "POST"),
            ("GET", "/api/v1/agents/a/instances/b", "PUT, DELETE"),
        ])
    func methodNotAllowed(_ method: String, _ target: String, _ allow: String) {
        guard case .failure(let refusal) = match(method, target) else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.reason == .methodNotAllowed)
        #expect(refusal.allow == allow)
    }

    @Test("a table that takes queries finds the path before it, and refuses bytes that do not belong into one")
    func queries() throws {
        let table = RouteTable([.init("/a", [.get]), .init("/b/{x}", [.get])], takesQueries: { true })
        func index(_ target: String) -> Int? {
            Array(target.utf8).withUnsafeBytes { target in
                Array("GET".utf8).withUnsafeBytes { try? table.match(method: $0, target: target).index }
            }
        }
        for target in ["/a", "/a?", "/a?x=1&y=%20", "/a?/../b?c"] { #expect(index(target) == 0, "\(target)") }
        #expect(index("/b/c?x") == 1)
        for target in ["/a?x#y", "/a?\\", "/a?\"", "/a?<", "/a/?x", "/A?x", "/a%3Fx", "?x", "/b/?x", "//a?x"] {
            #expect(index(target) == nil, "\(target)")
        }
    }
}
