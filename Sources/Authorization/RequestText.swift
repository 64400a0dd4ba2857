import Documents
import IntentProtocol

/// What a request has for an attribute, as text for an operator's eyes.
enum RequestText {
    static func of(_ attribute: RuleAttribute, _ request: AuthorizationRequest, _ path: ArraySlice<UInt8>) -> String {
        switch attribute {
        case .principal, .namespace, .serviceAccount, .trustDomain:
            request.principal.map { quoted($0.bytes[...]) } ?? "a peer without a certificate"
        case .requestPrincipal:
            request.token.map { "issuer \(quoted($0.issuer)) and subject \(quoted($0.subject))" } ?? noToken
        case .sourceAddress: text(request.sourceAddress)
        case .remoteAddress: text(request.remoteAddress)
        case .destinationAddress: text(request.destinationAddress)
        case .host: quoted(request.host.map { Array($0) })
        case .port: String(request.destinationPort)
        case .method: quoted(request.method)
        case .path: quoted(path)
        case .serverName: quoted(request.serverName.map { Array($0) })
        case .header(let name): header(name, request)
        case .audiences: claim(["aud"], request)
        case .presenter: claim(["azp"], request)
        case .claim(let path): claim(path, request)
        }
    }

    static func quoted(_ bytes: ArraySlice<UInt8>) -> String {
        MessageText.quoted(String(decoding: bytes, as: UTF8.self))
    }

    private static let nothing = "nothing"
    private static let noToken = "a request without a token"

    private static func quoted(_ bytes: [UInt8]?) -> String {
        bytes.map { quoted($0[...]) } ?? nothing
    }

    private static func text(_ address: NetworkAddress?) -> String {
        address.map(\.description) ?? nothing
    }

    private static func claim(_ path: [String], _ request: AuthorizationRequest) -> String {
        guard let token = request.token else { return noToken }
        guard let value = token.value(at: path.map({ Array($0.utf8) })) else { return nothing }
        return switch value.kind {
        case .text: quoted(value.texts.first)
        case .list: "[\(value.texts.prefix(8).map { quoted($0[...]) }.joined(separator: ", "))]"
        case .object: "an object"
        case .other: "what is neither a text nor a list of texts"
        }
    }

    private static func header(_ name: String, _ request: AuthorizationRequest) -> String {
        var values: [String] = []
        if name == "host", let host = request.host { return quoted(host) }
        _ = request.headers.forEachValue(of: Array(name.utf8)) { values.append(String(decoding: $0, as: UTF8.self)) }
        return values.isEmpty ? nothing : MessageText.quoted(values.joined(separator: ","))
    }
}
