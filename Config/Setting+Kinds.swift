import Foundation

/// The kinds of setting there are. Each refuses what it cannot mean; nothing is clamped.
extension Setting {
    static func text(_ name: String, _ initial: String, help: String) -> Self where Value == String {
        Self(name, initial, written: initial, kind: "text", help: help) { $0.isEmpty ? nil : $0 }
    }

    static func optionalText(_ name: String, isSecret: Bool = false, atLeast: Int = 1, help: String) -> Self where Value == String? {
        let kind = atLeast > 1 ? "text of at least \(atLeast) characters" : "text"
        return Self(name, nil, written: nil, kind: kind, isSecret: isSecret, help: help) { $0.count < atLeast ? nil : .some($0) }
    }

    /// A libpq address: a URL or `key=value` pairs.
    static func database(_ name: String, help: String) -> Self where Value == String? {
        Self(name, nil, written: nil, kind: "a PostgreSQL URL or conninfo", help: help, shown: hidingPassword) { text in
            let isAddress = text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") || text.contains("=")
            return isAddress ? .some(text) : nil
        }
    }

    static func number(_ name: String, _ initial: Int, _ bounds: ClosedRange<Int>, help: String) -> Self where Value == Int {
        Self(name, initial, written: String(initial), kind: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)", help: help)
        {
            whole($0, within: bounds)
        }
    }

    static func seconds(_ name: String, _ initial: Int, _ bounds: ClosedRange<Int>, help: String) -> Self where Value == Duration {
        duration(name, initial, bounds, unit: "seconds", .seconds(1), help: help)
    }

    static func minutes(_ name: String, _ initial: Int, _ bounds: ClosedRange<Int>, help: String) -> Self where Value == Duration {
        duration(name, initial, bounds, unit: "minutes", .seconds(60), help: help)
    }

    static func hours(_ name: String, _ initial: Int, _ bounds: ClosedRange<Int>, help: String) -> Self where Value == Duration {
        duration(name, initial, bounds, unit: "hours", .seconds(3600), help: help)
    }

    static func days(_ name: String, _ initial: Int, _ bounds: ClosedRange<Int>, help: String) -> Self where Value == Duration {
        duration(name, initial, bounds, unit: "days", .seconds(86_400), help: help)
    }

    static func flag(_ name: String, _ initial: Bool, help: String) -> Self where Value == Bool {
        Self(name, initial, written: String(initial), kind: "true or false", help: help) {
            switch $0.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
    }

    static func choice(_ name: String, _ initial: Value, help: String) -> Self
    where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return Self(name, initial, written: initial.rawValue, kind: "one of \(words)", help: help) { Value(rawValue: $0) }
    }

    /// Several values, separated by commas; in the file also a YAML list.
    static func list(_ name: String, of kind: String, help: String, isElement: @escaping @Sendable (String) -> Bool) -> Self
    where Value == [String] {
        Self(name, [], written: nil, kind: "a list of \(kind)", help: help) { text in
            let elements = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return elements.allSatisfy(isElement) ? elements : nil
        }
    }

    static func address(_ name: String, _ initial: ListenAddress, help: String) -> Self where Value == ListenAddress {
        Self(name, initial, written: initial.description, kind: "host:port", help: help, parse: ListenAddress.init)
    }

    static func optionalAddress(_ name: String, help: String) -> Self where Value == ListenAddress? {
        Self(name, nil, written: nil, kind: "host:port", help: help) { text in ListenAddress(text).map { .some($0) } }
    }

    private static func duration(
        _ name: String, _ initial: Int, _ bounds: ClosedRange<Int>, unit: String, _ one: Duration, help: String
    ) -> Self where Value == Duration {
        let kind = "\(unit) from \(bounds.lowerBound) to \(bounds.upperBound)"
        return Self(name, one * initial, written: String(initial), kind: kind, help: help) { text in
            whole(text, within: bounds).map { one * $0 }
        }
    }
}

private func whole(_ text: String, within bounds: ClosedRange<Int>) -> Int? {
    Int(text).flatMap { bounds.contains($0) ? $0 : nil }
}

/// A database's address without the password in it: `postgresql://app:(secret)@db/tenantry`.
@Sendable package func hidingPassword(_ address: String) -> String {
    address
        .replacing(/(:\/\/[^\/?#@:]*):[^\/?#@]*@/) { "\($0.output.1):(secret)@" }
        .replacing(/(^|[?&\s])(password|sslpassword)\s*=\s*('[^']*'|[^&\s]*)/) { "\($0.output.1)\($0.output.2)=(secret)" }
}
