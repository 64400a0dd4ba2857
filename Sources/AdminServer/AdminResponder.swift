import Hummingbird
import NIOCore
import Observability

/// What goes along with a request: the connection, so that a peer that sends too much can be cut off.
struct AdminContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}

/// Answers the pages of the admin plane: a closed table of exact paths.
struct AdminResponder: HTTPResponder {
    typealias Context = AdminContext

    private struct Page {
        var status: HTTPResponse.Status = .ok
        var contentType = "application/json"
        let body: [UInt8]
    }

    let metrics: MetricsRegistry
    let health: HealthState
    let reports: [String: AdminReport]
    let bodyBytesMax: Int
    let unixNanoseconds: @Sendable () -> Int64

    func respond(to request: Request, context: AdminContext) async throws -> Response {
        // No page takes a body. The server reads a body to its end before the next request, however long it is.
        var bodyBytes = 0
        for try await part in request.body {
            bodyBytes += part.readableBytes
            guard bodyBytes <= bodyBytesMax else {
                context.channel.close(promise: nil)
                return Response(status: .contentTooLarge)
            }
        }
        guard let page = page(request.uri.path) else {
            return answer(request, Page(status: .notFound, body: Self.error("NOT_FOUND", "no such page")))
        }
        guard request.method == .get || request.method == .head else {
            let refusal = Page(status: .methodNotAllowed, body: Self.error("METHOD_NOT_ALLOWED", "only GET and HEAD"))
            var response = answer(request, refusal)
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        return answer(request, page())
    }

    /// The page at a path, made when it is called; nil where there is none.
    private func page(_ path: String) -> (() -> Page)? {
        switch path {
        case "/metrics":
            { Page(contentType: ExpositionText.contentType, body: metrics.exposition()) }
        case "/health":
            {
                let report = health.report()
                // A degraded node still serves; only an unhealthy one answers 503.
                let status: HTTPResponse.Status = report.status == .unhealthy ? .serviceUnavailable : .ok
                return Page(status: status, body: report.json(unixNanoseconds: unixNanoseconds()))
            }
        case "/health/live":
            { Page(body: HealthState.Report.livenessJSON) }
        case "/health/ready":
            {
                let report = health.report()
                return Page(status: report.isReady ? .ok : .serviceUnavailable, body: report.readinessJSON)
            }
        default:
            reports[path].map { report in { Page(body: report.body()) } }
        }
    }

    private func answer(_ request: Request, _ page: Page) -> Response {
        let headers: HTTPFields = [
            .contentType: page.contentType, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
        ]
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: page.body))
        let response = Response(status: page.status, headers: headers, body: body)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static func error(_ code: String, _ message: String) -> [UInt8] {
        Array("{\"error\":{\"code\":\"\(code)\",\"message\":\"\(message)\"}}\n".utf8)
    }
}
