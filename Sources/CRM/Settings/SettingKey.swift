import Records
import Tenancy

/// One thing a tenant decides for itself: its name, what it may hold, what holds until it is decided, and what it means.
package struct SettingKey: Sendable {
    package let name: String
    package let kind: SettingKind
    package let standard: Standard
    /// A sentence for OpenAPI and for the page.
    package let help: String
    /// Whether only those who run the account's settings see it.
    package private(set) var isForAdministrators = false
    /// What the plan must allow for it to be decided, and to hold.
    package private(set) var feature: Feature?

    package init(_ name: String, _ kind: SettingKind, default standard: Standard = .value(.null), _ help: String) {
        self.name = name
        self.kind = kind
        self.standard = standard
        self.help = help
    }

    /// Several under one name; a patch of it leaves those alone that it does not name.
    package static func group(_ name: String, _ keys: [SettingKey], _ help: String) -> SettingKey {
        SettingKey(name, .group(keys), help)
    }

    package var forAdministrators: SettingKey {
        var copy = self
        copy.isForAdministrators = true
        return copy
    }

    package func with(_ feature: Feature) -> SettingKey {
        var copy = self
        copy.feature = feature
        return copy
    }

    /// What holds until the tenant decides.
    package enum Standard: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
        ExpressibleByArrayLiteral
    {
        case value(JSON)
        /// The name under which the account was opened.
        case accountName
        /// The installation's own setting.
        case sessionHours

        package init(stringLiteral text: String) { self = .value(.string(text)) }
        package init(integerLiteral number: Int) { self = .value(JSON(number)) }
        package init(booleanLiteral flag: Bool) { self = .value(.bool(flag)) }
        package init(arrayLiteral elements: JSON...) { self = .value(.array(elements)) }

        /// Whether it stands for nothing: then an answer may show null.
        var isNothing: Bool {
            if case .value(.null) = self { true } else { false }
        }
    }
}

/// What a tenant finds in place of what it has not decided.
package struct SettingDefaults: Sendable {
    package let accountName: String
    package let sessionHours: Int

    package init(accountName: String, sessionHours: Int) {
        self.accountName = accountName
        self.sessionHours = sessionHours
    }

    func value(_ standard: SettingKey.Standard) -> JSON {
        switch standard {
        case .value(let value): value
        case .accountName: .string(accountName)
        case .sessionHours: JSON(sessionHours)
        }
    }
}

/// What a setting may hold.
package indirect enum SettingKind: Sendable {
    /// One line of text, trimmed; nothing left counts as unset.
    case line(SettingForm = .anything)
    /// A text of exactly this form.
    case text(SettingForm)
    /// A name or an address of the internet; in `dev` also one of the own network.
    case host
    case choice([String])
    case integer(ClosedRange<Int>)
    case flag
    /// Accepted, kept encrypted, shown as `{"set": true}`.
    case secret(max: Int)
    /// A patch replaces it as a whole.
    case list(of: SettingKind, max: Int)
    /// An object of a list, with every member there.
    case entry([SettingKey])
    case group([SettingKey])
}
