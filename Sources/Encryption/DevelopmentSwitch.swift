/// The proof that somebody asked for what is no security: `emcl: { development: true }` in a configuration, or a test.
package struct DevelopmentSwitch: Sendable {
    /// Nil unless it is switched on.
    package init?(isOn: Bool) {
        guard isOn else { return nil }
    }
}
