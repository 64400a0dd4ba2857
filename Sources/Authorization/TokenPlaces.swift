/// Every place in which a rule looks for a token; made once for all rules.
package struct TokenPlaces: Sendable {
    /// The most places that rules of one workload may name together.
    package static let countMax = 63

    /// What a request presents beside the usual places.
    package enum Presented: Sendable {
        case nothing
        /// One token, maybe at several places.
        case one(ArraySlice<UInt8>, TokenPlaceSet)
        /// Tokens that differ.
        case several
    }

    /// Beyond ``countMax`` places are left out; whoever loads policies refuses those that name more.
    package let places: [TokenPlace]
    /// How many places rules name.
    package let namedCount: Int
    /// The places of each rule.
    let ofRules: [TokenPlaceSet]
    /// Whether a place is a line of the head that is not handed in otherwise.
    package let areInHeaders: Bool

    init(_ rules: [TokenRule]) {
        var places: [TokenPlace] = [.usual]
        ofRules = rules.map { rule in
            let (headers, parameters, cookies) = rule.places
            let named =
                headers.map(TokenPlace.init) + parameters.map(TokenPlace.parameter) + cookies.map(TokenPlace.cookie)
            var found: TokenPlaceSet = []
            for place in named {
                let number = places.firstIndex(of: place) ?? places.count
                if number == places.count { places.append(place) }
                if number <= Self.countMax { found.insert(TokenPlaceSet(number: number)) }
            }
            return found
        }
        namedCount = places.count
        self.places = Array(places.prefix(Self.countMax + 1))
        areInHeaders = self.places.contains { place in
            switch place {
            case .header, .cookie: true
            case .usual, .parameter: false
            }
        }
    }

    /// Whether a place is a parameter of the query.
    package var areInQuery: Bool {
        places.contains { place in
            switch place {
            case .parameter: true
            case .usual, .header, .cookie: false
            }
        }
    }

    /// Whether tokens are looked for in other than the usual places.
    package var areAny: Bool { places.count > 1 }

    /// Whether one of the places is the `Authorization` header.
    package func areInAuthorization(_ places: TokenPlaceSet) -> Bool {
        headerNames(of: places).contains("authorization")
    }

    /// The headers that tokens stand in, in lower case.
    func headerNames(of places: TokenPlaceSet) -> [String] {
        self.places.indices.compactMap { number in
            guard places.contains(TokenPlaceSet(number: number)) else { return nil }
            switch self.places[number] {
            case .usual: return "authorization"
            case .header(let name, _): return name
            case .parameter, .cookie: return nil
            }
        }
    }

    /// Looks at every place but the usual one.
    ///
    /// - Parameter target: the request target as it came, with its query.
    package func present(target: ArraySlice<UInt8>, headers: AuthorizationHeaders) -> Presented {
        var token: ArraySlice<UInt8>?
        var found: TokenPlaceSet = []
        var differ = false
        for number in places.indices.dropFirst() {
            Self.tokens(at: places[number], target, headers) { next in
                guard !next.isEmpty else { return }
                differ = differ || token.map { !$0.elementsEqual(next) } ?? false
                token = next
                found.insert(TokenPlaceSet(number: number))
            }
        }
        guard let token else { return .nothing }
        return differ ? .several : .one(token, found)
    }

    private static func tokens(
        at place: TokenPlace, _ target: ArraySlice<UInt8>, _ headers: AuthorizationHeaders,
        _ body: (ArraySlice<UInt8>) -> Void
    ) {
        switch place {
        case .usual: break
        case .header(let name, let prefix):
            _ = headers.forEachValue(of: Array(name.utf8)) { value in
                // Wherever it stands, as Envoy looks for it; without it there is no token.
                guard !prefix.isEmpty else { return body(value) }
                guard let start = value.firstRange(of: Array(prefix.utf8)) else { return }
                body(value[start.upperBound...].drop { $0 == 0x20 })
            }
        case .cookie(let name):
            _ = headers.forEachValue(of: Array("cookie".utf8)) { value in
                for pair in value.split(separator: UInt8(ascii: ";")) {
                    pairValue(pair.drop { $0 == 0x20 || $0 == 0x09 }, named: name).map(body)
                }
            }
        case .parameter(let name):
            guard let question = target.firstIndex(of: UInt8(ascii: "?")) else { return }
            for pair in target[(question + 1)...].split(separator: UInt8(ascii: "&")) {
                pairValue(pair, named: name).map(body)
            }
        }
    }

    private static func pairValue(_ pair: ArraySlice<UInt8>, named name: String) -> ArraySlice<UInt8>? {
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), pair[..<equals].elementsEqual(name.utf8) else {
            return nil
        }
        return pair[(equals + 1)...]
    }
}
