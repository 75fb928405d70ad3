/// How a file is to be read, as far as somebody has said so.
package struct ImportOptions: Sendable, Hashable {
    private(set) var delimiter: UInt8?
    private(set) var encoding: String?
    private(set) var dateForm: DateForm?
    /// Nil: the sign of the reader's language.
    private(set) var decimal: Character?
    private(set) var createsReferences = false
    /// As it was given.
    let document: JSON

    static let none = ImportOptions(document: [:])

    private init(document: JSON) { self.document = document }

    /// Every error is reported at once, each with its pointer.
    init(_ value: JSON, at place: String, _ errors: inout [Problem.FieldError]) {
        document = value.isNull ? [:] : value
        guard let members = document.members else {
            errors.append(.init(place, .type, "Options are an object, not \(value.kind)."))
            return
        }
        for member in members where !member.value.isNull {
            let pointer = "\(place)/\(member.name.pointerToken)"
            func refuse(_ code: Problem.FieldCode, _ sentence: String) { errors.append(.init(pointer, code, sentence)) }
            if member.name == "create_references" {
                if let flag = member.value.bool { createsReferences = flag } else { refuse(.type, "This is true or false.") }
                continue
            }
            guard ["delimiter", "encoding", "date_format", "decimal"].contains(member.name) else {
                refuse(.unknown, "Options are delimiter, encoding, date_format, decimal and create_references.")
                continue
            }
            guard let text = member.value.string else {
                refuse(.type, "This is a text, not \(member.value.kind).")
                continue
            }
            switch member.name {
            case "delimiter":
                delimiter = CSVForm.delimiters.first { text.utf8.elementsEqual([$0]) }
                if delimiter == nil { refuse(.enum, "This is a comma, a semicolon, a tab or a vertical bar.") }
            case "encoding":
                encoding = text
                if TextEncoding(name: text) == nil { refuse(.enum, "This is one of \(TextEncoding.names.joined(separator: ", ")).") }
            case "date_format":
                dateForm = DateForm(text)
                if dateForm == nil {
                    refuse(.format, "This is a form of dates such as DD.MM.YYYY: YYYY or YY, MM or M, DD or D, each once.")
                }
            default:
                if text == "." || text == "," { decimal = Character(text) } else { refuse(.enum, "This is a point or a comma.") }
            }
        }
    }
}
