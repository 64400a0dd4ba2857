/// Why a text is no SPIFFE ID.
///
/// No case carries the text: what was refused may hold anything, line ends included (S12).
package enum SPIFFEIDFault: Error, Sendable, Hashable, CaseIterable {
    /// It has more bytes than ``SPIFFEID/bytesMax``.
    case tooLong
    /// It does not begin with `spiffe://` in lower case.
    case scheme
    /// Its trust domain is empty, too long, or has a character other than `a-z 0-9 . - _`.
    case trustDomain
    /// Its path ends in `/` or has two of them in a row.
    case emptySegment
    /// Its path has a segment `.` or `..`.
    case dotSegment
    /// Its path has a character other than `A-Z a-z 0-9 . - _`.
    case pathCharacter

    /// What is wrong, as the end of a sentence.
    package var problem: String {
        switch self {
        case .tooLong: "is longer than \(SPIFFEID.bytesMax) bytes"
        case .scheme: "does not begin with spiffe:// in lower case"
        case .trustDomain: "has a trust domain that is not 1 to \(TrustDomain.bytesMax) characters of a-z 0-9 . - _"
        case .emptySegment: "has an empty segment in its path"
        case .dotSegment: "has a segment . or .. in its path"
        case .pathCharacter: "has a character in its path that is not one of A-Z a-z 0-9 . - _"
        }
    }
}
