import Foundation
import Postgres
import Tenancy

/// Reasons in the words of one language, for a file of many rows.
package struct ImportWords: Sendable {
    /// By column of the file: of which kind the field is that it goes into.
    private let kinds: [String: String]
    /// By code, and by `code.kind` where a kind has words of its own.
    private let texts: [String: String]

    package init(kinds: [String: String], texts: [String: String]) { (self.kinds, self.texts) = (kinds, texts) }

    /// Of the row `import_errors` every reason, each as the file has it in English: with its column where there are several.
    fileprivate var selection: String {
        let kind = "\(Self.literal(kinds)) ->> reason.place"
        let words = Self.literal(texts)
        return """
            (SELECT string_agg(said.line, ' ' ORDER BY said.n) FROM (
                SELECT min(reason.n) AS n, coalesce(CASE WHEN cardinality(reasons) > 1 AND reason.place IS NOT NULL THEN reason.place || ': ' ELSE '' END
                    || coalesce(\(words) ->> (reason.code || '.' || (\(kind))), \(words) ->> reason.code), reason.sentence) AS line
                FROM unnest(reasons, codes, places) WITH ORDINALITY AS reason (sentence, code, place, n) GROUP BY line
            ) AS said)
            """
    }

    private static func literal(_ texts: [String: String]) -> String {
        let members = texts.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        return SQL.quoted(literal: JSON.object(members).text) + "::jsonb"
    }
}

extension Imports {
    /// What was wrong, as CSV: `row`, `column`, `reason` and the columns of the file; once for each row.
    ///
    /// - Parameter words: nil for the sentences as they were written, which is English.
    package func errors(of state: ImportState, in words: ImportWords?, _ body: ([UInt8]) async throws -> Void) async throws {
        let names = ["row", "column", "reason"] + state.columns
        let header = names.map(Self.cell).joined(separator: ",") + "\r\n"
        try await body(Array(header.utf8))
        let cells = state.columns.indices.map { ", \(Self.neutral("cells[\($0 + 1)]"))" }.joined()
        let reason = words?.selection ?? "array_to_string(reasons, ' ')"
        // COPY takes no values: the id is a UUID.
        let rows = SQL(
            code: """
                COPY (SELECT row, \(Self.neutral("array_to_string(columns, ', ')")), \(reason)\(cells)
                FROM import_errors WHERE import_id = '\(state.id.uuidString)' ORDER BY row) TO STDOUT (FORMAT csv)
                """)
        try await scope.limited(to: .seconds(3600)).copyOut(rows, body)
    }

    /// The same as documents, with the beginning of each cell: the rows behind one, in order.
    package func errors(of state: ImportState, after row: Int, limit: Int) async throws -> [(row: Int, document: JSON)] {
        try await scope.rows(
            """
            SELECT row, to_json(columns), to_json(reasons), to_json(codes), to_json(places),
                (SELECT json_agg(left(cell, \(Self.shownCell)) ORDER BY n) FROM unnest(cells) WITH ORDINALITY AS own (cell, n))
            FROM import_errors WHERE import_id = \(state.id) AND row > \(row) ORDER BY row LIMIT \(limit)
            """
        ).map { row in
            let number = try row.int(0)
            let lists = try (1...4).map { try JSON(parsing: row.text($0)).elements ?? [] }
            let faults = Self.faults(columns: lists[0].compactMap(\.string), reasons: lists[1].compactMap(\.string), lists[2], lists[3])
            let cells = try row.optionalText(5).map { try JSON(parsing: $0) } ?? []
            return (number, ["row": JSON(number), "errors": .array(faults), "cells": cells])
        }
    }

    /// So many characters of a cell are shown; the file has all.
    package static let shownCell = 200

    /// What was written before there were codes has sentences only, which name the column when there are several.
    private static func faults(columns: [String], reasons: [String], _ codes: [JSON], _ places: [JSON]) -> [JSON] {
        reasons.enumerated().map { index, reason in
            let isCoded = index < codes.count
            let named = isCoded ? places.dropFirst(index).first?.string : columns.first { reason.hasPrefix("\($0): ") }
            let column = named ?? (!isCoded && columns.count == 1 ? columns.first : nil)
            let start = column.map { "\($0): " }.flatMap { reason.hasPrefix($0) ? $0.count : nil } ?? 0
            return [
                "column": JSON(column), "code": isCoded ? codes[index] : .null, "detail": .string(String(reason.dropFirst(start))),
            ]
        }
    }

    /// A spreadsheet calculates what begins with these signs; reading takes the apostrophe off again.
    private static func neutral(_ cell: String) -> String {
        "CASE WHEN \(cell) ~ '^[=+@-]' THEN '''' || \(cell) ELSE nullif(\(cell), '') END"
    }

    private static func cell(_ text: String) -> String {
        let safe = text.unicodeScalars.first.map { "=+-@".unicodeScalars.contains($0) } == true ? "'" + text : text
        let isPlain = !safe.utf8.contains { Array(",\"\r\n".utf8).contains($0) }
        return isPlain ? safe : "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}
