import NIOCore

/// Writes answers into one buffer: head and body leave in one write.
enum ResponseHeadWriter {
    static func write(
        _ answer: HTTPAnswer, closes: Bool, withoutBody: Bool, security: ConnectionSecurity? = nil,
        into buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(
            minimumWritableBytes: answer.body.count + answer.headerLines.count + (security?.headerLines.count ?? 0)
                + 160)
        // A status that no final answer can have is a fault of the handler: a 1xx would have its body read as the next answer.
        let status = (200...599).contains(answer.status) ? answer.status : 500
        writeStatusLine(status, into: &buffer)
        // After these two the answer ends with its head, whatever the head says: a body would be read as the next answer.
        let hasBody = status != 204 && status != 304
        if hasBody {
            buffer.writeStaticString("content-type: ")
            buffer.writeStaticString(answer.contentType)
            buffer.writeStaticString("\r\ncontent-length: ")
            buffer.writeDecimal(answer.body.count)
            buffer.writeStaticString("\r\n")
        }
        if closes { buffer.writeStaticString("connection: close\r\n") }
        if let security { buffer.writeBytes(security.headerLines) }
        if !answer.headerLines.isEmpty { buffer.writeBytes(answer.headerLines) }
        buffer.writeStaticString("\r\n")
        if hasBody, !withoutBody { buffer.writeBytes(answer.body) }
    }

    private static func writeStatusLine(_ status: Int, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 ")
        if let known = codeAndReason(status) {
            buffer.writeStaticString(known)
        } else {
            // The reason may be empty, the space before it may not be missing.
            buffer.writeDecimal(status)
            buffer.writeStaticString(" ")
        }
        buffer.writeStaticString("\r\n")
    }

    /// What the gateway answers with; nil for every other status.
    private static func codeAndReason(_ status: Int) -> StaticString? {
        switch status {
        case 200: "200 OK"
        case 201: "201 Created"
        case 202: "202 Accepted"
        case 204: "204 No Content"
        case 304: "304 Not Modified"
        case 400: "400 Bad Request"
        case 401: "401 Unauthorized"
        case 403: "403 Forbidden"
        case 404: "404 Not Found"
        case 405: "405 Method Not Allowed"
        case 408: "408 Request Timeout"
        case 409: "409 Conflict"
        case 413: "413 Content Too Large"
        case 415: "415 Unsupported Media Type"
        case 417: "417 Expectation Failed"
        case 422: "422 Unprocessable Content"
        case 429: "429 Too Many Requests"
        case 431: "431 Request Header Fields Too Large"
        case 499: "499 Client Closed Request"
        case 500: "500 Internal Server Error"
        case 501: "501 Not Implemented"
        case 502: "502 Bad Gateway"
        case 503: "503 Service Unavailable"
        case 504: "504 Gateway Timeout"
        case 505: "505 HTTP Version Not Supported"
        default: nil
        }
    }
}

extension ByteBuffer {
    /// Writes a number that is not negative, in decimal, without making a String.
    mutating func writeDecimal(_ number: Int) {
        guard number >= 10 else {
            writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number))
            return
        }
        writeDecimal(number / 10)
        writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}
