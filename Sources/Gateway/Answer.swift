/// What goes back to the caller: a status, extra header lines and a JSON body.
package struct Answer: Sendable {
    package var status: Int
    /// Complete header lines, each ended by CR LF, beside the ones the listener writes itself.
    package var headerLines: [UInt8]
    package var body: [UInt8]

    package init(status: Int, headerLines: [UInt8] = [], body: [UInt8]) {
        self.status = status
        self.headerLines = headerLines
        self.body = body
    }
}
