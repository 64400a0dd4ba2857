/// The closed table of paths that a listener knows; a path is matched byte for byte and never normalised.
///
/// A query is refused, unless the table takes queries at that moment: then it chooses nothing, is checked for bytes that do not
/// belong into one, and is left to whoever looks for a token in it.
package struct RouteTable: Sendable {
    /// A path and the methods it allows.
    package struct Route: Sendable {
        /// `/api/v1/intent`, or with parameters `/api/v1/agents/{name}/instances/{id}`.
        package let pattern: String
        package let methods: [HTTPMethod]
        fileprivate let segments: [Segment]

        package init(_ pattern: String, _ methods: [HTTPMethod]) {
            self.pattern = pattern
            self.methods = methods
            segments = pattern.split(separator: "/").map { part in
                part.hasPrefix("{") ? .parameter : .literal(Array(part.utf8))
            }
        }

        fileprivate var hasParameters: Bool { segments.contains(.parameter) }
        fileprivate var allow: String { methods.map(\.rawValue).joined(separator: ", ") }
    }

    fileprivate enum Segment: Sendable, Hashable {
        case literal([UInt8])
        /// 1 to 128 of `A-Z a-z 0-9 . _ -`, and not only dots.
        case parameter
    }

    /// The route that a request takes.
    package struct Match: Sendable, Hashable {
        /// The place of the route in the table.
        package let index: Int
        package let method: HTTPMethod
        /// The values of the pattern's parameters, in their order.
        package var parameters: [String] = []
    }

    private let exact: [(path: [UInt8], index: Int)]
    private let patterns: [(route: Route, index: Int)]
    private let routes: [Route]

    private let takesQueries: @Sendable () -> Bool

    package init(_ routes: [Route], takesQueries: @escaping @Sendable () -> Bool = { false }) {
        self.takesQueries = takesQueries
        self.routes = routes
        exact = routes.enumerated().filter { !$0.element.hasParameters }.map {
            (Array($0.element.pattern.utf8), $0.offset)
        }
        patterns = routes.enumerated().filter(\.element.hasParameters).map { ($0.element, $0.offset) }
    }

    /// The route of a path, whatever the method; nil when there is none. Refusals use it to answer in the route's manner.
    func index(of target: UnsafeRawBufferPointer) -> Int? {
        index(ofPath: path(of: target))
    }

    private func index(ofPath path: UnsafeRawBufferPointer) -> Int? {
        for entry in exact where entry.path.count == path.count {
            if entry.path.elementsEqual(path) { return entry.index }
        }
        return nil
    }

    /// Finds the route of a request.
    func match(
        method: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer
    ) throws(HTTPRefusal) -> Match {
        let path = path(of: target)
        if path.count < target.count { try Self.checkQuery(target[(path.count + 1)...]) }
        if let index = index(ofPath: path) {
            return Match(index: index, method: try allowed(method, routes[index]))
        }
        try Self.checkPath(path)
        for entry in patterns {
            if let parameters = Self.parameters(of: path, entry.route.segments) {
                return Match(index: entry.index, method: try allowed(method, entry.route), parameters: parameters)
            }
        }
        throw HTTPRefusal(.notFound, "there is nothing at this path")
    }

    private func allowed(_ bytes: UnsafeRawBufferPointer, _ route: Route) throws(HTTPRefusal) -> HTTPMethod {
        guard let method = HTTPMethod(bytes), route.methods.contains(method) else {
            throw HTTPRefusal(.methodNotAllowed, "this path allows \(route.allow)", allow: route.allow)
        }
        return method
    }

    /// Refuses what a server behind or before this one might read as another path (pitfall S14).
    private static func checkPath(_ target: UnsafeRawBufferPointer) throws(HTTPRefusal) {
        guard target.first == UInt8(ascii: "/") else {
            throw HTTPRefusal(.badRequest, "the request target must be a path")
        }
        var previous: UInt8 = 0
        for byte in target {
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: ";"), UInt8(ascii: "\\"), UInt8(ascii: "#"), UInt8(ascii: "?"):
                throw HTTPRefusal(.badRequest, "the path holds a character that no path here has")
            case UInt8(ascii: "/") where previous == UInt8(ascii: "/"):
                throw HTTPRefusal(.badRequest, "the path holds an empty segment")
            default: previous = byte
            }
        }
        for segment in target.split(separator: UInt8(ascii: "/")) where segment.allSatisfy({ $0 == UInt8(ascii: ".") })
        {
            throw HTTPRefusal(.badRequest, "the path holds a dot segment")
        }
    }

    private func path(of target: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let question = target.firstIndex(of: UInt8(ascii: "?")), takesQueries() else { return target }
        return UnsafeRawBufferPointer(rebasing: target[..<question])
    }

    /// Printable bytes without those that no client writes into a query unescaped.
    private static func checkQuery(_ query: Slice<UnsafeRawBufferPointer>) throws(HTTPRefusal) {
        for byte in query {
            switch byte {
            case UInt8(ascii: "#"), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"),
                ...0x20,
                0x7F...:
                throw HTTPRefusal(.badRequest, "the query holds a byte that does not belong there")
            default: break
            }
        }
    }

    private static func parameters(of target: UnsafeRawBufferPointer, _ segments: [Segment]) -> [String]? {
        let parts = target.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == segments.count else { return nil }
        var parameters: [String] = []
        for (part, segment) in zip(parts, segments) {
            switch segment {
            case .literal(let bytes):
                guard bytes.elementsEqual(part) else { return nil }
            case .parameter:
                guard (1...128).contains(part.count), part.allSatisfy(isParameterByte) else { return nil }
                parameters.append(String(decoding: part, as: UTF8.self))
            }
        }
        return parameters
    }

    private static func isParameterByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
