import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// What the people who hold it may do.
package enum Roles {
    private static let documentSchema: JSON = ["type": "object"]

    package static let roleName = Field.text("name", "What it is called.").required.unique.title
    package static let key = Field.text("key", "admin, manager, member or read_only for the built-in roles, else null.").readOnly
    package static let rights = Field.document("rights", schema: documentSchema, "Per type, or * for all others: who may do what.")
    package static let hiddenFields = Field.document(
        "hidden_fields", schema: documentSchema, "Per type: fields that do not exist for the role.")
    package static let readOnlyFields = Field.document(
        "readonly_fields", schema: documentSchema, "Per type: fields that the role cannot write.")
    package static let admin = Field.document("admin", schema: documentSchema, "Which parts of the account the role runs.")

    package static let type = RecordType(
        "roles", singular: "role", fields: [roleName, key, rights, hiddenFields, readOnlyFields, admin], staysWhileUsed: true,
        standing: .furniture, isSearchable: false
    ) { rules in
        rules.refusals = [
            "roles_built_in": Problem(.conflict, "A built-in role cannot change; make a role of your own.")
        ]
        rules.preparing = { draft, change throws(Problem) in try RoleDocuments.check(&draft, change) }
        rules.saving = { change throws(Problem) in
            [
                """
                SELECT cell.refuse('TN002', 'roles_built_in')
                WHERE EXISTS (SELECT FROM roles WHERE id = \(change.id) AND key IS NOT NULL)
                """,
                Credentials.changed(change.slug), AuditTrail.telling(of: change.id, "roles", "role"),
            ]
        }
    }

    /// The four roles that every tenant has and nobody can change.
    package enum BuiltIn: String, CaseIterable {
        case admin, manager, member, readOnly = "read_only"

        var name: String {
            switch self {
            case .admin: "Administrator"
            case .manager: "Manager"
            case .member: "Member"
            case .readOnly: "Read only"
            }
        }

        var rights: Rights {
            switch self {
            case .admin: Rights(types: ["*": .everything], admin: .everything)
            case .manager: Rights(types: ["*": .everything])
            case .member: Rights(types: ["*": .init(read: .all, update: .own, delete: .own, create: true)])
            case .readOnly: Rights(types: ["*": .init(read: .all)])
            }
        }
    }

    /// The statements that give a new tenant its roles.
    package static func seeds() -> [SQL] {
        BuiltIn.allCases.map { role in
            """
            INSERT INTO roles (id, name, key, rights, admin)
            VALUES (\(UUID.v7()), \(role.name), \(role.rawValue), \(role.rights.document.text)::jsonb, \(role.rights.adminDocument.text)::jsonb)
            """
        }
    }
}
