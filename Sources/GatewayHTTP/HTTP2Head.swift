import NIOHPACK

/// Writes the head of an HTTP/2 request as that of an HTTP/1.1 request, so that one parser and one set of limits judges both.
///
/// What could become another line, another header or another request on the way is refused (pitfalls S14, S17).
enum HTTP2Head {
    /// The bytes of the head, from the method to behind the empty line.
    static func bytes(of headers: HPACKHeaders) throws(HTTPRefusal) -> [UInt8] {
        var method: String?
        var path: String?
        var authority: String?
        var lines: [UInt8] = []
        lines.reserveCapacity(512)
        for (name, value, _) in headers {
            switch name {
            case ":method": method = try once(method, value)
            case ":path": path = try once(path, value)
            case ":authority": authority = try once(authority, value)
            case ":scheme": try checkWord(value)
            case "host":
                // The same host twice says nothing new; two hosts are read differently by different parsers.
                guard authority == nil || authority == value else {
                    throw HTTPRefusal(.badRequest, "the Host header and the authority differ")
                }
                if authority == nil { try append(name, value, to: &lines) }
            default: try append(name, value, to: &lines)
            }
        }
        guard let method, let path else { throw HTTPRefusal(.badRequest, "the method or the path is missing") }
        var head = Array(method.utf8)
        head.reserveCapacity(lines.count + path.utf8.count + (authority?.utf8.count ?? 0) + 64)
        head.append(0x20)
        head += path.utf8
        head += " HTTP/1.1\r\n".utf8
        if let authority {
            head += "host: ".utf8
            head += authority.utf8
            head += "\r\n".utf8
        }
        head += lines
        head += "\r\n".utf8
        return head
    }

    private static func once(_ known: String?, _ value: String) throws(HTTPRefusal) -> String {
        guard known == nil else { throw HTTPRefusal(.badRequest, "a pseudo-header stands twice") }
        try checkWord(value)
        return value
    }

    /// A pseudo-header becomes a part of a line that ends at a space.
    private static func checkWord(_ value: String) throws(HTTPRefusal) {
        guard !value.isEmpty, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw HTTPRefusal(.badRequest, "a pseudo-header is empty or holds bytes that do not belong there")
        }
    }

    private static func append(_ name: String, _ value: String, to lines: inout [UInt8]) throws(HTTPRefusal) {
        switch name {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
            throw HTTPRefusal(.badRequest, "a header of connections in HTTP/1.1 stands in an HTTP/2 request")
        default: break
        }
        for byte in name.utf8 {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            guard byte > 0x20, byte < 0x7F, byte != UInt8(ascii: ":"), !isUpper else {
                throw HTTPRefusal(.badRequest, "the name of a header is not one of HTTP/2")
            }
        }
        for byte in value.utf8 where (byte < 0x20 && byte != 0x09) || byte >= 0x7F {
            throw HTTPRefusal(.badRequest, "a header value holds a control or non-ASCII byte")
        }
        lines += name.utf8
        lines += ": ".utf8
        lines += value.utf8
        lines += "\r\n".utf8
    }
}
