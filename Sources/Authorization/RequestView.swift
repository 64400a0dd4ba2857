import IntentProtocol

/// A request while it is being compared: its texts side by side in scratch memory, and what rules ask for found once.
struct RequestView {
    let path: UnsafeRawBufferPointer
    let method: UnsafeRawBufferPointer
    /// In lower case.
    let host: UnsafeRawBufferPointer?
    /// In lower case.
    let serverName: UnsafeRawBufferPointer?
    let port: UInt16
    let sourceAddress: NetworkAddress?
    let remoteAddress: NetworkAddress?
    let destinationAddress: NetworkAddress?
    /// The whole identity.
    let principal: UnsafeRawBufferPointer?
    /// Empty when the identity has no `/`.
    let trustDomain: UnsafeRawBufferPointer
    /// nil unless the identity has the usual form.
    let namespace: UnsafeRawBufferPointer?
    /// nil unless the identity has the usual form.
    let serviceAccount: UnsafeRawBufferPointer?
    /// For an identity that has not the usual form.
    let unusualPrincipal: PeerPrincipal?
    let token: TokenAttributes?
    /// The values of the header fields that rules look at, several of one name joined.
    let headers: UnsafeBufferPointer<UnsafeRawBufferPointer?>
    /// The claims that rules look at; the token keeps them alive.
    let claims: UnsafeBufferPointer<Unmanaged<ClaimValue>?>

    /// Puts a request into scratch memory that is valid until the body returns.
    static func with<Answer>(
        _ request: borrowing AuthorizationRequest, path: ArraySlice<UInt8>, headerNames: [[UInt8]],
        claimPaths: [[[UInt8]]], _ body: (borrowing RequestView) -> Answer
    ) -> Answer {
        let request = copy request
        let byteCount =
            path.count + request.method.count + (request.host?.count ?? 0) * 2 + (request.serverName?.count ?? 0)
            + (request.principal?.bytes.count ?? 0) + (headerNames.isEmpty ? 0 : request.headers.byteCount)
        return withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { memory in
            withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer?.self, capacity: headerNames.count) { headers in
                withUnsafeTemporaryAllocation(of: Unmanaged<ClaimValue>?.self, capacity: claimPaths.count) { claims in
                    var scratch = ScratchMemory(memory)
                    for place in headerNames.indices {
                        headers.initializeElement(at: place, to: scratch.append(headerNames[place], of: request))
                    }
                    for place in claimPaths.indices {
                        let claim = request.token?.value(at: claimPaths[place])
                        claims.initializeElement(at: place, to: claim.map(Unmanaged.passUnretained))
                    }
                    let view = RequestView(
                        request, path: path, &scratch, headers: UnsafeBufferPointer(headers),
                        claims: UnsafeBufferPointer(claims))
                    return withExtendedLifetime(request) { body(view) }
                }
            }
        }
    }

    private init(
        _ request: borrowing AuthorizationRequest, path: ArraySlice<UInt8>, _ scratch: inout ScratchMemory,
        headers: UnsafeBufferPointer<UnsafeRawBufferPointer?>, claims: UnsafeBufferPointer<Unmanaged<ClaimValue>?>
    ) {
        self.path = scratch.append(path)
        method = scratch.append(request.method)
        host = request.host.map { scratch.append(lowercased: $0) }
        serverName = request.serverName.map { scratch.append(lowercased: $0) }
        port = request.destinationPort
        sourceAddress = request.sourceAddress
        remoteAddress = request.remoteAddress
        destinationAddress = request.destinationAddress
        token = request.token
        self.headers = headers
        self.claims = claims
        guard let principal = request.principal else {
            self.principal = nil
            trustDomain = UnsafeRawBufferPointer(start: nil, count: 0)
            namespace = nil
            serviceAccount = nil
            unusualPrincipal = nil
            return
        }
        let bytes = scratch.append(principal.bytes[...])
        self.principal = bytes
        trustDomain = bytes.part(principal.trustDomain)
        namespace = principal.namespace.map { bytes.part($0) }
        serviceAccount = principal.serviceAccount.map { bytes.part($0) }
        unusualPrincipal = principal.namespace == nil ? principal : nil
    }
}
