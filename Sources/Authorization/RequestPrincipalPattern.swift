/// A value of `requestPrincipals` as Istio evaluates it: one pattern for the issuer, one for the subject.
///
/// The value is cut at its last `/`; so a subject that holds one cannot be named in full.
struct RequestPrincipalPattern {
    let issuer: (kind: PatternKind, text: String)
    let subject: (kind: PatternKind, text: String)

    init(_ value: String) {
        let cut = value.lastIndex(of: "/")
        let head = cut.map { String(value[..<$0]) }
        let tail = cut.map { String(value[value.index(after: $0)...]) }
        let any = (kind: PatternKind.nonEmpty, text: "")
        if value == "*" {
            (issuer, subject) = (any, any)
        } else if value.hasPrefix("*") {
            guard let head, let tail else {
                (issuer, subject) = (any, (.suffix, String(value.dropFirst())))
                return
            }
            issuer = head == "*" ? any : (.suffix, String(head.dropFirst()))
            subject = (.exact, tail)
        } else if value.hasSuffix("*") {
            guard let head, let tail else {
                (issuer, subject) = ((.prefix, String(value.dropLast())), any)
                return
            }
            issuer = (.exact, head)
            subject = tail == "*" ? any : (.prefix, String(tail.dropLast()))
        } else {
            issuer = (.exact, head ?? value)
            subject = (.exact, tail ?? "")
        }
    }
}
