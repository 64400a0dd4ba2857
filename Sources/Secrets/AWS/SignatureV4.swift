import Crypto
import IntentProtocol

/// A request as AWS Signature Version 4 sees it, and its signature: arithmetic alone, the time comes in.
///
/// The path is encoded a second time, as every service but S3 has it, and not normalised: our requests go to `/`.
package struct SignatureV4: Sendable {
    /// What is signed.
    package struct Request: Sendable {
        package var method: String
        /// As it stands in the request line; `/` when empty.
        package var path = "/"
        /// Decoded names and values.
        package var query: [(name: String, value: String)] = []
        /// Names in any letter case; `host` and `x-amz-date` must be among them.
        package var headers: [(name: String, value: String)]
        package var body: [UInt8] = []

        package init(method: String, headers: [(name: String, value: String)]) {
            self.method = method
            self.headers = headers
        }
    }

    /// The names of all headers, in order, with `;` between.
    package let signedHeaders: String
    package let canonicalRequest: String
    package let stringToSign: String
    /// 64 lower-case hex digits.
    package let signature: String
    /// The value of the header `Authorization`.
    package let authorization: String

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// Signs a request.
    ///
    /// - Parameters:
    ///   - time: `20150830T123600Z`, the value of `x-amz-date`.
    package init(
        _ request: Request, credentials: AWSCredentials, region: String, service: String, time: String
    ) {
        let (headers, names) = Self.canonical(request.headers)
        signedHeaders = names
        let query = request.query.map { (PercentEncoding.encoded($0.name), PercentEncoding.encoded($0.value)) }
            .sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
        canonicalRequest = [
            request.method, Self.canonical(path: request.path), query, headers, names, Self.digest(request.body),
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        stringToSign = [Self.algorithm, time, scope, Self.digest(Array(canonicalRequest.utf8))].joined(separator: "\n")
        let key = Self.signingKey(secret: credentials.secretAccessKey, day: day, region: region, service: service)
        signature = HexDigits.text(
            of: HMAC<SHA256>.authenticationCode(for: Array(stringToSign.utf8), using: key))
        authorization =
            "\(Self.algorithm) Credential=\(credentials.accessKeyId)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(signature)"
    }

    /// The key of a day, a region and a service.
    static func signingKey(secret: Secret, day: String, region: String, service: String) -> SymmetricKey {
        var key = SymmetricKey(data: Array("AWS4\(secret.reveal())".utf8))
        for part in [day, region, service, "aws4_request"] {
            key = SymmetricKey(data: Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)))
        }
        return key
    }

    private static func canonical(_ headers: [(name: String, value: String)]) -> (lines: String, names: String) {
        var values: [String: [String]] = [:]
        for header in headers { values[header.name.lowercased(), default: []].append(trimmed(header.value)) }
        let names = values.keys.sorted()
        let lines = names.map { "\($0):\(values[$0]?.joined(separator: ",") ?? "")\n" }.joined()
        return (lines, names.joined(separator: ";"))
    }

    /// Without spaces around, and with one where there are several.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }

    private static func canonical(path: String) -> String {
        guard !path.isEmpty else { return "/" }
        return path.split(separator: "/", omittingEmptySubsequences: false).map { PercentEncoding.encoded($0) }
            .joined(separator: "/")
    }

    private static func digest(_ bytes: [UInt8]) -> String { HexDigits.text(of: SHA256.hash(data: bytes)) }
}
