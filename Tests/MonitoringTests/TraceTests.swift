import Foundation
import IntentProtocol
import IntentusClient
import NIOSSL
import RedisFixtures
import Synchronization
import Testing

/// Traces of a real gateway, a worker and a client of ours, before a receiver written from the OTLP document.
@Suite("Traces", .serialized)
struct TraceTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    /// A gateway that sends its spans somewhere, and a worker.
    private struct Scene: Sendable {
        let gateway: MonitoredGateway
        let worker: BehavingWorker

        /// - Parameter traces: the `traces:` of the gateway, in flow style and without its braces.
        init(traces: String, worker: BehavingWorker, tokenText: String = "", more: String = "") throws {
            gateway = try MonitoredGateway()
            self.worker = worker
            _ = try gateway.folder.write("token.txt", tokenText)
            try gateway.configure(
                workerPort: worker.port, extra: "audit: { output: none }\ntraces: { \(traces) }\n" + more)
            try gateway.start()
        }

        func end() {
            gateway.kill9()
            try? worker.stop()
        }

        /// Sends one request by hand.
        func post(_ more: [String] = [], token: String? = try? MonitoredGateway.token()) throws -> String {
            try PlainHTTP.exchange(
                MonitoredGateway.request(token: token, more: more + ["connection: close"]), port: gateway.port)
        }

        /// The value of a metric.
        func metric(_ line: String) throws -> Double? {
            let text = try PlainHTTP.get("/metrics", port: gateway.adminPort)
            return text.split(separator: "\n").first { $0.hasPrefix(line + " ") }.flatMap {
                Double($0.dropFirst(line.count + 1).trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
    }

    @Test("client, gateway and worker are one trace: right parents, times inside each other, stages, and no secret")
    func joined() async throws {
        let receiver = try OTLPReceiver()
        let worker = try BehavingWorker()
        let traces = { (name: String, ratio: Double) in
            var settings = TraceSettings(endpoint: receiver.endpoint, serviceName: name)
            settings.ratio = ratio
            settings.everyMilliseconds = 50
            return try IntentTraces(settings)
        }
        let (ofClient, ofWorker) = (try traces("front", 1), try traces("summarizer", 0))
        worker.keep(ofWorker)
        let scene = try await offPool {
            try worker.start()
            return try Scene(
                traces:
                    "endpoint: \"\(receiver.endpoint)\", keptPerMillion: 0, parents: followed, everyMilliseconds: 50",
                worker: worker)
        }
        defer { scene.end() }
        var configuration = IntentusClient.Configuration()
        configuration.traces = ofClient
        let token = try MonitoredGateway.token()
        let client = IntentusClient(
            gateway: "http://127.0.0.1:\(scene.gateway.port)", token: .fixed(token), configuration: configuration)
        let answer: [String: Bool] = try await client.call(
            "SummarizeIntent", payload: ["text": "a secret of the payload"])
        #expect(answer == ["ok": true])
        // The worker's span ends behind its answer: an exporter that is shut down before takes it no more.
        let spans = try await offPool { try receiver.waitForSpans(4) }
        try await client.shutdown()
        await ofClient.shutdown()
        await ofWorker.shutdown()

        #expect(spans.count == 4 && Set(spans.map(\.traceId)).count == 1)
        let root = try #require(spans.first { $0.parentSpanId == nil })
        func child(of span: ReceivedSpan) throws -> ReceivedSpan {
            try #require(spans.first { $0.parentSpanId == span.spanId }, "nothing below \(span.name)")
        }
        let server = try child(of: root)
        let call = try child(of: server)
        let work = try child(of: call)
        #expect([root, server, call, work].map(\.kind) == [3, 2, 3, 2])
        #expect(
            [root, server, call, work].map(\.name) == [
                "SummarizeIntent", "POST /api/v1/intent", "POST", "POST /execute-agent",
            ])
        #expect(
            [root, server, call, work].map { $0.resource["service.name"] } == [
                "front", "api-gateway", "api-gateway", "summarizer",
            ])
        // One machine, and so one clock; it is read in microseconds or better.
        for (outer, inner) in [(root, server), (server, call), (call, work)] {
            #expect(outer.start <= inner.start + 1_000_000 && inner.end <= outer.end + 1_000_000)
        }
        #expect(
            server.events.map(\.name)
                == [
                    "peer_identity", "authentication", "envelope", "authorization", "policy", "admission", "route",
                    "worker_call",
                ].map { "intentusnet.stage.\($0)" })
        #expect(server.events.map(\.time) == server.events.map(\.time).sorted())
        #expect(server.events.allSatisfy { $0.time >= server.start && $0.time <= server.end })
        #expect(
            server.attributes["http.request.method"] == "POST"
                && server.attributes["http.response.status_code"] == "200")
        #expect(server.attributes["intentusnet.intent.name"] == "SummarizeIntent")
        #expect(
            server.attributes["intentusnet.agent.name"] == "summarizer" && server.attributes["url.scheme"] == "http")
        #expect(
            call.attributes["server.port"] == "\(worker.port)" && call.attributes["http.response.status_code"] == "200")
        #expect(spans.allSatisfy { $0.statusCode == 0 && $0.attributes["error.type"] == nil })
        #expect(worker.traces.last?.traceId == root.traceId && worker.traces.last?.isSampled == true)
        for request in receiver.requests {
            let text = String(decoding: request.body, as: UTF8.self)
            #expect(!text.contains(token) && !text.contains("a secret of the payload"))
            #expect(request.path == "/v1/traces" && request.headers["content-type"] == "application/json")
        }
        receiver.stop()
    }

    @Test("a caller that keeps nothing has nothing kept, whatever is configured; all it says is passed on")
    func unsampled() async throws {
        let receiver = try OTLPReceiver()
        defer { receiver.stop() }
        try await offPool {
            let worker = try BehavingWorker.started()
            let scene = try Scene(
                traces: "endpoint: \"\(receiver.endpoint)\", keptPerMillion: 1000000, parents: followed, "
                    + "everyMilliseconds: 50", worker: worker)
            defer { scene.end() }
            let answer = try scene.post([
                "traceparent: \(Self.parent)-00", "tracestate: a=1,b=2", "baggage: tenant=acme", "baggage: k=v;p",
            ])
            #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
            let seen = try #require(worker.traces.last)
            #expect(seen.traceparent == "\(Self.parent)-00")
            #expect(seen.tracestate == "a=1,b=2" && seen.baggage == "tenant=acme,k=v;p")
            // What is malformed is left out, and the request goes on; the trace begins here then.
            _ = try scene.post(["traceparent: \(Self.parent)-0", "tracestate: A", "baggage: ,"])
            let own = try #require(worker.traces.last)
            #expect(own.traceId != seen.traceId && own.isSampled && own.tracestate == nil && own.baggage == nil)
            let spans = try receiver.waitForSpans(2)
            #expect(spans.allSatisfy { $0.traceId == own.traceId } && spans.count == 2)
            #expect(spans.first { $0.kind == 2 }?.parentSpanId == nil)
        }
    }

    @Test(
        "parents: ignored keeps nobody's trace for the asking, and tells workers so; without traces: all is passed on")
    func ignoredParents() async throws {
        let receiver = try OTLPReceiver()
        defer { receiver.stop() }
        try await offPool {
            let worker = try BehavingWorker.started()
            let scene = try Scene(
                traces:
                    "endpoint: \"\(receiver.endpoint)\", keptPerMillion: 0, parents: ignored, everyMilliseconds: 50",
                worker: worker)
            defer { scene.end() }
            _ = try scene.post(["traceparent: \(Self.parent)-01"])
            #expect(worker.traces.last?.traceparent == "\(Self.parent)-00")
            // A trace that begins here and is not kept: workers must not begin to keep it either.
            _ = try scene.post()
            #expect(worker.traces.last?.isSampled == false)
            try scene.gateway.stop()
            #expect(receiver.requests.isEmpty)
        }
    }

    @Test("unless told otherwise services decide whether their traces are kept, and nobody else: by no flag, and no id")
    func parentsOfServices() async throws {
        let receiver = try OTLPReceiver()
        defer { receiver.stop() }
        try await offPool {
            let worker = try BehavingWorker.started()
            let scene = try Scene(
                traces: "endpoint: \"\(receiver.endpoint)\", keptPerMillion: 1, everyMilliseconds: 50", worker: worker,
                more: "mesh: { trustDomain: cluster.local, trustedProxies: [loopback] }\n")
            defer { scene.end() }
            let zeros = "00-4bf92f3577b34da6\(String(repeating: "0", count: 16))-00f067aa0ba902b7"
            for parent in [Self.parent, zeros] {
                // A user, whatever the token says; and nobody at all, whose request is refused.
                _ = try scene.post(["traceparent: \(parent)-01"])
                #expect(worker.traces.last?.traceparent == "\(parent)-00")
                _ = try scene.post(["traceparent: \(parent)-01"], token: nil)
            }
            let service = "x-forwarded-client-cert: Hash=1;URI=spiffe://cluster.local/ns/web/sa/front"
            let answer = try scene.post(["traceparent: \(Self.parent)-01", service])
            #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
            #expect(worker.traces.last?.isSampled == true)
            _ = try scene.post(["traceparent: \(Self.parent)-00", service])
            #expect(worker.traces.last?.traceparent == "\(Self.parent)-00")
            try scene.gateway.stop()
            let spans = try receiver.waitForSpans(2)
            #expect(spans.count == 2 && spans.first { $0.kind == 2 }?.parentSpanId == "00f067aa0ba902b7")
        }
    }

    @Test("refused requests are spans, too, and no faults; failures of workers are")
    func refused() async throws {
        let receiver = try OTLPReceiver()
        defer { receiver.stop() }
        try await offPool {
            let worker = try BehavingWorker.started()
            let scene = try Scene(
                traces: """
                    endpoint: "\(receiver.endpoint)", keptPerMillion: 1000000, everyMilliseconds: 60000,
                      headers: [{ name: x-token, valueFile: token.txt }, { name: x-plain, value: plain }]
                    """, worker: worker, tokenText: "s3cret\n")
            defer { scene.end() }
            _ = try scene.post(token: nil)
            worker.become(.fails)
            _ = try scene.post()
            try worker.stop()
            _ = try scene.post()
            // Nothing was sent yet: it is, when the gateway stops.
            #expect(receiver.requests.isEmpty)
            try scene.gateway.stop()
            let spans = try receiver.waitForSpans(5)
            let servers = spans.filter { $0.kind == 2 }
            #expect(
                servers.map { $0.attributes["error.type"] } == [
                    "UNAUTHORIZED", "INTERNAL_AGENT_ERROR", "AGENT_UNAVAILABLE",
                ])
            #expect(servers.map(\.statusCode) == [0, 2, 2])
            #expect(servers.map { $0.attributes["http.response.status_code"] } == ["401", "502", "503"])
            #expect(servers[0].events.last?.name == "intentusnet.stage.authentication")
            let calls = spans.filter { $0.kind == 3 }
            #expect(calls.map { $0.attributes["error.type"] } == [nil, "connect_failed"])
            #expect(
                receiver.requests.allSatisfy { $0.headers["x-token"] == "s3cret" && $0.headers["x-plain"] == "plain" })
            #expect(!scene.gateway.log.contains("s3cret"))
        }
    }

    @Test("spans go by TLS to whom the configured authority vouches for, and to nobody else; the commands join in")
    func tls() async throws {
        let certificates = try TestCertificates()
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificates.server.certificateFile).map {
                    .certificate($0)
                }, privateKey: .privateKey(try NIOSSLPrivateKey(file: certificates.server.keyFile, format: .pem))))
        let receiver = try OTLPReceiver(tls: context)
        let plain = try OTLPReceiver()
        defer {
            receiver.stop()
            plain.stop()
        }
        try await offPool {
            let worker = try BehavingWorker.started()
            for (authority, takes) in [(certificates.authority, true), (certificates.otherAuthority, false)] {
                let before = receiver.requests.count
                let scene = try Scene(
                    traces: "endpoint: \"https://127.0.0.1:\(receiver.port)/v1/traces\", keptPerMillion: 1000000, "
                        + "everyMilliseconds: 50, tls: { caFile: \"\(authority.certificateFile)\" }", worker: worker)
                defer { scene.gateway.kill9() }
                // The command begins a trace of its own, and keeps it.
                let output = try SpawnedProcess.run(
                    [
                        try BuiltCommand.path, "send", "SummarizeIntent", "--gateway",
                        "http://127.0.0.1:\(scene.gateway.port)", "--payload", "{}", "--token",
                        try MonitoredGateway.token(), "--traces", plain.endpoint,
                    ], in: scene.gateway.folder)
                #expect(output.contains("\"success\""), "\(output)")
                let sent = try #require(try plain.waitForSpans(1).last)
                #expect(sent.resource["service.name"] == "intentusnet-send" && sent.parentSpanId == nil)
                if takes {
                    let spans = try receiver.waitForSpans(2)
                    #expect(spans.allSatisfy { $0.traceId == sent.traceId })
                } else {
                    try scene.gateway.stop()
                    #expect(receiver.requests.count == before)
                }
            }
            try worker.stop()
        }
    }

    @Test(
        "a receiver that is down, silent, busy or refuses costs no request anything; what is lost is counted",
        arguments: [
            "down", "silent", "busy", "refuses",
        ])
    func receiver(_ trouble: String) async throws {
        let receiver = try OTLPReceiver(
            trouble == "busy"
                ? [.says(429, retryAfter: 1), .says(503), .takes] : trouble == "refuses" ? [.says(400)] : [.isSilent])
        try await offPool {
            let worker = try BehavingWorker.started()
            let endpoint = trouble == "down" ? "http://127.0.0.1:\(try FreePorts.next())/v1/traces" : receiver.endpoint
            let scene = try Scene(
                traces:
                    "endpoint: \"\(endpoint)\", keptPerMillion: 1000000, everyMilliseconds: 50, queueSpansMax: 512, "
                    + "batchSpansMax: 64, timeoutMilliseconds: 1000, flushMilliseconds: 300", worker: worker)
            defer { scene.end() }
            let began = ContinuousClock.now
            for _ in 0..<20 { #expect(try scene.post().hasPrefix("HTTP/1.1 200")) }
            #expect(began.duration(to: .now) < .seconds(5), "requests wait for the receiver")
            let dropped = { (reason: String) in
                try scene.metric("intentusnet_trace_spans_dropped_total{reason=\"\(reason)\"}") ?? -1
            }
            switch trouble {
            case "busy":
                try Deadline.wait(for: "spans that came later", milliseconds: 15_000) {
                    try scene.metric("intentusnet_trace_spans_exported_total") == 40
                }
                #expect(receiver.requests.count >= 3)
                // A second was asked for, and a back-off of our own follows.
                #expect(began.duration(to: .now) > .milliseconds(1_900))
                #expect(try dropped("undelivered") == 0)
            case "refuses":
                try Deadline.wait(for: "spans that were refused", milliseconds: 10_000) { try dropped("refused") == 40 }
            default:
                // Each refusal is a span; the queue holds 512.
                let request = Array(repeatElement(MonitoredGateway.request(token: nil), count: 49).joined())
                let last = MonitoredGateway.request(token: nil, more: ["connection: close"])
                for _ in 0..<14 { _ = try PlainHTTP.exchange(request + last, port: scene.gateway.port) }
                #expect(try dropped("queue_full") > 0)
                let waiting = try scene.metric("intentusnet_trace_spans_queued") ?? 0
                #expect((400...576).contains(waiting), "\(waiting)")
                let stopping = ContinuousClock.now
                try scene.gateway.stop()
                #expect(stopping.duration(to: .now) < .seconds(5), "the end waits for the receiver")
            }
        }
        receiver.stop()
    }
}
