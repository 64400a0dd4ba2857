import RedisFixtures

/// The parts that Envoy configurations are put together from, as Istio writes them.
enum EnvoyParts {
    /// What a sidecar makes of X-Forwarded-Client-Cert; the words are Envoy's.
    enum Forwarding: String, CaseIterable, Sendable {
        case appendForward = "APPEND_FORWARD"
        case sanitizeSet = "SANITIZE_SET"
    }

    static func address(_ port: Int, host: String = "127.0.0.1") -> EnvoyValue {
        ["socket_address": ["address": .text(host), "port_value": .number(port)]]
    }

    /// A listener of one filter chain.
    ///
    /// - Parameters:
    ///   - manager: the fields of its HTTP connection manager.
    ///   - security: what it speaks TLS with; nil means plain text.
    static func listener(
        _ name: String, port: Int, security: EnvoyValue? = nil, listenerFilters: [EnvoyValue] = [],
        manager: [String: EnvoyValue]
    ) -> EnvoyValue {
        let type = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
        var chain: [String: EnvoyValue] = [
            "filters": [["name": "manager", "typed_config": .typed(type, manager)]]
        ]
        if let security { chain["transport_socket"] = security }
        return [
            "name": .text(name), "address": address(port), "listener_filters": .list(listenerFilters),
            "filter_chains": [.object(chain)],
        ]
    }

    /// A connection manager that hands every request to one cluster.
    static func forwarding(
        to cluster: String, certificates: Forwarding? = nil
    ) -> [String: EnvoyValue] {
        var fields = manager(routes: [["match": ["prefix": "/"], "route": ["cluster": .text(cluster)]]])
        if let certificates {
            fields["forward_client_cert_details"] = .text(certificates.rawValue)
            fields["set_current_client_cert_details"] = ["subject": true, "dns": true, "uri": true]
        }
        return fields
    }

    /// A connection manager with these routes, and these filters before its router.
    static func manager(routes: [EnvoyValue], filters: [EnvoyValue] = []) -> [String: EnvoyValue] {
        let router = filter("router", .typed("extensions.filters.http.router.v3.Router"))
        return [
            "stat_prefix": "http", "http_filters": .list(filters + [router]),
            "route_config": ["virtual_hosts": [["name": "all", "domains": ["*"], "routes": .list(routes)]]],
        ]
    }

    static func filter(_ name: String, _ configuration: EnvoyValue) -> EnvoyValue {
        ["name": .text(name), "typed_config": configuration]
    }

    /// One endpoint on this machine.
    ///
    /// - Parameters:
    ///   - from: the address that connections come from.
    ///   - security: what it is spoken to with; nil means plain text.
    ///   - http2: whether HTTP/2 is spoken to it, and nothing else.
    static func cluster(
        _ name: String, port: Int, from: String? = nil, security: EnvoyValue? = nil, http2: Bool = false
    ) -> EnvoyValue {
        var fields: [String: EnvoyValue] = [
            "name": .text(name), "type": "STATIC", "connect_timeout": "5s",
            "load_assignment": [
                "cluster_name": .text(name),
                "endpoints": [["lb_endpoints": [["endpoint": ["address": address(port)]]]]],
            ],
        ]
        if let from {
            fields["upstream_bind_config"] = ["source_address": ["address": .text(from), "port_value": 0]]
        }
        if let security { fields["transport_socket"] = security }
        if http2 {
            fields["typed_extension_protocol_options"] = [
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": .typed(
                    "extensions.upstreams.http.v3.HttpProtocolOptions",
                    ["explicit_http_config": ["http2_protocol_options": [:]]])
            ]
        }
        return .object(fields)
    }

    /// TLS of a listener.
    ///
    /// - Parameters:
    ///   - trustDomain: the only one whose clients are taken; nil means that the authority alone decides.
    ///   - required: whether a client must show a certificate.
    static func server(
        _ pair: TestCertificates.Pair, authorityFile: String, trustDomain: String? = nil, required: Bool = true
    ) -> EnvoyValue {
        let names = trustDomain.map { subjects(["prefix": "spiffe://\($0)/"]) } ?? [:]
        return security(
            "Downstream", common(pair, authorityFile, names), ["require_client_certificate": .toggle(required)])
    }

    /// TLS of a cluster, whose endpoint must be the named service.
    static func client(_ pair: TestCertificates.Pair?, authorityFile: String, service: String) -> EnvoyValue {
        var fields = common(pair, authorityFile, subjects(["exact": .text(service)]))
        fields["alpn_protocols"] = ["h2"]
        return security("Upstream", fields, [:])
    }

    /// How a connection manager reads a path, as Istio sets it for each of its options.
    static func pathReading(_ normalization: String) throws -> [String: EnvoyValue] {
        switch normalization {
        case "NONE": ["normalize_path": false]
        case "BASE": ["normalize_path": true]
        case "MERGE_SLASHES": ["normalize_path": true, "merge_slashes": true]
        case "DECODE_AND_MERGE_SLASHES":
            [
                "normalize_path": true, "merge_slashes": true,
                "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
            ]
        default: throw FixtureError("unknown path normalisation \(normalization)")
        }
    }

    private static func subjects(_ matcher: EnvoyValue) -> [String: EnvoyValue] {
        ["match_typed_subject_alt_names": [["san_type": "URI", "matcher": matcher]]]
    }

    private static func common(
        _ pair: TestCertificates.Pair?, _ authorityFile: String, _ names: [String: EnvoyValue]
    ) -> [String: EnvoyValue] {
        let validation = names.merging(["trusted_ca": ["filename": .text(authorityFile)]]) { $1 }
        var fields: [String: EnvoyValue] = ["validation_context": .object(validation)]
        if let pair {
            fields["tls_certificates"] = [
                [
                    "certificate_chain": ["filename": .text(pair.certificateFile)],
                    "private_key": ["filename": .text(pair.keyFile)],
                ]
            ]
        }
        return fields
    }

    private static func security(
        _ side: String, _ common: [String: EnvoyValue], _ fields: [String: EnvoyValue]
    ) -> EnvoyValue {
        let all = fields.merging(["common_tls_context": .object(common)]) { $1 }
        return [
            "name": "tls",
            "typed_config": .typed("extensions.transport_sockets.tls.v3.\(side)TlsContext", all),
        ]
    }
}
