/// A page of the admin plane that tells something as JSON; it takes no body, and nothing changes by reading it.
package struct AdminReport: Sendable {
    let path: String
    let body: @Sendable () -> [UInt8]

    /// Makes a page.
    ///
    /// - Parameters:
    ///   - path: exact, as `/admin/v1/nodes`; the server's own pages go first.
    ///   - body: a JSON document, made anew for each request.
    package init(_ path: String, body: @escaping @Sendable () -> [UInt8]) {
        self.path = path
        self.body = body
    }
}
