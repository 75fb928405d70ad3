/// One thing that whoever runs Tenantry may decide, with the value it has otherwise.
package struct Setting<Value: Sendable>: Sendable, DeclaredSetting {
    package let declaration: SettingDeclaration
    /// In force when nobody says anything.
    package let initial: Value
    /// `nil` for text that is no such value or lies outside the bounds.
    let parse: @Sendable (String) -> Value?

    init(
        _ name: String, _ initial: Value, written: String?, kind: String, isSecret: Bool = false, help: String,
        shown: @escaping @Sendable (String) -> String = { $0 }, parse: @escaping @Sendable (String) -> Value?
    ) {
        let hidden: @Sendable (String) -> String = { _ in "(secret)" }
        let accepts: @Sendable (String) -> Bool = { parse($0) != nil }
        declaration = SettingDeclaration(
            name: name, kind: kind, initial: written, isSecret: isSecret, help: help, shown: isSecret ? hidden : shown, accepts: accepts)
        self.initial = initial
        self.parse = parse
    }
}

/// What a person reads of a setting, whatever its type.
package struct SettingDeclaration: Sendable {
    /// As on the command line and, with each dot a level, in the file: `pool.connections`.
    package let name: String
    /// What may be written, in words: `a whole number from 1 to 64`.
    package let kind: String
    /// The default as one would write it; `nil` for none.
    package let initial: String?
    package let isSecret: Bool
    package let help: String
    /// A value as it may be printed, passwords hidden.
    package let shown: @Sendable (String) -> String
    let accepts: @Sendable (String) -> Bool

    /// Its name in the environment: `TENANTRY_POOL_CONNECTIONS`.
    package var variable: String {
        "TENANTRY_" + name.uppercased().replacing(".", with: "_")
    }
}

/// Lets settings of all types stand in one list.
protocol DeclaredSetting {
    var declaration: SettingDeclaration { get }
}
