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
            let value = members.first { $0.name.elementsEqual(name.utf8) }?.value
            return value?.kind == .text ? value?.texts.first : nil
        }
        issuer = text("iss")
        subject = text("sub")
    }

    /// The claim at a path from the outermost object inwards.
    func value(at path: [[UInt8]]) -> ClaimValue? {
        var found: ClaimValue?
        for name in path {
            let members = found?.members ?? self.members
            found = members.first { $0.name == name }?.value
            guard found != nil else { return nil }
        }
        return found
    }
}
