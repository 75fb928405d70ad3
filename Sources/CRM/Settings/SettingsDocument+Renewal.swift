import Records
import Tenancy

extension SettingsDocument {
    /// The same settings with their secrets sealed by the key in force; what was lost stays as it is and is named.
    struct Renewed {
        var document: SettingsDocument
        var count = 0
        var lost: [String] = []
    }

    func renewed(with key: TenantKey) -> Renewed {
        var renewed = Renewed(document: self)
        renewed.document = SettingsDocument(stored: Self.renew(stored, TenantSettings.keys, "", key, &renewed))
        return renewed
    }

    private static func renew(_ value: JSON, _ keys: [SettingKey], _ prefix: String, _ key: TenantKey, _ renewed: inout Renewed) -> JSON {
        guard let members = value.members else { return value }
        return .object(
            members.map { member in
                guard let setting = keys.first(where: { $0.name == member.name }) else { return member }
                let place = prefix + member.name
                switch setting.kind {
                case .group(let inner): return .init(member.name, renew(member.value, inner, place + ".", key, &renewed))
                case .secret:
                    guard let sealed = SealedSecret.text(in: member.value) else { return member }
                    switch key.renewal(of: sealed, for: place) {
                    case .isCurrent: return member
                    case .renewed(let text):
                        renewed.count += 1
                        return .init(member.name, SealedSecret.document(text))
                    case .isLost:
                        renewed.lost.append(place)
                        return member
                    }
                default: return member
                }
            })
    }
}
