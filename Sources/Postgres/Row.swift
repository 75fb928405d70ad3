import Foundation

/// One row of an answer. A value is copied when it is asked for, and only then.
///
/// Each function throws `.unexpected`, naming the column, when the value is NULL (those without `optional`) or of another kind.
package struct Row: Sendable {
    let rows: Rows
    let index: Int

    /// Whether the value is NULL, or there is no such column.
    package func isNull(_ column: Int) -> Bool {
        rows.value(index, column) == nil
    }

    /// The value's bytes as the server wrote them, without a copy; none for NULL. They must not leave `body`.
    package func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        try withExtendedLifetime(rows) {
            try body(rows.value(index, column) ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// The value as the server writes it, whatever its type.
    package func text(_ column: Int) throws(PostgresError) -> String {
        try present(optionalText(column), column)
    }

    /// The same; nil for NULL.
    package func optionalText(_ column: Int) -> String? {
        withValue(column) { String(decoding: $0, as: UTF8.self) }
    }

    /// Any whole number up to `bigint`.
    package func int(_ column: Int) throws(PostgresError) -> Int {
        try present(optionalInt(column), column)
    }

    /// The same; nil for NULL.
    package func optionalInt(_ column: Int) throws(PostgresError) -> Int? {
        try parsed(column, "a whole number", ValueParsing.int)
    }

    /// Any number; a `numeric` may lose digits.
    package func double(_ column: Int) throws(PostgresError) -> Double {
        try present(optionalDouble(column), column)
    }

    /// The same; nil for NULL.
    package func optionalDouble(_ column: Int) throws(PostgresError) -> Double? {
        try parsed(column, "a number") { Double(String(decoding: $0, as: UTF8.self)) }
    }

    /// A `boolean`.
    package func bool(_ column: Int) throws(PostgresError) -> Bool {
        try present(optionalBool(column), column)
    }

    /// The same; nil for NULL.
    package func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        try parsed(column, "a truth value", ValueParsing.bool)
    }

    /// A `uuid`.
    package func uuid(_ column: Int) throws(PostgresError) -> UUID {
        try present(optionalUUID(column), column)
    }

    /// The same; nil for NULL.
    package func optionalUUID(_ column: Int) throws(PostgresError) -> UUID? {
        try parsed(column, "a UUID", ValueParsing.uuid)
    }

    /// A `timestamptz` in ISO style, in any offset from UTC.
    package func date(_ column: Int) throws(PostgresError) -> Date {
        try present(optionalDate(column), column)
    }

    /// The same; nil for NULL.
    package func optionalDate(_ column: Int) throws(PostgresError) -> Date? {
        try parsed(column, "a time", ValueParsing.date)
    }

    /// A one-dimensional array without NULLs: `text[]`, `uuid[]`, ...
    package func texts(_ column: Int) throws(PostgresError) -> [String] {
        try present(optionalTexts(column), column)
    }

    /// The same; nil for NULL.
    package func optionalTexts(_ column: Int) throws(PostgresError) -> [String]? {
        try parsed(column, "a list of texts", ArrayLiteral.texts)
    }

    /// A `bytea` in the server's hexadecimal style.
    package func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try present(optionalBytes(column), column)
    }

    /// The same; nil for NULL.
    package func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try parsed(column, "bytes", ValueParsing.bytes)
    }

    private func withValue<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T? {
        withExtendedLifetime(rows) { rows.value(index, column).map(body) }
    }

    private func parsed<T>(_ column: Int, _ kind: String, _ parse: (UnsafeRawBufferPointer) -> T?) throws(PostgresError) -> T? {
        guard let answer = withValue(column, parse) else { return nil }
        guard let answer else { throw .unexpected("\"\(rows.name(of: column))\" is not \(kind).") }
        return answer
    }

    private func present<T>(_ value: T?, _ column: Int) throws(PostgresError) -> T {
        guard let value else { throw .unexpected("\"\(rows.name(of: column))\" is NULL or missing.") }
        return value
    }
}
