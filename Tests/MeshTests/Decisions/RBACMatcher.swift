/// Istio's patterns in Envoy's words.
enum RBACMatcher {
    /// A string matcher: presence, suffix, prefix or the very text.
    ///
    /// - Parameter scheme: stands before every value.
    static func string(_ pattern: String, scheme: String = "", ignoresCase: Bool = false) -> EnvoyValue {
        var fields: [String: EnvoyValue]
        if pattern == "*" {
            return ["safe_regex": ["regex": ".+"]]
        } else if pattern.hasPrefix("*") {
            let suffix = String(pattern.dropFirst())
            if !scheme.isEmpty { return regex("\(quoted(scheme)).*\(quoted(suffix))") }
            fields = ["suffix": .text(suffix)]
        } else if pattern.hasSuffix("*") {
            fields = ["prefix": .text(scheme + pattern.dropLast())]
        } else {
            fields = ["exact": .text(scheme + pattern)]
        }
        if ignoresCase { fields["ignore_case"] = true }
        return .object(fields)
    }

    static func regex(_ text: String) -> EnvoyValue { ["safe_regex": ["regex": .text(text)]] }

    /// The text with nothing in it that a regular expression takes for more than itself.
    static func quoted(_ text: some StringProtocol) -> String {
        String(text.flatMap { #"\.+*?()|[]{}^$"#.contains($0) ? ["\\", $0] : [$0] })
    }

    static func header(_ name: String, _ pattern: String, ignoresCase: Bool = false) -> EnvoyValue {
        pattern == "*"
            ? ["header": ["name": .text(name), "present_match": true]]
            : ["header": ["name": .text(name), "string_match": string(pattern, ignoresCase: ignoresCase)]]
    }

    /// A path, by its template or its pattern.
    static func path(_ pattern: String) -> EnvoyValue {
        guard pattern.contains("{") else { return ["url_path": ["path": string(pattern)]] }
        let template = pattern.replacing("{**}", with: "**").replacing("{*}", with: "*")
        return [
            "uri_template": [
                "name": "uri-template",
                "typed_config": .typed(
                    "extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
                    ["path_template": .text(template)]),
            ]
        ]
    }

    static func block(_ text: String) -> EnvoyValue {
        let parts = text.split(separator: "/").map(String.init)
        let whole = text.contains(":") ? 128 : 32
        return [
            "address_prefix": .text(parts[0]), "prefix_len": .number(parts.count > 1 ? Int(parts[1]) ?? whole : whole),
        ]
    }

    /// The name in the peer's certificate.
    static func authenticated(_ name: EnvoyValue) -> EnvoyValue { ["authenticated": ["principal_name": name]] }

    /// A claim of the verified token, as its filter leaves it.
    static func claim(_ path: [String], _ value: EnvoyValue) -> EnvoyValue {
        [
            "metadata": [
                "filter": "envoy.filters.http.jwt_authn",
                "path": .list((["payload"] + path).map { ["key": .text($0)] }), "value": value,
            ]
        ]
    }
}
