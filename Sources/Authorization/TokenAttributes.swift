package import IntentProtocol

/// The claims of a verified token in the form that policies compare; made once per token and kept beside it.
///
/// Only a token that a RequestAuthentication of this workload accepted may become one.
package final class TokenAttributes: Sendable {
    private let members: [ClaimValue.Member]
    /// `iss`, when it is a text.
    let issuer: [UInt8]?
    /// `sub`, when it is a text.
    let subject: [UInt8]?

    /// Takes the payload of a token.
    ///
    /// - Parameters:
    ///   - claims: the payload as it was signed.
    ///   - spaceDelimitedClaims: claims beside `scope` and `permission` whose words count as a list.
    package convenience init(claims: JSONObject, spaceDelimitedClaims: [String] = []) {
        self.init(members: ClaimValue.members(claims), spaceDelimitedClaims: spaceDelimitedClaims)
    }

    init(members: [ClaimValue.Member], spaceDelimitedClaims: [String]) {
        let split = Set((["scope", "permission"] + spaceDelimitedClaims).map { Array($0.utf8) })
        self.members = members.map { member in
            guard split.contains(member.name) else { return member }
            return ClaimValue.Member(name: member.name, value: member.value.splitAtSpaces)
        }
        func text(_ name: String) -> [UInt8]? {
            guard case .text(let text)? = members.first(where: { $0.name.elementsEqual(name.utf8) })?.value else {
                return nil
            }
            return text
        }
        issuer = text("iss")
        subject = text("sub")
    }

    /// The claim at a path from the outermost object inwards.
    func value(at path: [[UInt8]]) -> ClaimValue? {
        var members = members
        for (place, name) in path.enumerated() {
            guard let value = members.first(where: { $0.name == name })?.value else { return nil }
            if place == path.count - 1 { return value }
            guard case .object(let inner) = value else { return nil }
            members = inner
        }
        return nil
    }
}
