import Encryption
import Testing

@Suite("EMCL profiles")
struct EMCLProfileTests {
    @Test("have the names that configurations use")
    func names() {
        #expect(EMCLProfile.allCases.map(\.rawValue) == ["v1", "v2"])
    }
}
