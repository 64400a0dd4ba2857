import Secrets
import Testing

@Suite("Faults of secrets")
struct SecretFaultTests {
    @Test("show nothing but their kind")
    func description() {
        #expect("\(SecretFault.missing)" == "missing")
    }
}
