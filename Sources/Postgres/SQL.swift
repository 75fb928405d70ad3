/// A statement as a person writes it: literals are code, interpolations are values and travel beside the text.
///
/// `"SELECT name FROM contacts WHERE id = \(id)"` becomes `SELECT name FROM contacts WHERE id = $1` with one value. A part that is
/// itself code is interpolated as `\(part)` of type `SQL`; a name that comes from data needs the label: `\(identifier: name)`.
package struct SQL: Sendable, Hashable {
    /// The code between the values: always one more piece than there are values.
    private(set) var pieces: [String]
    /// The values, in the order of `$1`, `$2`, ...
    package private(set) var values: [SQLValue]
    /// How a connection keeps this statement for its next use.
    package var preparation: Preparation = .perNamespace

    /// How a connection keeps a statement.
    package enum Preparation: Sendable, Hashable {
        /// Prepared once per connection and per `Unit.namespace`: names resolve inside that tenant's schema.
        case perNamespace
        /// Prepared once per connection for everyone: its names do not depend on the search path.
        case shared
        /// Parsed anew each time: text that hardly repeats and would push useful statements out.
        case none
    }

    /// Nothing yet, to be appended to.
    package init() {
        pieces = [""]
        values = []
    }

    /// Code that is known to be safe, built from names of our own. Never pass text that came from outside.
    package init(code: String) {
        pieces = [code]
        values = []
    }

    /// One value and nothing else.
    package init(_ value: some SQLEncodable) {
        pieces = ["", ""]
        values = [value.sqlValue]
    }

    /// The text sent to the server, values as `$1`, `$2`, ...
    package var text: String {
        var text = pieces[0]
        text.reserveCapacity(pieces.reduce(pieces.count * 3) { $0 + $1.utf8.count })
        for index in values.indices {
            text += "$"
            text += String(index + 1)
            text += pieces[index + 1]
        }
        return text
    }

    /// Whether there is neither code nor a value.
    package var isEmpty: Bool { values.isEmpty && pieces[0].isEmpty }

    /// The one value that this is and nothing else; nil for any code.
    package var onlyValue: SQLValue? {
        values.count == 1 && pieces[0].isEmpty && pieces[1].isEmpty ? values[0] : nil
    }

    /// Adds code and values of another part.
    package mutating func append(_ other: SQL) {
        pieces[pieces.count - 1] += other.pieces[0]
        pieces.append(contentsOf: other.pieces.dropFirst())
        values.append(contentsOf: other.values)
    }

    /// Adds code that is known to be safe.
    package mutating func append(code: String) {
        pieces[pieces.count - 1] += code
    }

    /// Adds a value in this place.
    package mutating func append(value: SQLValue) {
        values.append(value)
        pieces.append("")
    }

    /// The same statement, kept by connections in another way.
    package func prepared(_ preparation: Preparation) -> SQL {
        var copy = self
        copy.preparation = preparation
        return copy
    }

    /// One part after the other.
    package static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum.append(right)
        return sum
    }

    /// Adds another part.
    package static func += (left: inout SQL, right: SQL) {
        left.append(right)
    }

    /// A name in double quotes: whatever it holds, it stays one name.
    package static func quoted(identifier: String) -> String {
        "\"" + identifier.replacing("\"", with: "\"\"") + "\""
    }

    /// A text as a literal, for statements that take no values (`ALTER TABLE`): whatever it holds, it stays one text, however the
    /// server is set to read backslashes.
    package static func quoted(literal: String) -> String {
        let text = literal.replacing("'", with: "''")
        return text.contains("\\") ? " E'" + text.replacing("\\", with: "\\\\") + "'" : "'" + text + "'"
    }
}

extension SQL: ExpressibleByStringInterpolation {
    /// A statement without values.
    package init(stringLiteral value: String) {
        self.init(code: value)
    }

    /// A statement with its values.
    package init(stringInterpolation: Interpolation) {
        self = stringInterpolation.sql
    }

    /// Keeps code and values apart while a literal is read.
    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL()

        /// Called by the compiler.
        package init(literalCapacity: Int, interpolationCount: Int) {}

        /// Code.
        package mutating func appendLiteral(_ literal: String) {
            sql.append(code: literal)
        }

        /// A value: it travels beside the text.
        package mutating func appendInterpolation(_ value: some SQLEncodable) {
            sql.append(value: value.sqlValue)
        }

        /// NULL when there is no value. Its own function, since the compiler warns of optionals that a general one takes.
        package mutating func appendInterpolation(_ value: (some SQLEncodable)?) {
            sql.append(value: value.sqlValue)
        }

        /// A part with its values.
        package mutating func appendInterpolation(_ part: SQL) {
            sql.append(part)
        }

        /// A name that comes from data.
        package mutating func appendInterpolation(identifier: String) {
            sql.append(code: SQL.quoted(identifier: identifier))
        }
    }
}

extension Sequence<SQL> {
    /// The parts one after another with `separator` between them.
    package func joined(separator: String) -> SQL {
        var all = SQL()
        var isFirst = true
        for part in self {
            if !isFirst { all.append(code: separator) }
            all.append(part)
            isFirst = false
        }
        return all
    }
}
