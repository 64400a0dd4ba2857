import NIOHPACK

extension HPACKHeaders {
    /// The head of an answer.
    ///
    /// - Parameter security: whose header lines every answer carries.
    init(_ answer: HTTPAnswer, status: Int, hasBody: Bool, security: ConnectionSecurity?) {
        self.init()
        reserveCapacity(8)
        add(name: ":status", value: String(status))
        if hasBody {
            add(name: "content-type", value: "\(answer.contentType)")
            if answer.next == nil {
                add(name: "content-length", value: String(answer.body.count), indexing: .nonIndexable)
            }
        }
        if let security { add(lines: security.headerLines) }
        add(lines: answer.headerLines)
    }

    /// Complete header lines of HTTP/1.1, each ended by CR LF.
    private mutating func add(lines: [UInt8]) {
        var rest = lines[...]
        while let end = rest.firstIndex(of: 0x0D) {
            let line = rest[..<end]
            rest = rest[end...].dropFirst(2)
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == 0x20 }
            add(name: name, value: String(decoding: value, as: UTF8.self), indexing: .nonIndexable)
        }
    }
}
