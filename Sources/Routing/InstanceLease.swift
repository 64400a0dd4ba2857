/// A call under way to an instance; how it ends decides whether the instance stays in use.
///
/// A lease that is dropped without a word counts as given up by our side, so a cancelled call neither leaks its place
/// nor blames the instance.
package struct InstanceLease: ~Copyable, Sendable {
    private let state: InstanceState
    private let isProbe: Bool
    private let beganNanoseconds: Int64
    private var isOpen = true

    init(state: InstanceState, isProbe: Bool, beganNanoseconds: Int64) {
        self.state = state
        self.beganNanoseconds = beganNanoseconds
        self.isProbe = isProbe
    }

    deinit {
        if isOpen { state.abandoned(wasProbe: isProbe) }
    }

    /// The instance answered, whatever its answer says.
    package consuming func succeeded(nowNanoseconds: Int64) {
        isOpen = false
        state.noteLatency(nowNanoseconds - beganNanoseconds)
        state.succeeded(wasProbe: isProbe, nowNanoseconds: nowNanoseconds)
    }

    /// The call failed on the way: no connection, no answer in time, or one that is not HTTP.
    package consuming func failed(nowNanoseconds: Int64) {
        isOpen = false
        state.failed(wasProbe: isProbe, nowNanoseconds: nowNanoseconds)
    }

    /// Our side gave the call up, as when the client went away.
    package consuming func abandoned() {}
}
