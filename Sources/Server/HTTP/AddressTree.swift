import HTTPTypes

/// Which endpoint answers which address.
///
/// A tree of our own rather than Hummingbird's router: that one cannot tell an unknown address (404) from an unknown method (405 with
/// `Allow`), and takes `//v1///contacts/` for `/v1/contacts`.
struct AddressTree: Sendable {
    private var nodes = [Node()]

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: Int?
        var places: [HTTPRequest.Method: Place] = [:]
    }

    struct Place: Sendable {
        let endpoint: Endpoint
        /// Position in the list the tree was made of.
        let index: Int
        fileprivate let names: [String]
    }

    /// What lives at an address.
    enum Match: Sendable {
        case found(Place, parameters: Parameters)
        case otherMethods([String])
        case nothing
    }

    init(_ endpoints: [Endpoint]) {
        for (index, endpoint) in endpoints.enumerated() {
            var node = 0
            var names: [String] = []
            for segment in endpoint.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                if segment.hasPrefix("{") && segment.hasSuffix("}") {
                    names.append(String(segment.dropFirst().dropLast()))
                    node = child(of: node, at: \.parameter)
                } else {
                    node = child(of: node, at: \.literals[String(segment)])
                }
            }
            precondition(nodes[node].places[endpoint.method] == nil, "\(endpoint.method) \(endpoint.path) is declared twice")
            nodes[node].places[endpoint.method] = Place(endpoint: endpoint, index: index, names: names)
        }
    }

    private mutating func child(of parent: Int, at place: WritableKeyPath<Node, Int?>) -> Int {
        if let child = nodes[parent][keyPath: place] { return child }
        nodes.append(Node())
        nodes[parent][keyPath: place] = nodes.count - 1
        return nodes.count - 1
    }

    /// Looks a path up as it came, percent-encoded and without the query. HEAD finds what GET serves.
    func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        var values: [String] = []
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        guard let node = find(path[path.utf8.index(after: path.startIndex)...], from: 0, values: &values) else { return .nothing }
        let places = nodes[node].places
        guard let place = places[method] ?? (method == .head ? places[.get] : nil) else { return .otherMethods(Self.names(of: places)) }
        return .found(place, parameters: Parameters(names: place.names, values: values))
    }

    /// A literal wins over a name in braces; where it leads nowhere the other is tried. Not at the root: what lies below `/v1` is the API's
    /// and never a page of record type `v1`.
    private func find(_ path: Substring?, from node: Int, values: inout [String]) -> Int? {
        guard let path else { return nodes[node].places.isEmpty ? nil : node }
        // Byte by byte: characters would be found one by one, which takes ten times as long.
        let slash = path.utf8.firstIndex(of: UInt8(ascii: "/"))
        let rest = slash.map { path[path.utf8.index(after: $0)...] }
        guard let segment = PercentEncoding.decode(path[..<(slash ?? path.endIndex)]) else { return nil }
        if let literal = nodes[node].literals[segment] {
            let found = find(rest, from: literal, values: &values)
            if found != nil || node == 0 { return found }
        }
        guard let parameter = nodes[node].parameter, !segment.isEmpty else { return nil }
        values.append(segment)
        if let found = find(rest, from: parameter, values: &values) { return found }
        values.removeLast()
        return nil
    }

    private static func names(of places: [HTTPRequest.Method: Place]) -> [String] {
        let names = places.keys.map(\.rawValue)
        return (names.contains("GET") ? names + ["HEAD"] : names).sorted()
    }
}

/// The values that stood in a path where its pattern has names in braces, percent-decoded.
package struct Parameters: Sendable {
    private let names: [String]
    private let values: [String]

    init(names: [String] = [], values: [String] = []) {
        self.names = names
        self.values = values
    }

    /// Empty for a name that the pattern does not have.
    package subscript(name: String) -> String {
        names.firstIndex(of: name).map { values[$0] } ?? ""
    }
}
