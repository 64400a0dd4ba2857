import Testing

/// Tests over real sockets run one after the other: their time-outs are short, and two cores are few.
@Suite("Over real sockets", .serialized)
struct SocketTests {}
