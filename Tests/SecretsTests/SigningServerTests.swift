import Foundation
import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

@testable import Secrets

/// A server that computes each signature anew with botocore, Amazon's own library, and answers only where it is the same.
private final class SigningServer: Sendable {
    static let keys = [
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    ]

    let port: Int
    private let folder: PrivateFolder
    private let process: SpawnedProcess

    init() throws {
        port = try FreePorts.next()
        folder = try PrivateFolder()
        process = try SpawnedProcess(
            [OpenBao.python, "-c", Self.program, "\(port)"], log: folder.file("signing.log"))
        let (port, folder) = (port, folder)
        try Deadline.wait(for: "the server: \(folder.tail(of: "signing.log"))", milliseconds: 30_000) {
            try PlainHTTP.get("/", port: port).contains("ready")
        }
    }

    private static let program = """
        import sys, json, datetime
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from unittest import mock
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        SECRETS = {"AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "ASIAEXAMPLE": "temporary"}
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status); self.send_header("content-length", str(len(body))); self.end_headers()
                self.wfile.write(body)
            def do_GET(self): self.answer(200, "ready")
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                given = self.headers["authorization"]
                scope = given.split("Credential=")[1].split(",")[0].split("/")
                signed = given.split("SignedHeaders=")[1].split(",")[0].split(";")
                if not {"host", "x-amz-date", "x-amz-target", "content-type"} <= set(signed):
                    return self.answer(400, {"__type": "IncompleteSignature"})
                when = datetime.datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
                age = abs((datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - when).total_seconds())
                if age > 300: return self.answer(400, {"__type": "InvalidSignatureException"})
                headers = {n: self.headers[n] for n in signed if n != "x-amz-date" and n != "x-amz-security-token"}
                token = self.headers["x-amz-security-token"]
                request = AWSRequest(method="POST", url="http://" + self.headers["host"] + self.path, data=body, headers=headers)
                with mock.patch("botocore.auth.get_current_datetime", return_value=when):
                    SigV4Auth(Credentials(scope[0], SECRETS[scope[0]], token), scope[3], scope[2]).add_auth(request)
                if request.headers["Authorization"] != given:
                    return self.answer(403, {"__type": "InvalidSignatureException", "message": "not the same"})
                self.answer(200, {"SecretString": "hunter2 for " + scope[2] + " " + scope[3], "VersionId": "1"})
            def log_message(self, *words): pass
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """
}

/// Changes a request on its way, as somebody between would.
private struct Tampering: ServiceTransport {
    let change: @Sendable (inout ServiceRequest) -> Void

    func send(_ request: ServiceRequest) async throws(SourceFault) -> ServiceReply {
        var request = request
        change(&request)
        return try await HTTPTransport(service: "AWS", authorityFile: nil, timeoutMilliseconds: 5_000).send(request)
    }
}

@Suite("Signed requests before a server that checks them", .serialized)
struct SigningServerTests {
    private static let server = Result { try SigningServer() }

    private func text(
        _ variables: [String: String] = SigningServer.keys, unixOffset: Int64 = 0,
        _ change: @escaping @Sendable (inout ServiceRequest) -> Void = { _ in }
    ) async throws -> String {
        let server = try Self.server.get()
        var around = SecretSurroundings(environment: variables, folder: "")
        around.sleep = { _ in }
        let clock = around.unixSeconds
        around.unixSeconds = { clock() + unixOffset }
        let source = AWSSource(
            try .local("http://127.0.0.1:\(server.port)"), transport: Tampering(change: change), around: around)
        return try await source.secret("app/ä b", member: nil, versionStage: nil, versionId: nil).text
    }

    @Test("what is sent is what is signed, with lasting and with temporary credentials")
    func accepted() async throws {
        #expect(try await text() == "hunter2 for eu-central-1 secretsmanager")
        let temporary = [
            "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "temporary", "AWS_SESSION_TOKEN": "a/b+c==",
        ]
        #expect(try await text(temporary) == "hunter2 for eu-central-1 secretsmanager")
    }

    @Test("whatever is changed on the way, or signed with another key or at another time, is refused", arguments: 0..<6)
    func tampered(_ which: Int) async throws {
        let found = await caught {
            switch which {
            case 0:
                try await text {
                    $0.body = Array(String(decoding: $0.body, as: UTF8.self).replacing("app", with: "prd").utf8)
                }
            case 1: try await text { Self.set("x-amz-target", "secretsmanager.PutSecretValue", &$0) }
            case 2:
                try await text { Self.set("x-amz-date", AWSTime.basic(Int64(Date().timeIntervalSince1970) + 1), &$0) }
            case 3: try await text(["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "another"])
            case 4: try await text { $0.url += "?x=1" }
            default: try await text(unixOffset: -3_600)
            }
        }
        #expect(found?.kind == .denied)
        #expect(found?.problem.contains("InvalidSignatureException") == true, "\(found?.problem ?? "nothing")")
    }

    private static func set(_ name: String, _ value: String, _ request: inout ServiceRequest) {
        for index in request.headers.indices where request.headers[index].name == name {
            request.headers[index].value = value
        }
    }

    private func caught(_ work: () async throws -> String) async -> SourceFault? {
        do {
            _ = try await work()
            return nil
        } catch {
            return error as? SourceFault
        }
    }
}
