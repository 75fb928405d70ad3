import Records

/// What an endpoint says about itself: the source of its page in the OpenAPI document and of what its query may hold.
package struct Operation: Sendable {
    /// `contacts.create`: unique, never changes; generated clients name their functions after it.
    package let id: String
    package let summary: String
    /// The heading under which the document lists it.
    package let tag: String
    package let parameters: [Parameter]
    package let body: BodyDescription?
    package let responses: [Int: ResponseDescription]
    /// Refusals besides those that any call can meet.
    package let problems: [Problem.Code]
    /// Whether the path holds a secret, so that it must not stand in a log.
    package let hidesAddress: Bool
    /// What it takes from the tenant's rates; nil for what its effect usually takes.
    package let cost: Cost?
    /// Whether names in the query that are not declared are left alone, as a page does that anyone may have linked to.
    let takesAnyQuery: Bool

    package init(
        _ id: String, _ summary: String, tag: String, parameters: [Parameter] = [], body: BodyDescription? = nil,
        responses: [Int: ResponseDescription], problems: [Problem.Code] = [], hidesAddress: Bool = false, cost: Cost? = nil,
        takesAnyQuery: Bool = false
    ) {
        self.id = id
        self.summary = summary
        self.tag = tag
        self.parameters = parameters
        self.body = body
        self.responses = responses
        self.problems = problems
        self.hidesAddress = hidesAddress
        self.cost = cost
        self.takesAnyQuery = takesAnyQuery
        let forms = responses.values.flatMap(\.forms)
        produces = Set(forms + ["application/problem+json"])
    }

    /// The forms in which an answer may come, for `Accept`.
    let produces: Set<String>
}

/// A name in the path, the query or the headers of a request.
package struct Parameter: Sendable {
    package enum Place: String, Sendable {
        case path, query, header
    }

    package let name: String
    package let place: Place
    /// JSON Schema of the value.
    package let schema: JSON
    package let isRequired: Bool
    package let description: String
    /// A family of query names, `filter[stage_id]`, `filter[amount][gte]`: OpenAPI's style `deepObject`.
    package let isFamily: Bool

    package init(
        _ name: String, in place: Place, _ schema: JSON, required: Bool = false, _ description: String, isFamily: Bool = false
    ) {
        self.name = name
        self.place = place
        self.schema = schema
        isRequired = required || place == .path
        self.description = description
        self.isFamily = isFamily
    }

    /// Whether a name found in a query is this parameter's.
    func covers(_ found: String) -> Bool {
        isFamily ? found.hasPrefix(name + "[") && found.hasSuffix("]") : found == name
    }
}

/// What a request brings.
package struct BodyDescription: Sendable {
    package let contentTypes: [String]
    /// JSON Schema, usually a `$ref` into the components.
    package let schema: JSON
    package let isRequired: Bool

    package init(_ schema: JSON, contentTypes: [String] = ["application/json"], required: Bool = true) {
        self.schema = schema
        self.contentTypes = contentTypes
        isRequired = required
    }
}

/// One way in which a call ends well.
package struct ResponseDescription: Sendable {
    package let description: String
    /// JSON Schema of the body; nil when there is none.
    package let schema: JSON?
    package let contentType: String?
    /// Other forms in which the same may come.
    let otherForms: [String]
    /// Header names and what they say.
    package let headers: [(name: String, description: String)]

    package init(
        _ description: String, schema: JSON? = nil, contentType: String = "application/json",
        headers: [(name: String, description: String)] = [], orForms otherForms: [String] = []
    ) {
        self.otherForms = otherForms
        self.description = description
        self.schema = schema
        self.contentType = schema == nil ? nil : contentType
        self.headers = headers
    }

    /// The names of all forms, without their parameters.
    var forms: [String] { ([contentType].compactMap(\.self) + otherForms).map { String($0.prefix { $0 != ";" }) } }
}
