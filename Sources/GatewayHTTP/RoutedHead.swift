/// Finds out what a head asks for, and of which route.
enum RoutedHead {
    /// The head of a request and its route; the same for HTTP/1.1 and HTTP/2.
    static func parse(
        _ bytes: UnsafeRawBufferPointer, limits: HTTPLimits, _ table: RouteTable
    ) -> Result<(RequestHead, RouteTable.Match), HTTPRefusal> {
        var head: RequestHead?
        do throws(HTTPRefusal) {
            let parsed = try RequestHeadParser.parse(bytes, limits: limits)
            head = parsed
            let match = try table.match(
                method: UnsafeRawBufferPointer(rebasing: bytes[parsed.method.range]),
                target: UnsafeRawBufferPointer(rebasing: bytes[parsed.target.range]))
            return .success((parsed, match))
        } catch {
            var refusal = error
            // A request that is well formed and has no body was read to its end: the connection may go on.
            if let head, head.bodyLength == .none, !head.closesAfter { refusal.keepsConnection = true }
            refusal.headLength = bytes.count
            refusal.route = target(of: bytes).flatMap(table.index(of:))
            return .failure(refusal)
        }
    }

    /// The target of a request line, for answering a refusal in the manner of its route; nil when there is none.
    private static func target(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let first = bytes.firstIndex(of: 0x20) else { return nil }
        let rest = bytes[(first + 1)...]
        guard let second = rest.firstIndex(of: 0x20) else { return nil }
        return UnsafeRawBufferPointer(rebasing: rest[..<second])
    }
}
