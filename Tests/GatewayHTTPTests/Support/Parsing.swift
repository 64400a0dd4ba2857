@testable import GatewayHTTP

/// The head as text with its line ends written out.
func request(_ lines: String..., method: String = "POST", target: String = "/api/v1/intent") -> String {
    "\(method) \(target) HTTP/1.1\r\nHost: gateway\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
}

func parseHead(_ text: String, limits: HTTPLimits = HTTPLimits()) -> Result<RequestHead, HTTPRefusal> {
    parseHead(Array(text.utf8), limits: limits)
}

func parseHead(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> Result<RequestHead, HTTPRefusal> {
    bytes.withUnsafeBytes { bytes in
        do throws(HTTPRefusal) {
            return .success(try RequestHeadParser.parse(bytes, limits: limits))
        } catch {
            return .failure(error)
        }
    }
}

func headEnd(_ bytes: [UInt8], from offset: Int = 0) -> Int? {
    bytes.withUnsafeBytes { RequestHeadParser.end(of: $0, from: offset) }
}

func parseAnswer(_ text: String, bodyBytesMax: Int = 1000) -> Result<ResponseHead, UpstreamFailure> {
    parseAnswer(Array(text.utf8), bodyBytesMax: bodyBytesMax)
}

func parseAnswer(_ bytes: [UInt8], bodyBytesMax: Int = 1000) -> Result<ResponseHead, UpstreamFailure> {
    bytes.withUnsafeBytes { bytes in
        do throws(UpstreamFailure) {
            return .success(try ResponseHeadParser.parse(bytes, bodyBytesMax: bodyBytesMax))
        } catch {
            return .failure(error)
        }
    }
}

/// Reads a chunked body in pieces of the given length; how many bytes belonged to it.
func readChunks(
    _ bytes: [UInt8], pieceBytes: Int = .max, bytesMax: Int = 1000
) -> Result<(body: [UInt8], consumed: Int, isComplete: Bool), ChunkedBody.Fault> {
    var chunks = ChunkedBody(bytesMax: bytesMax)
    var total = 0
    while total < bytes.count {
        var consumed = 0
        let piece = Array(bytes[total..<min(bytes.count, total + min(pieceBytes, bytes.count))])
        let result: Result<ChunkedBody.Progress, ChunkedBody.Fault> = piece.withUnsafeBytes { bytes in
            do throws(ChunkedBody.Fault) {
                return .success(try chunks.read(bytes, consumed: &consumed))
            } catch {
                return .failure(error)
            }
        }
        total += consumed
        switch result {
        case .success(.complete): return .success((chunks.takeBody(), total, true))
        case .success(.needsMore): continue
        case .failure(let fault): return .failure(fault)
        }
    }
    return .success((chunks.takeBody(), total, false))
}

extension Result where Failure == HTTPRefusal {
    var reason: HTTPRefusal.Reason? {
        if case .failure(let refusal) = self { refusal.reason } else { nil }
    }
}
