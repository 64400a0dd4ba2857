import NIOHPACK
import NIOHTTP2

/// Why an HTTP/2 connection ends early; the raw value is the stable name for metrics.
package enum HTTP2Fault: String, Sendable, CaseIterable {
    case resets
    case controlFrames = "control_frames"
    case windowUpdates = "window_updates"
    case continuations
    case headerSize = "header_size"
    case emptyFrames = "empty_frames"
    case smallFrames = "small_frames"
    case streamErrors = "stream_errors"
    /// A frame that cannot be read, or headers that unfold to more than they may be.
    case unreadable
    /// A frame that the protocol does not allow here.
    case protocolError = "protocol_error"
    /// The end of the connection itself.
    case broken

    init(_ error: any Error) {
        // The fault of one stream is said to be one; it is its cause that counts.
        let error = (error as? NIOHTTP2Errors.StreamError)?.baseError ?? error
        self =
            switch error {
            case is NIOHTTP2Errors.ExcessiveRSTFrames: .resets
            case is NIOHTTP2Errors.ExcessiveControlFrames, is NIOHTTP2Errors.ExcessiveOutboundFrameBuffering:
                .controlFrames
            case is NIOHTTP2Errors.ExcessiveContinuationFrames: .continuations
            case is NIOHTTP2Errors.ExcessivelyLargeHeaderBlock, is NIOHPACKErrors.MaxHeaderListSizeViolation:
                .headerSize
            case is NIOHTTP2Errors.ExcessiveEmptyDataFrames: .emptyFrames
            case is NIOHTTP2Errors.ExcessiveStreamErrors, is NIOHTTP2Errors.ExcessiveNumberOfGlitches: .streamErrors
            case is NIOHTTP2Errors.UnableToParseFrame, is NIOHTTP2Errors.BadClientMagic: .unreadable
            case is any NIOHTTP2Error: .protocolError
            default: .broken
            }
    }

    /// Whether what the peer still sends is not worth reading.
    var endsAtOnce: Bool { self != .protocolError }
}
