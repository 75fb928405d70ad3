import Foundation

/// Who asks, with what right: everything that the engine needs to know of a request.
package struct Caller: Sendable {
    /// Whom the change log names.
    package var actor: Actor
    /// The person whose records are "own": the user, or the maker of the API key.
    package var userID: UUID
    /// The members of the caller's teams, the caller included: whose records are "team".
    package var teamMemberIDs: [UUID]
    package var rights: Rights
    package var requestID: String
    /// What several changes belong to, so that they can be undone together.
    package var operationID: UUID?
    /// What the change log calls the caller's writes, when not by their call.
    package var purpose: Purpose?

    /// Whether a record may be made although a rule tells that there is one already.
    package var allowsDuplicates = false

    package init(actor: Actor, userID: UUID, teamMemberIDs: [UUID] = [], rights: Rights, requestID: String) {
        self.actor = actor
        self.userID = userID
        self.teamMemberIDs = teamMemberIDs
        self.rights = rights
        self.requestID = requestID
    }
}

/// The hand that wrote something.
package struct Actor: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case user, apiKey = "api_key", `operator`, system
    }

    package var kind: Kind
    package var id: UUID

    package init(_ kind: Kind, _ id: UUID) {
        self.kind = kind
        self.id = id
    }
}
