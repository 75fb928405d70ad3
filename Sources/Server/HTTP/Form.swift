import Foundation
import Records

/// Reads a small body member by member and gathers everything that is wrong with it, each with its pointer.
struct Form {
    private let body: JSON
    private let known: Set<String>
    private var errors: [Problem.FieldError] = []
    /// Where the body stands in a larger one: `/admin`.
    private let place: String

    /// - Parameter known: every member that may be there; others are refused.
    init(_ body: JSON, known: [String], at place: String = "") {
        self.body = body
        self.known = Set(known)
        self.place = place
        for member in body.members ?? [] where !self.known.contains(member.name) {
            errors.append(.init("\(place)/\(member.name.pointerToken)", .unknown, "There is no member of this name here."))
        }
    }

    /// Whether the member is there and not null.
    func has(_ name: String) -> Bool {
        !(body[name]?.isNull ?? true)
    }

    func pointer(_ name: String) -> String { "\(place)/\(name)" }

    mutating func refuse(_ name: String, _ code: Problem.FieldCode, _ detail: String) {
        errors.append(.init(pointer(name), code, detail))
    }

    mutating func add(_ error: Problem.FieldError?) {
        if let error { errors.append(error) }
    }

    /// A text as it stands; nil when it is absent, null or wrong. `trimmed` takes white space off its ends, and nothing left counts as absent.
    mutating func text(_ name: String, required: Bool = true, trimmed: Bool = true, maximum: Int = 500) -> String? {
        guard has(name), let value = body[name] else {
            if required { refuse(name, .required, "This is needed.") }
            return nil
        }
        guard case .string(let raw) = value else {
            refuse(name, .type, "This is a text, not \(value.kind).")
            return nil
        }
        guard !raw.unicodeScalars.contains("\0") else {
            refuse(name, .format, "A text must not hold U+0000.")
            return nil
        }
        // Counted as it came, as `maxLength` in the OpenAPI document counts it.
        guard raw.unicodeScalars.count <= maximum else {
            refuse(name, .tooLong, "This has at most \(maximum) characters.")
            return nil
        }
        let text = trimmed ? raw.trimmingCharacters(in: .whitespacesAndNewlines) : raw
        guard !text.isEmpty else {
            if required { refuse(name, .required, "This is needed.") }
            return nil
        }
        return text
    }

    /// A text that may be absent or null, but says something when it is there: an empty address is none.
    mutating func textIfGiven(_ name: String, maximum: Int = 500) -> String? {
        text(name, required: has(name), maximum: maximum)
    }

    mutating func flag(_ name: String) -> Bool? {
        guard has(name), let value = body[name] else { return nil }
        if value.bool == nil { refuse(name, .type, "This is true or false, not \(value.kind).") }
        return value.bool
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard has(name), let value = body[name] else { return nil }
        guard case .number = value else {
            refuse(name, .type, "This is a whole number, not \(value.kind).")
            return nil
        }
        guard let number = value.integer, range.contains(number) else {
            refuse(name, .range, "This is a whole number from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return number
    }

    /// A time as RFC 3339 writes it.
    mutating func time(_ name: String) -> Date? {
        guard let text = textIfGiven(name) else { return nil }
        // The error would say no more than the refusal below.
        if let time = try? Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains(".")).parse(text) { return time }
        refuse(name, .format, "This is a time with its zone as RFC 3339 writes it: 2026-11-30T09:00:00Z.")
        return nil
    }

    /// A UUID; anything else cannot be the id of a record.
    mutating func id(_ name: String) -> UUID? {
        guard let text = text(name) else { return nil }
        if let id = UUID(text: text) { return id }
        refuse(name, .reference, "There is no such record.")
        return nil
    }

    /// An object; nil when it is absent, null or wrong.
    mutating func object(_ name: String, required: Bool = false) -> JSON? {
        guard has(name), let value = body[name] else {
            if required { refuse(name, .required, "This is needed.") }
            return nil
        }
        guard value.members != nil else {
            refuse(name, .type, "This is an object, not \(value.kind).")
            return nil
        }
        return value
    }

    mutating func texts(_ name: String, maximum: Int) -> [String]? {
        guard has(name), let value = body[name] else { return nil }
        guard let elements = value.elements else {
            refuse(name, .type, "This is a list of texts, not \(value.kind).")
            return nil
        }
        guard elements.count <= maximum else {
            refuse(name, .tooLong, "This has at most \(maximum) entries.")
            return nil
        }
        return elements.enumerated().compactMap { index, element in
            if element.string == nil { refuse("\(name)/\(index)", .type, "This is a text, not \(element.kind).") }
            return element.string
        }
    }

    /// Takes over what was wrong inside a member.
    mutating func add(_ inner: Form) {
        errors += inner.errors
    }

    /// Refuses with `.invalid` when anything was wrong.
    func finish() throws(Problem) {
        guard errors.isEmpty else { throw Problem.invalid(errors) }
    }
}
