import Foundation
import Postgres

extension RecordStore {
    /// Goes through the checks that the action would meet for this store's caller, with the conditions that the engine itself uses.
    ///
    /// - Parameters:
    ///   - isDiscreet: a record that the caller may not read is as good as none: nobody learns by asking that it is there.
    package func explain(
        _ action: AccessExplanation.Action, _ id: String?, isDiscreet: Bool, _ explanation: inout AccessExplanation
    ) async throws {
        let rights = caller.rights[type.name]
        guard
            explanation.check("operation", offers(action), "\(type.name): \(offers(action) ? "this can be done." : "this is not offered.")")
        else { return }
        switch action {
        case .create:
            guard explanation.check("role", rights.create, "The role may \(rights.create ? "" : "not ")create \(type.name).") else {
                return
            }
            try await explain(.create, id: UUID().text, &explanation)
        case .export:
            guard explanation.check("role", rights.export, "The role may \(rights.export ? "" : "not ")export \(type.name).") else {
                return
            }
            explanation.check("role", rights.read != .none, "The role may read \(rights.read.inWords) \(type.name).")
        case .read, .update, .delete:
            try await explain(action, record: id ?? "", rights, isDiscreet, &explanation)
        }
        if explanation.isAllowed { noteFields(&explanation) }
    }

    private func offers(_ action: AccessExplanation.Action) -> Bool {
        switch action {
        case .read: type.operations.contains(.get)
        case .update: type.operations.contains(.update)
        case .delete: type.operations.contains(.trash)
        case .create: type.operations.contains(.create)
        case .export: type.operations.contains(.list)
        }
    }

    private func explain(
        _ action: AccessExplanation.Action, record text: String, _ rights: Rights.TypeRights, _ isDiscreet: Bool,
        _ explanation: inout AccessExplanation
    ) async throws {
        let reach = action == .delete ? rights.delete : rights.update
        let id = UUID(text: text)
        let query =
            "SELECT r.deleted_at IS NULL, r.owner_id, \(caller.within(rights.read)) IS TRUE, \(caller.readable(type)) IS TRUE, "
            + "\(caller.within(reach)) IS TRUE" + SQL(code: " FROM \(type.table) AS r WHERE r.id = ") + "\(id)::uuid"
            + (isDiscreet ? " AND " + caller.readable(type) : "")
        let rows = try await scope.rows(query)
        guard let row = rows.first else {
            let unseen = isDiscreet ? ", or the role may not read it" : ""
            explanation.check("record", false, "There is no such \(type.singular)\(unseen).")
            return
        }
        explanation.note("owner", ownership(row.optionalText(1).flatMap(UUID.init(text:))))
        guard explanation.check("role", try row.bool(2), "The role may read \(rights.read.inWords) \(type.name)."),
            explanation.check(
                "visibility", try row.bool(3), "This \(type.singular) is \(try row.bool(3) ? "" : "not ")shown to the user."),
            explanation.check("trash", try row.bool(0), "The \(type.singular) is \(try row.bool(0) ? "not " : "")in the trash.")
        else { return }
        guard action != .read else { return }
        guard explanation.check("role", try row.bool(4), "The role may \(action.rawValue) \(reach.inWords) \(type.name).") else { return }
        try await explain(action == .update ? .update : .trash, id: text.lowercased(), &explanation)
    }

    /// What the type's own rule says of who may write, whatever is written.
    private func explain(_ action: RecordType.Change.Action, id: String, _ explanation: inout AccessExplanation) async throws {
        guard let preparing = type.rules.preparing else { return }
        var draft = Draft.empty
        do throws(Problem) {
            try await preparing(&draft, change(action, id))
        } catch {
            // What else a rule has against an empty draft says nothing of the caller.
            if error.code == .forbidden { explanation.check(type.name, false, error.detail) }
        }
    }

    private func ownership(_ owner: UUID?) -> String {
        guard let owner else { return "The \(type.singular) has no owner." }
        if owner == caller.userID { return "The user owns the \(type.singular)." }
        return caller.teamMemberIDs.contains(owner)
            ? "A member of the user's teams, or of a team below them, owns the \(type.singular)."
            : "Someone outside the user's teams owns the \(type.singular)."
    }

    private func noteFields(_ explanation: inout AccessExplanation) {
        let paths = (type.fields + type.customFields).map(\.path)
        let hidden = paths.filter { caller.rights.isHidden($0, of: type.name) }
        if !hidden.isEmpty { explanation.note("hidden_fields", "These do not exist for the role: \(hidden.joined(separator: ", ")).") }
        let fixed = paths.filter { caller.rights.isReadOnly($0, of: type.name) && !hidden.contains($0) }
        if !fixed.isEmpty { explanation.note("readonly_fields", "The role cannot write these: \(fixed.joined(separator: ", ")).") }
    }
}

extension Rights.Reach {
    fileprivate var inWords: String {
        switch self {
        case .none: "no"
        case .own: "the user's own"
        case .team: "the teams'"
        case .all: "all"
        }
    }
}
