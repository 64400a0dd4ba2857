import Documents
import GatewayConfiguration
import Testing

@Suite("traces in the configuration")
struct TracesSectionTests {
    private func read(_ traces: String) -> GatewayConfiguration.Reading {
        GatewayConfiguration.read(usableFile + "traces: \(traces)\n", file: "/c/g.yaml")
    }

    @Test("what is not said has a default; without the section nothing is kept")
    func defaults() throws {
        #expect(try #require(GatewayConfiguration.read(usableFile, file: "g.yaml").configuration).traces == nil)
        let reading = read(#"{ endpoint: "https://collector:4318/v1/traces" }"#)
        let traces = try #require(reading.configuration?.traces, "\(reading.errors)")
        #expect(traces.keptPerMillion == 10_000 && traces.parents == .services && traces.queueSpansMax == 8_192)
        #expect(reading.diagnostics.isEmpty)
        let local = read(
            #"{ endpoint: "http://127.0.0.1:4318/v1/traces", headers: [{ name: authorization, valueFile: secret://env/OTLP }] }"#
        )
        #expect(local.diagnostics.isEmpty, "\(local.diagnostics)")
        #expect(local.secrets.map(\.key) == ["traces.headers[0].valueFile"])
    }

    @Test(
        "refuses what cannot work or is not safe, and says where",
        arguments: [
            ("{ keptPerMillion: 1 }", "traces.endpoint"),
            (#"{ endpoint: "collector:4318" }"#, "must be a URL that begins with https:// or http://"),
            (#"{ endpoint: "http://collector:4318/v1/traces" }"#, "spans and headers could be read on the way"),
            (#"{ endpoint: "https://c/v1/traces", sampleRatio: 1 }"#, "unknown key"),
            (#"{ endpoint: "https://c/v1/traces", keptPerMillion: 1000001 }"#, "from 0 to 1000000"),
            (#"{ endpoint: "https://c/v1/traces", parents: sometimes }"#, "followed"),
            (
                #"{ endpoint: "https://c/v1/traces", queueSpansMax: 512, batchSpansMax: 513 }"#,
                "traces.batchSpansMax must not be above"
            ),
            (#"{ endpoint: "http://127.0.0.1/t", tls: { caFile: ca.pem } }"#, "traces.tls is for an https endpoint"),
            (#"{ endpoint: "https://c/t", headers: [{ name: a }] }"#, "must have either value or valueFile"),
            (
                #"{ endpoint: "https://c/t", headers: [{ name: a, value: b, valueFile: c }] }"#,
                "must have either value or valueFile"
            ),
            (#"{ endpoint: "https://c/t", headers: [{ name: "a b", value: c }] }"#, "a header name"),
            (#"{ endpoint: "https://c/t", headers: [{ name: Host, value: c }] }"#, "a header name"),
            (#"{ endpoint: "https://c/t", headers: [{ name: a, value: b }, { name: A, value: c }] }"#, "already used"),
            (#"{ endpoint: "https://c/t", headers: [{ name: a, value: "b\r\nc: d" }] }"#, "traces.headers[0].value"),
        ])
    func refused(traces: String, message: String) {
        let errors = read(traces).errors.map(\.description)
        #expect(errors.contains { $0.contains(message) }, "\(errors)")
    }

    @Test("warns of a secret in plain text")
    func warned() {
        let warnings = read(#"{ endpoint: "https://c/t", headers: [{ name: Authorization, value: "Bearer x" }] }"#)
            .warnings
        #expect(
            warnings.contains { "\($0)".contains("traces.headers[0] holds what looks like a secret") }, "\(warnings)")
    }
}
