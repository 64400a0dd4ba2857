/// What is wrong with a bundle of authorities, as the end of a sentence about it.
package struct TrustBundleFault: Error, Sendable, Hashable {
    package let problem: String

    init(_ problem: String) {
        self.problem = problem
    }
}
