/// What a role lets its holder do, as MODEL.md writes it: per type, `*` for every type not named.
package struct Rights: Sendable, Hashable {
    package var types: [String: TypeRights]
    package var hiddenFields: [String: Set<String>]
    package var readOnlyFields: [String: Set<String>]
    package var admin: AdminRights

    package enum Reach: String, Sendable, Hashable, CaseIterable, Comparable {
        case none, own, team, all

        package static func < (left: Reach, right: Reach) -> Bool { left.rank < right.rank }
        private var rank: Int {
            switch self {
            case .none: 0
            case .own: 1
            case .team: 2
            case .all: 3
            }
        }
    }

    package struct TypeRights: Sendable, Hashable {
        package var read: Reach
        package var update: Reach
        package var delete: Reach
        package var create: Bool
        package var export: Bool

        package init(read: Reach = .none, update: Reach = .none, delete: Reach = .none, create: Bool = false, export: Bool = false) {
            self.read = read
            self.update = update
            self.delete = delete
            self.create = create
            self.export = export
        }

        package static let nothing = TypeRights()
        package static let everything = TypeRights(read: .all, update: .all, delete: .all, create: true, export: true)
    }

    /// Which parts of the house itself the role may run.
    package struct AdminRights: Sendable, Hashable {
        package var settings: Bool
        package var users: Bool
        package var billing: Bool
        package var schema: Bool

        package init(settings: Bool = false, users: Bool = false, billing: Bool = false, schema: Bool = false) {
            self.settings = settings
            self.users = users
            self.billing = billing
            self.schema = schema
        }

        package static let everything = AdminRights(settings: true, users: true, billing: true, schema: true)
    }

    package init(
        types: [String: TypeRights], hiddenFields: [String: Set<String>] = [:], readOnlyFields: [String: Set<String>] = [:],
        admin: AdminRights = AdminRights()
    ) {
        self.types = types
        self.hiddenFields = hiddenFields
        self.readOnlyFields = readOnlyFields
        self.admin = admin
    }

    package subscript(type: String) -> TypeRights { types[type] ?? types["*"] ?? .nothing }

    package func isHidden(_ field: String, of type: String) -> Bool {
        hiddenFields[type]?.contains(field) == true || hiddenFields["*"]?.contains(field) == true
    }

    /// Whether there is any field that the type has and the role does not see.
    package func hidesFields(of type: String) -> Bool { !hiddenFields.isEmpty && (hiddenFields[type] ?? hiddenFields["*"]) != nil }

    package func isReadOnly(_ field: String, of type: String) -> Bool {
        readOnlyFields[type]?.contains(field) == true || readOnlyFields["*"]?.contains(field) == true
    }

    /// What both allow: an API key never exceeds its maker.
    package func intersection(_ other: Rights) -> Rights {
        let names = Set(types.keys).union(other.types.keys)
        let union: ([String: Set<String>], [String: Set<String>]) -> [String: Set<String>] = { left, right in
            left.merging(right) { $0.union($1) }
        }
        return Rights(
            types: Dictionary(uniqueKeysWithValues: names.map { ($0, self[$0].intersection(other[$0])) }),
            hiddenFields: union(hiddenFields, other.hiddenFields),
            readOnlyFields: union(readOnlyFields, other.readOnlyFields),
            admin: AdminRights(
                settings: admin.settings && other.admin.settings, users: admin.users && other.admin.users,
                billing: admin.billing && other.admin.billing, schema: admin.schema && other.admin.schema))
    }
}

extension Rights.TypeRights {
    fileprivate func intersection(_ other: Self) -> Self {
        Self(
            read: min(read, other.read), update: min(update, other.update), delete: min(delete, other.delete),
            create: create && other.create, export: export && other.export)
    }
}

extension Rights {
    /// Reads the four documents of a role. What is missing or unknown gives no right.
    package init(rights: JSON, hiddenFields: JSON, readOnlyFields: JSON, admin: JSON) {
        types = Dictionary(
            (rights.members ?? []).map { ($0.name, TypeRights($0.value)) }, uniquingKeysWith: { first, _ in first })
        let names: (JSON) -> [String: Set<String>] = { document in
            Dictionary(
                (document.members ?? []).map { ($0.name, Set(($0.value.elements ?? []).compactMap(\.string))) },
                uniquingKeysWith: { $0.union($1) })
        }
        self.hiddenFields = names(hiddenFields)
        self.readOnlyFields = names(readOnlyFields)
        self.admin = AdminRights(
            settings: admin["settings"]?.bool ?? false, users: admin["users"]?.bool ?? false,
            billing: admin["billing"]?.bool ?? false, schema: admin["schema"]?.bool ?? false)
    }

    /// As `GET /v1/session` shows them.
    package var document: JSON {
        .object(types.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.document) })
    }

    package var adminDocument: JSON {
        [
            "settings": .bool(admin.settings), "users": .bool(admin.users), "billing": .bool(admin.billing),
            "schema": .bool(admin.schema),
        ]
    }
}

extension Rights.TypeRights {
    package init(_ document: JSON) {
        let reach: (String) -> Rights.Reach = { document[$0]?.string.flatMap(Rights.Reach.init(rawValue:)) ?? .none }
        self.init(
            read: reach("read"), update: reach("update"), delete: reach("delete"), create: document["create"]?.bool ?? false,
            export: document["export"]?.bool ?? false)
    }

    package var document: JSON {
        [
            "read": .string(read.rawValue), "update": .string(update.rawValue), "delete": .string(delete.rawValue),
            "create": .bool(create), "export": .bool(export),
        ]
    }
}
