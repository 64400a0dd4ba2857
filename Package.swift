// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// One name for each product of another package, so that the rooms below read as a list of what they may import.
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")

/// In the rooms of the data plane an async function runs where its caller runs: no switch of executors on the way.
let nonsending = strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

/// A room of the house: a library target under Sources/ with strict settings.
func room(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = strict) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of a room, under Tests/.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "intentusnet",
    products: [
        .executable(name: "intentusnet", targets: ["intentusnet"]),
        .library(name: "IntentProtocol", targets: ["IntentProtocol"]),
        .library(name: "IntentusClient", targets: ["IntentusClient"]),
        .library(name: "IntentusWorker", targets: ["IntentusWorker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),  // tests only: an independent issuer
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),

        // Pure rooms: no sockets, no clock, no randomness, no environment, no files.
        room("IntentProtocol", [crypto]),
        room("Documents", [yams]),
        room("Traces", ["IntentProtocol"]),
        room("Identity", ["IntentProtocol", "COpenSSL", crypto]),
        room("Authorization", ["IntentProtocol", "Documents"], nonsending),
        room("IntentPolicy", ["IntentProtocol", "Documents", "CPCRE2"]),
        room("RateLimiting", ["IntentProtocol"], nonsending),
        room("Routing", ["IntentProtocol"]),
        room("Encryption", ["COpenSSL", "Documents", "IntentProtocol", crypto]),
        room(
            "Gateway",
            [
                "Authorization", "Encryption", "IntentProtocol", "Identity", "IntentPolicy", "RateLimiting", "Routing",
                "Traces",
            ],
            nonsending),
        room("GatewayConfiguration", ["Documents", "IntentProtocol"]),

        // Edges: one room for each outside thing.
        room("GatewayHTTP", [nioCore, nioPosix, nioTLS, nioSSL, nioHTTP2, nioHPACK], nonsending),
        room(
            "RedisState",
            ["CHiredis", "IntentProtocol", "Identity", "RateLimiting", "Routing", crypto, nioCore, nioPosix, nioSSL],
            nonsending),
        room("TraceExport", ["GatewayHTTP", "IntentProtocol", "Traces"]),
        room("KeySources", ["Identity", httpClient, nioCore, nioHTTP1, nioSSL]),
        room("Secrets", ["IntentProtocol", crypto, httpClient, nioCore, nioHTTP1, nioSSL]),
        room("Observability", ["Gateway", "IntentProtocol", "Machine", "Traces", crypto, logging]),
        .target(
            name: "AdminServer",
            dependencies: [
                "Authorization", "Gateway", "GatewayHTTP", "Identity", "IntentProtocol", "Observability",
                "RateLimiting",
                nioCore, lifecycle,
            ],
            resources: ["openapi.json", "console.html", "console.css", "console.js"].map {
                .embedInCode("Resources/\($0)")
            }, swiftSettings: nonsending),
        room("DevelopmentIssuer", [cryptoExtras, httpTypes, hummingbird, logging, nioCore]),
        room("DevelopmentAuthority", ["IntentProtocol", asn1, crypto, x509]),
        room("CertificateFiles", ["GatewayHTTP"]),
        room("Machine", []),
        room(
            "IntentusClient",
            [
                "CertificateFiles", "Documents", "Encryption", "GatewayHTTP", "Identity", "IntentProtocol", "Machine",
                "TraceExport", "Traces", crypto, nioPosix,
            ]),
        room(
            "IntentusWorker",
            [
                "CertificateFiles", "Encryption", "GatewayHTTP", "Identity", "IntentProtocol", "IntentusClient",
                "Machine", "Secrets", "Traces", logging, lifecycle, nioPosix,
            ]),

        room(
            "LoadGenerator",
            [
                "Documents", "Encryption", "GatewayHTTP", "IntentProtocol", "IntentusClient", "Machine", histogram,
                nioCore, nioPosix,
            ]),

        // Wiring: rooms that see everything, because they put it together.
        room(
            "GatewayNode",
            [
                "Authorization", "CertificateFiles", "Encryption", "Gateway", "GatewayConfiguration", "GatewayHTTP",
                "KeySources", "Machine",
                "Observability",
                "AdminServer", "Documents", "Identity", "IntentPolicy", "IntentProtocol", "RateLimiting", "RedisState",
                "Routing", "Secrets", "TraceExport", "Traces",
                crypto, nioCore, nioPosix, nioSSL,
                logging, unixSignals,
            ], nonsending),
        .executableTarget(
            name: "intentusnet",
            dependencies: [
                "Authorization", "GatewayConfiguration", "GatewayNode", "IntentusClient", "IntentusWorker",
                "DevelopmentAuthority", "DevelopmentIssuer", "Documents", "Encryption",
                "IntentPolicy", "IntentProtocol", "LoadGenerator", "Observability", arguments, crypto, httpClient,
                logging, lifecycle,
                nioCore,
                nioHTTP1, nioSSL, unixSignals,
            ],
            swiftSettings: strict),

        // `make microbench`; not a test, for its figures mean nothing in a debug build.
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Authorization", "DevelopmentIssuer", "Documents", "Encryption", "Gateway", "GatewayNode", "Identity",
                "IntentPolicy", "IntentProtocol", "IntentusClient", "Machine", "Observability", "RateLimiting",
                "RedisState", "Routing", "Traces", nioCore, nioPosix,
            ], path: "Tests/Benchmarks", swiftSettings: strict),

        // Clocks, fakes and contract suites that several rooms are tested with.
        .target(
            name: "GatewayTesting", dependencies: ["IntentProtocol", "RateLimiting", "Routing", "Identity"],
            path: "Tests/GatewayTesting", swiftSettings: nonsending),

        // Real servers and broken ones: redis-server alone, under Sentinel and as a cluster, a proxy that fails as told.
        .target(name: "RedisFixtures", path: "Tests/RedisFixtures", swiftSettings: strict),

        // Certificates of a development authority, and a gateway's listener that shows them.
        .target(
            name: "IdentityFixtures",
            dependencies: ["DevelopmentAuthority", "GatewayHTTP", "IntentProtocol", "RedisFixtures", crypto, nioPosix],
            path: "Tests/IdentityFixtures", swiftSettings: strict),

        // A client that keeps its schedule whatever the answers do, and the servers it needs behind a gateway.
        .target(
            name: "LoadClient", dependencies: [nioCore, nioPosix], path: "Tests/LoadClient", swiftSettings: strict),

        tests("ArchitectureTests", []),
        // Gateways as processes, before real Redis that fails as told; needs the command itself beside the tests.
        tests("ClusterTests", ["DevelopmentIssuer", "Encryption", "IntentProtocol", "LoadClient", "RedisFixtures"]),
        // The listener of a gateway that is a process, before clients that are no part of this project.
        tests(
            "ListenerTests",
            ["DevelopmentIssuer", "LoadClient", "RedisFixtures", nioCore, nioPosix, nioSSL, nioTLS]),
        // What is in docker/ and k8s/, held against the program that it runs; needs the command itself beside the tests.
        tests("DeploymentTests", ["DevelopmentIssuer", "Documents", "GatewayConfiguration", "RedisFixtures"]),
        // What README and guides say to type; needs the command itself beside the tests.
        tests("ReadmeTests", ["GatewayConfiguration", "RedisFixtures"]),
        tests("RedisFixturesTests", ["RedisFixtures"]),
        tests("MachineTests", ["Machine"]),
        tests(
            "GatewayNodeTests",
            [
                "AdminServer", "DevelopmentAuthority", "DevelopmentIssuer", "Documents", "Encryption", "GatewayHTTP",
                "GatewayNode", "Identity",
                "IdentityFixtures", "IntentProtocol", "RedisFixtures", nioCore, nioPosix, nioSSL,
            ]),
        tests(
            "MeshTests",
            [
                "Authorization", "DevelopmentIssuer", "Documents", "RedisFixtures", "intentusnet", crypto, nioCore,
                nioPosix,
                nioSSL,
            ]),
        tests(
            "InteropTests",
            [
                "GatewayNode", "DevelopmentIssuer", "IntentProtocol", "IntentusWorker", "RedisFixtures", "intentusnet",
                logging, lifecycle,
            ]),
        tests("IntentProtocolTests", ["IntentProtocol"]),
        tests("DocumentsTests", ["Documents", "RedisFixtures"]),
        tests("TracesTests", ["Gateway", "GatewayHTTP", "Identity", "IntentProtocol", "TraceExport", "Traces"]),
        tests("IdentityTests", ["Identity", "IntentProtocol", "COpenSSL", crypto, jwtKit]),
        tests("AuthorizationTests", ["Authorization", "IntentProtocol", "Documents"]),
        tests("IntentPolicyTests", ["IntentPolicy", "IntentProtocol", "Documents"]),
        tests("RateLimitingTests", ["RateLimiting", "IntentProtocol", "GatewayTesting"]),
        tests("RoutingTests", ["Routing", "IntentProtocol"]),
        tests("EncryptionTests", ["Documents", "Encryption", "IntentProtocol", crypto]),
        tests(
            "SecretsTests",
            ["Secrets", "IntentProtocol", "RedisFixtures", crypto, nioCore, nioHTTP1, nioPosix, nioSSL]),
        tests("GatewayConfigurationTests", ["GatewayConfiguration", "Documents", "IntentProtocol"]),
        tests(
            "GatewayHTTPTests",
            [
                "CertificateFiles", "GatewayHTTP", "Identity", "IntentProtocol", "RedisFixtures", nioCore, nioEmbedded,
                nioPosix, nioSSL, nioHTTP2, nioHPACK,
            ]),
        tests(
            "RedisStateTests",
            [
                "RedisState", "GatewayTesting", "Identity", "IntentProtocol", "RateLimiting", "RedisFixtures",
                "Routing", nioCore, nioPosix,
            ]),
        tests("KeySourcesTests", ["KeySources", "Identity", hummingbird, httpClient, nioCore]),
        tests("ObservabilityTests", ["Observability", "Gateway", "IntentProtocol", "Traces", crypto, logging]),
        // What a gateway tells those who watch it, before a real Prometheus and a receiver of traces.
        tests(
            "MonitoringTests",
            [
                "DevelopmentAuthority", "DevelopmentIssuer", "Encryption", "IntentProtocol", "IntentusClient",
                "IntentusWorker", "LoadClient", "RedisFixtures", "intentusnet", crypto, logging, nioCore, nioHTTP1,
                nioPosix, nioSSL,
            ]),
        // The audit log of a gateway that is a process: killed, full, moved, read-only, and sent to syslog.
        tests("AuditTests", ["DevelopmentIssuer", "LoadClient", "RedisFixtures"]),
        tests(
            "AdminServerTests",
            [
                "AdminServer", "Authorization", "Documents", "Gateway", "GatewayHTTP", "Identity", "IntentProtocol",
                "Observability", lifecycle, logging, nioCore, nioPosix,
            ]),
        tests(
            "DevelopmentAuthorityTests",
            [
                "DevelopmentAuthority", "GatewayHTTP", "Identity", "IntentProtocol", "RedisFixtures", crypto,
                nioCore, nioEmbedded, nioSSL, nioTLS,
            ]),
        tests(
            "IntentusClientTests",
            [
                "DevelopmentAuthority", "Encryption", "GatewayHTTP", "Identity", "IdentityFixtures", "IntentProtocol",
                "IntentusClient", "RedisFixtures",
            ]),
        // The generator against servers that answer, freeze and break as told; the command as a process.
        tests(
            "LoadGeneratorTests",
            [
                "DevelopmentAuthority", "DevelopmentIssuer", "Documents", "Encryption", "GatewayHTTP",
                "IdentityFixtures", "IntentProtocol", "IntentusClient", "LoadGenerator", "RedisFixtures", nioCore,
                nioPosix,
            ]),
        tests(
            "IntentusWorkerTests",
            [
                "DevelopmentAuthority", "Encryption", "GatewayHTTP", "Identity", "IdentityFixtures", "IntentProtocol",
                "IntentusClient", "IntentusWorker", "RedisFixtures", logging, lifecycle,
            ]),
    ]
)

// INTENTUSNET_ROOMS=A,B builds those targets alone: a short loop while one room is worked on.
if let rooms = Context.environment["INTENTUSNET_ROOMS"] {
    let wanted = Set(rooms.split(separator: ",").map(String.init)).union(["CHiredis", "COpenSSL", "CPCRE2"])
    package.targets = package.targets.filter { wanted.contains($0.name) }
    package.products = package.products.filter { wanted.contains($0.name) }
}
