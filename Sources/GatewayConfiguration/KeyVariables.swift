/// The variables that hold a key of envelopes where `emcl` names no ring: those of the production guide and the Python package.
package enum KeyVariables {
    /// 64 hex digits: 32 bytes.
    package static let bytes = "INTENTUSNET_ENCRYPTION_KEY"
    /// A text, taken as the Python package takes it, for profile v1.
    package static let text = "INTENTUSNET_EMCL_KEY"
    /// Both.
    package static let all = [bytes, text]
}
