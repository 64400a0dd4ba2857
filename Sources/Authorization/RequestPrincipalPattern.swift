/// A value of `requestPrincipals` as Istio evaluates it: one pattern for the issuer, one for the subject.
///
/// The value is cut at its last `/`; so a subject that holds one cannot be named in full.
struct RequestPrincipalPattern {
    typealias Part = (kind: PatternKind, text: ArraySlice<UInt8>)

    let issuer: Part
    let subject: Part

    init(_ value: [UInt8]) {
        let star = UInt8(ascii: "*")
        let cut = value.lastIndex(of: UInt8(ascii: "/"))
        let head = cut.map { value[..<$0] }
        let tail = cut.map { value[($0 + 1)...] }
        let any: Part = (.nonEmpty, [])
        if value == [star] {
            (issuer, subject) = (any, any)
        } else if value.first == star {
            guard let head, let tail else {
                (issuer, subject) = (any, (.suffix, value.dropFirst()))
                return
            }
            issuer = head == [star] ? any : (.suffix, head.dropFirst())
            subject = (.exact, tail)
        } else if value.last == star {
            guard let head, let tail else {
                (issuer, subject) = ((.prefix, value.dropLast()), any)
                return
            }
            issuer = (.exact, head)
            subject = tail == [star] ? any : (.prefix, tail.dropLast())
        } else {
            issuer = (.exact, head ?? value[...])
            subject = (.exact, tail ?? [])
        }
    }
}
