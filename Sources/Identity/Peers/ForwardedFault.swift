package import IntentProtocol

/// Why an X-Forwarded-Client-Cert of a trusted proxy was not believed.
///
/// No case carries text of the header, which may hold anything.
package enum ForwardedFault: Error, Sendable, Hashable {
    /// There are several header lines; a proxy that appends writes one.
    case severalHeaders
    /// It has more bytes than ``ForwardedCertificateReader/bytesMax``.
    case tooLong
    /// It has a control character or a byte that is not ASCII.
    case illegalCharacter
    /// It has more elements than the reader takes.
    case tooManyElements
    /// One of its elements has more pairs than ``ForwardedCertificateReader/pairsMax``.
    case tooManyPairs
    /// The header, an element, or a pair is empty.
    case empty
    /// A pair has no `=`, or something other than 1 to 32 letters before it.
    case malformedPair
    /// A quoted value does not end.
    case unterminatedQuote
    /// A quote stands where no value begins, or something other than a separator follows a quoted value.
    case misplacedQuote
    /// The last element states Hash, Cert, Chain, or Subject twice.
    case repeatedKey
    /// The last element has more than one URI.
    case severalURIs
    /// The last element's URI is no SPIFFE ID.
    case badID(SPIFFEIDFault)
    /// The last element's URI names a trust domain and no service.
    case namesNoService
    /// The last element's URI is of a trust domain that is not accepted here.
    case unknownTrustDomain(TrustDomain)

    /// What is wrong, as the end of a sentence.
    package var problem: String {
        switch self {
        case .severalHeaders: "came in several header lines"
        case .tooLong: "is longer than \(ForwardedCertificateReader.bytesMax) bytes"
        case .illegalCharacter: "has a control character or a byte that is not ASCII"
        case .tooManyElements: "has more elements than are accepted"
        case .tooManyPairs: "has an element of more than \(ForwardedCertificateReader.pairsMax) pairs"
        case .empty: "has an empty element or pair"
        case .malformedPair: "has a pair that is not key=value"
        case .unterminatedQuote: "has a quote that does not end"
        case .misplacedQuote: "has a quote in a place where none may stand"
        case .repeatedKey: "states a key twice that a certificate has once"
        case .severalURIs: "names several URIs of one certificate"
        case .badID(let fault): "has a URI that \(fault.problem)"
        case .namesNoService: "has a URI that names no service"
        case .unknownTrustDomain(let domain): "is of trust domain \(domain), which is not configured"
        }
    }
}
