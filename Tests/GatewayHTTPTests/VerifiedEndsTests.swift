import Testing

@testable import GatewayHTTP

@Suite("Ends of verified chains")
struct VerifiedEndsTests {
    private static func leaf(_ number: Int) -> [UInt8] { withUnsafeBytes(of: number, Array.init) }

    @Test("are remembered by the leaf, the later of two for one, and the newest leaves when there are too many")
    func remembers() {
        let ends = VerifiedEnds()
        #expect(ends.endSeconds(of: Self.leaf(0)) == nil)
        ends.remember(100, of: Self.leaf(0))
        ends.remember(50, of: Self.leaf(0))
        #expect(ends.endSeconds(of: Self.leaf(0)) == 100)
        ends.remember(150, of: Self.leaf(0))
        #expect(ends.endSeconds(of: Self.leaf(0)) == 150)
        for number in 1..<VerifiedEnds.halfMax * 3 { ends.remember(Int64(number), of: Self.leaf(number)) }
        let known = (0..<VerifiedEnds.halfMax * 3).filter { ends.endSeconds(of: Self.leaf($0)) != nil }
        #expect(known == Array(VerifiedEnds.halfMax..<VerifiedEnds.halfMax * 3))
    }
}
