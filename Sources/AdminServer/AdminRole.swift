/// What somebody may do over the admin API.
enum AdminRole: Comparable {
    case viewer
    case administrator
}
