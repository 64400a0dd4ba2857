import Identity

/// Who asks over the admin API.
struct AdminCaller {
    var token: VerifiedToken?
    var service: ServiceIdentity?
    /// nil for somebody who is known and may do nothing.
    var role: AdminRole?

    /// A peer of this machine, where nothing says who may read.
    static let local = AdminCaller(role: .viewer)
}
