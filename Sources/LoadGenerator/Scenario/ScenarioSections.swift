package import IntentProtocol

/// A gateway that is called.
package struct ScenarioTarget: ScenarioSection, Sendable {
    package var url: String?
    package var name: String?
    package var weight: Double?

    package init() {}

    static var keys: [ScenarioKey<ScenarioTarget>] {
        [
            .text("url", \.url, isRequired: true, "`http://host:port` or the same with https."),
            .text("name", \.name, default: "the URL", "What reports call it."),
            .number("weight", \.weight, 0...1e6, default: "1", "Its part of all requests, in relation to the others."),
        ]
    }
}

/// A part of a run and the rate in it.
package struct ScenarioArrivals: ScenarioSection, Sendable {
    package var rate: Double?
    package var endRate: Double?
    package var seconds: Double?
    package var spikes: ScenarioSpikes?

    package init() {}

    static var keys: [ScenarioKey<ScenarioArrivals>] {
        [
            .number("rate", \.rate, 0...1e7, isRequired: true, "Requests a second, all targets together."),
            .number(
                "endRate", \.endRate, 0...1e7, default: "rate",
                "The rate at the end of the part; it changes evenly until then."),
            .number("seconds", \.seconds, 0.001...2_592_000, isRequired: true, "How long the part takes."),
            .section("spikes", \.spikes, "Higher rates that come again and again. Not with `endRate`."),
        ]
    }
}

/// Spikes within a part of a run.
package struct ScenarioSpikes: ScenarioSection, Sendable {
    package var rate: Double?
    package var everySeconds: Double?
    package var lastSeconds: Double?

    package init() {}

    static var keys: [ScenarioKey<ScenarioSpikes>] {
        [
            .number("rate", \.rate, 0...1e7, isRequired: true, "Requests a second while a spike lasts."),
            .number(
                "everySeconds", \.everySeconds, 0.01...86_400, isRequired: true,
                "From the beginning of one to that of the next; the first one comes that long after the part began."),
            .number("lastSeconds", \.lastSeconds, 0.001...86_400, isRequired: true, "How long each lasts."),
        ]
    }
}

/// Times of a file.
package struct ScenarioReplay: ScenarioSection, Sendable {
    package var file: String?
    package var speed: Double?

    package init() {}

    static var keys: [ScenarioKey<ScenarioReplay>] {
        [
            .text("file", \.file, isRequired: true, "One time a line, in seconds, rising."),
            .number("speed", \.speed, 0.001...1_000, default: "1", "2 sends twice as fast."),
        ]
    }
}

/// Something that is asked.
package struct ScenarioEntry: ScenarioSection, Sendable {
    package var name: String?
    package var intent: String?
    package var version: String?
    package var payload: JSONObject?
    package var payloadFile: String?
    package var priority = IntentPriority.normal
    package var strategy = RoutingStrategy.direct
    package var targetAgent: String?
    package var weight: Double?
    package var callers: [String] = []

    package init() {}

    static var keys: [ScenarioKey<ScenarioEntry>] {
        [
            .text("name", \.name, default: "intent:version", "What reports call it."),
            .text("intent", \.intent, isRequired: true, "The intent's name."),
            .text("version", \.version, default: "\"1.0\"", "The intent's version, in quotes."),
            .object("payload", \.payload, default: "{}", "The payload. Excludes `payloadFile`."),
            .text("payloadFile", \.payloadFile, "A file with the payload as JSON."),
            .word("priority", \.priority, default: .normal, "The envelope's priority."),
            .word("strategy", \.strategy, default: .direct, "How agents are gone through."),
            .text("targetAgent", \.targetAgent, "The agent that is wanted."),
            .number("weight", \.weight, 0...1e6, default: "1", "Its part of all requests, in relation to the others."),
            .texts("callers", \.callers, default: "all", "Names of the callers who ask it."),
        ]
    }
}

/// Who asks.
package struct ScenarioCaller: ScenarioSection, Sendable {
    package var name: String?
    package var tokenFile: String?
    package var tokenVariable: String?
    package var mint: ScenarioMint?
    package var weight: Double?

    package init() {}

    static var keys: [ScenarioKey<ScenarioCaller>] {
        [
            .text("name", \.name, isRequired: true, "What entries and reports call it."),
            .text("tokenFile", \.tokenFile, "A file of tokens, one a line, taken with equal chances."),
            .text("tokenVariable", \.tokenVariable, "An environment variable that holds the token."),
            .section("mint", \.mint, "Tokens that are made for the run, for an issuer that is ours."),
            .number(
                "weight", \.weight, 0...1e6, default: "1",
                "Its part of each entry's requests, in relation to the others."),
        ]
    }
}

/// Tokens that are made when a run begins; for gateways that believe a development issuer.
package struct ScenarioMint: ScenarioSection, Sendable {
    package var keyFile: String?
    package var keyId: String?
    package var issuer: String?
    package var audience: String?
    package var subject: String?
    package var roles = ["user"]
    package var tenant: String?
    package var count = 1

    package init() {}

    static var keys: [ScenarioKey<ScenarioMint>] {
        [
            .text("keyFile", \.keyFile, isRequired: true, "The issuer's RSA private key, a PEM file that is there."),
            .text("keyId", \.keyId, default: "development", "The key's name in the issuer's JWKS."),
            .text("issuer", \.issuer, default: "http://127.0.0.1:9400", "The `iss` claim."),
            .text("audience", \.audience, default: "intentusnet", "The `aud` claim."),
            .text("subject", \.subject, default: "load", "The `sub` claim."),
            .texts("roles", \.roles, default: "[user]", "The `roles` claim."),
            .text(
                "tenant", \.tenant, default: "none",
                "The `tenant` claim; `#` in it becomes the number of the token, from 1: `tenant-#`."),
            .integer("count", \.count, 1...100_000, default: 1, "How many tokens, taken with equal chances."),
        ]
    }
}

/// How https is spoken.
package struct ScenarioTLS: ScenarioSection, Sendable {
    package var certificateFile: String?
    package var keyFile: String?
    package var trustBundleFiles: [String] = []
    package var gatewayPrincipal: String?

    package init() {}

    static var keys: [ScenarioKey<ScenarioTLS>] {
        [
            .text("certificateFile", \.certificateFile, "Our certificate for mutual TLS, a PEM file; with `keyFile`."),
            .text("keyFile", \.keyFile, "The certificate's key, a PEM file."),
            .texts(
                "trustBundleFiles", \.trustBundleFiles, default: "the system's authorities",
                "Who vouches for gateways, PEM files."),
            .text(
                "gatewayPrincipal", \.gatewayPrincipal, default: "none: the host's name counts",
                "The service that gateways must be: `cluster.local/ns/default/sa/gateway`."),
        ]
    }
}
