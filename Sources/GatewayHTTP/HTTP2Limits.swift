/// What a connection over HTTP/2 may cost; every number is a limit stated once.
package struct HTTP2Limits: Sendable, Hashable {
    /// Streams at the same time.
    package var streamsMax = 100
    /// Bytes that a connection's streams hold together; a request that would go over it is reset. Answers count, and are sent
    /// nevertheless.
    package var bufferedBytesMax = 8 << 20
    /// Streams that the peer may reset, and stream errors, within the window; one more ends the connection.
    package var resetsMax = 200
    /// SETTINGS and PING frames within the window; one more ends the connection.
    package var controlFramesMax = 200
    package var windowMilliseconds: Int64 = 30_000
    /// WINDOW_UPDATE frames that a connection may send for nothing; beyond them each stream and each kilobyte of answers earns more.
    package var windowUpdatesMax = 1_000
    /// DATA frames of less than ``smallFrameBytes`` that a connection may send, the last of each stream aside; each stream and
    /// each kilobyte of bodies earns more.
    package var smallFramesMax = 1_000
    static let smallFrameBytes = 256
    /// Faults of the protocol, each of a stream perhaps; one more than these ends the connection. Behind the first no stream is taken,
    /// and more than ``streamsMax`` that come all the same end it too.
    package var faultsMax = 20
    /// CONTINUATION frames behind one HEADERS frame; one more ends the connection.
    package var continuationsMax = 8

    package init() {}
}
