/// One thing that is wrong with a row of a file: a sentence for people, a code for whoever says it in another language, and the column.
struct ImportFault: Sendable, Hashable {
    /// As in the header of the file; empty: the row as such.
    let column: String
    let code: Code
    let detail: String

    enum Code: Sendable, Hashable {
        case field(Problem.FieldCode), problem(Problem.Code), row(ImportRowCode)

        var text: String {
            switch self {
            case .field(let code): code.rawValue
            case .problem(let code): code.rawValue
            case .row(let code): code.rawValue
            }
        }
    }

    init(_ column: String, _ code: Code, _ detail: String) {
        (self.column, self.code, self.detail) = (column, code, detail)
    }
}

/// What can be wrong with a row of a file and with nothing else; beside these a row has the codes of the API.
package enum ImportRowCode: String, Sendable, Hashable, CaseIterable {
    /// It has more cells than the header, or fewer.
    case cells
    /// A quotation mark stands inside a cell.
    case quotation
    /// Its bytes are no text.
    case encoding
    /// It holds U+0000.
    case zero
    /// In a dry run: an earlier row has the same unique value.
    case repeated
    /// Somebody else was writing the same unique value.
    case contended
}

/// Why a whole import failed.
package enum ImportFailure: String, Sendable, Hashable, CaseIterable {
    /// The rows of the file went with a restart of the database.
    case rowsGone = "rows_gone"
    /// Whoever started it may not enter any more, or not import.
    case makerGone = "maker_gone"
    case makerForbidden = "maker_forbidden"
    case typeGone = "type_gone"
    /// Its columns do not fit the fields any more.
    case mapping
}
