import Records
import Tenancy

/// What one tenant has decided, as it is stored: only that; everything else holds as declared.
package struct SettingsDocument: Sendable {
    package let stored: JSON

    package init(stored: JSON = .object([])) {
        self.stored = stored
    }

    /// - Parameter text: of the column `settings.document`.
    package init(parsing text: String) throws {
        stored = try JSON(parsing: text)
    }

    /// What a new tenant begins with; the order was checked when it was placed.
    init(first order: String?, _ key: TenantKey) throws {
        var patch = SettingsPatch(allowsPrivateHosts: true) { secret, place, _ in key.seal(secret, for: place) }
        let body = try order.map { try JSON(parsing: $0) } ?? .object([])
        self = patch.merge(body, into: SettingsDocument())
        guard patch.errors.isEmpty else { throw Problem.invalid(patch.errors) }
    }

    /// Who reads it.
    package enum Reader: Sendable { case everyone, administrators }

    /// Every key, what was not decided with its default, secrets as `{"set": true}`.
    package func shown(to reader: Reader, _ defaults: SettingDefaults) -> JSON {
        Self.shown(TenantSettings.keys, stored, to: reader, defaults)
    }

    private static func shown(_ keys: [SettingKey], _ stored: JSON?, to reader: Reader, _ defaults: SettingDefaults) -> JSON {
        .object(
            keys.filter { reader == .administrators || !$0.isForAdministrators }.map { key in
                let value = stored?[key.name]
                return switch key.kind {
                case .group(let inner): .init(key.name, shown(inner, value, to: reader, defaults))
                case .secret: .init(key.name, ["set": .bool(SealedSecret.text(in: value) != nil)])
                default: .init(key.name, key.effective(value, defaults))
                }
            })
    }

    /// One value, by its dotted name: `security.password_min`. Null when nothing is decided and the default is another's to know.
    package subscript(path: String) -> JSON {
        var keys = TenantSettings.keys
        var value: JSON? = stored
        for name in path.split(separator: ".") {
            guard let key = keys.first(where: { $0.name == name }) else { return .null }
            value = value?[key.name]
            guard case .group(let inner) = key.kind else { return key.effective(value, nil) }
            keys = inner
        }
        return .null
    }

    /// The dotted names of what the other has otherwise.
    package func changes(to other: SettingsDocument, _ defaults: SettingDefaults) -> [String] {
        zip(leaves(defaults), other.leaves(defaults)).filter { $0.value != $1.value }.map(\.0.path)
    }

    /// The dotted names of what is decided at all.
    var decided: [String] {
        let nothing = SettingDefaults(accountName: "", sessionHours: 0)
        return SettingsDocument().changes(to: self, nothing)
    }

    /// Every value by its dotted name, secrets as they are stored.
    private func leaves(_ defaults: SettingDefaults) -> [(path: String, value: JSON)] {
        func leaves(_ keys: [SettingKey], _ stored: JSON?, _ prefix: String) -> [(path: String, value: JSON)] {
            keys.flatMap { key -> [(path: String, value: JSON)] in
                let value = stored?[key.name]
                guard case .group(let inner) = key.kind else { return [(prefix + key.name, key.effective(value, defaults))] }
                return leaves(inner, value, prefix + key.name + ".")
            }
        }
        return leaves(TenantSettings.keys, stored, "")
    }
}

extension SettingKey {
    /// What holds, with the members of objects in the declared order: PostgreSQL keeps them in one of its own.
    fileprivate func effective(_ stored: JSON?, _ defaults: SettingDefaults?) -> JSON {
        if let stored, !stored.isNull { return kind.ordered(stored) }
        if let defaults { return defaults.value(standard) }
        if case .value(let value) = standard { return value }
        return .null
    }
}

extension SettingKind {
    fileprivate func ordered(_ value: JSON) -> JSON {
        switch self {
        case .list(let kind, _): .array((value.elements ?? []).map(kind.ordered))
        case .entry(let keys): .object(keys.map { .init($0.name, $0.kind.ordered(value[$0.name] ?? .null)) })
        default: value
        }
    }
}

/// How a secret stands in the stored document.
package enum SealedSecret {
    package static func document(_ sealed: String) -> JSON { ["sealed": .string(sealed)] }
    package static func text(in document: JSON?) -> String? { document?["sealed"]?.string }
}
