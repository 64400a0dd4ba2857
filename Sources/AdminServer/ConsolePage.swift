import GatewayHTTP

/// The console as it stands in the sources: one page, its script and its style, no outside asset.
enum ConsolePage {
    /// Nothing but what comes from this port, nothing inline, nobody's frame, and no text that becomes markup.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

    private static let headerLines = Array(
        ("cache-control: no-store\r\nx-content-type-options: nosniff\r\ncontent-security-policy: \(policy)\r\n"
            + "referrer-policy: no-referrer\r\ncross-origin-opener-policy: same-origin\r\n"
            + "cross-origin-resource-policy: same-origin\r\n").utf8)

    static func answer(_ place: AdminPlace) -> HTTPAnswer {
        switch place {
        case .consoleScript: answer("text/javascript; charset=utf-8", PackageResources.console_js)
        case .consoleStyle: answer("text/css; charset=utf-8", PackageResources.console_css)
        default: answer("text/html; charset=utf-8", PackageResources.console_html)
        }
    }

    private static func answer(_ contentType: StaticString, _ body: [UInt8]) -> HTTPAnswer {
        var answer = HTTPAnswer(status: 200, headerLines: headerLines, body: body)
        answer.contentType = contentType
        return answer
    }
}
