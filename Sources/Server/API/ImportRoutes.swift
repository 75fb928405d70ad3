import CRM
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Records

/// Records out of files: `/v1/imports`.
struct ImportRoutes: Sendable {
    private let house: House

    init(_ house: House) { self.house = house }

    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/imports", Self.create, create),
            .person(.get, "/v1/imports", Self.list, list),
            .person(.get, "/v1/imports/{id}", Self.show, show),
            .person(.patch, "/v1/imports/{id}", Self.change, change),
            .person(.put, "/v1/imports/{id}/content", Self.upload, upload),
            .person(.post, "/v1/imports/{id}/start", Self.start) { try await order($0, $1) { try await $0.start($1, $2) } },
            .person(.post, "/v1/imports/{id}/cancel", Self.cancel) { try await order($0, $1) { try await $0.cancel($1, $2) } },
            .person(.post, "/v1/imports/{id}/revert", Self.revert) { try await order($0, $1) { try await $0.revert($1, $2) } },
            .person(.get, "/v1/imports/{id}/errors", Self.errors, errors),
            .person(.get, "/v1/imports/{id}/errors.csv", Self.errorFile, errorFile),
        ]
    }

    private func imports(_ person: Person) -> Imports {
        Imports(person.catalog, in: person.scope, for: person.caller, promises: .queued)
    }

    private func create(_ call: Call, _ person: Person) async throws -> Reply {
        let body = try await call.json()
        return try await call.repeatably(person) { try await imports(person).create(body, $0) }
    }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "imports \(person.tenant.id)")
        let last = try call.query["after"].map { cursor throws(Problem) in
            guard let id = UUID(text: try mark.last(in: cursor)) else { throw Problem(.cursor, "This is no cursor of a page.") }
            return id
        }
        let found = try await imports(person).list(before: last, limit: limit + 1)
        let shown = found.prefix(limit)
        let next = found.count > limit ? shown.last.map { mark.text(after: $0.id.uuidString) } : nil
        return .page(shown.map(\.document), next: next, of: call)
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        .json(try await imports(person).get(try call.id()).document)
    }

    private func change(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        _ = try await imports(person).get(id)
        let body = try await call.json()
        return try await call.repeatably(person) { try await imports(person).change(id, body, $0) }
    }

    private func upload(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        let state = try await imports(person).get(id)
        try call.requireTable()
        let upload = ImportUpload(
            person.catalog, in: person.scope, for: person.caller, limit: house.settings.importLimit, words: HeaderWords.of)
        let charset = call.headers[.contentType].flatMap(MediaType.init)?.charset
        let pieces = call.body.pieces.map { Array($0.readableBytesView) }
        return .json(try await upload.take(state, pieces, charset: charset).document)
    }

    /// A verb without a body.
    private func order(
        _ call: Call, _ person: Person, _ verb: (Imports, UUID, RepeatableRequest?) async throws -> RecordAnswer
    ) async throws -> Reply {
        let id = try call.id()
        let imports = imports(person)
        _ = try await imports.get(id)
        return try await call.repeatably(person) { repeatable in
            if let member = try await call.jsonIfAny().members?.first {
                throw Problem.invalid([.init("/\(member.name.pointerToken)", .unknown, "This takes no members.")])
            }
            return try await verb(imports, id, repeatable)
        }
    }

    private func errors(_ call: Call, _ person: Person) async throws -> Reply {
        let imports = imports(person)
        let state = try await imports.get(try call.id())
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "imports \(person.tenant.id) errors \(state.id)")
        let last = try call.query["after"].map { cursor throws(Problem) in
            guard let row = Int(try mark.last(in: cursor)) else { throw Problem(.cursor, "This is no cursor of a page.") }
            return row
        }
        let found = try await imports.errors(of: state, after: last ?? 0, limit: limit + 1)
        let shown = found.prefix(limit)
        let next = found.count > limit ? shown.last.map { mark.text(after: String($0.row)) } : nil
        return .page(shown.map(\.document), next: next, of: call)
    }

    private func errorFile(_ call: Call, _ person: Person) async throws -> Reply {
        let imports = imports(person)
        let state = try await imports.get(try call.id())
        let words = ImportWords(in: try await .spoken(to: person, call, house.assets), of: state, person.catalog)
        var reply = Reply(contentType: "text/csv; charset=utf-8", ByteBuffer())
        reply.headers[.contentDisposition] = "attachment; filename=\"errors.csv\""
        reply.body = ResponseBody { writer in
            try await imports.errors(of: state, in: words) { try await writer.write(ByteBuffer(bytes: $0)) }
            try await writer.finish(nil)
        }
        return reply
    }
}

extension ImportWords {
    /// Nil in English, which the reasons are written in.
    fileprivate init?(in words: Words, of state: ImportState, _ catalog: Catalog) {
        let fields = catalog[state.order.type].map { state.fields(of: $0) } ?? [:]
        let kinds = fields.mapValues { TypeDocument.kind($0.kind) }
        var texts: [String: String] = [:]
        let codes =
            Problem.FieldCode.allCases.map(\.rawValue) + ImportRowCode.allCases.map(\.rawValue) + Problem.Code.allCases.map(\.rawValue)
        for code in codes {
            guard let general = words.reason(code, kind: nil) else { continue }
            texts[code] = general
            for kind in Set(kinds.values) {
                if let own = words.reason(code, kind: kind), own != general { texts["\(code).\(kind)"] = own }
            }
        }
        guard !texts.isEmpty else { return nil }
        self.init(kinds: kinds, texts: texts)
    }
}

extension Call {
    /// Refuses what is no table of text.
    fileprivate func requireTable() throws(Problem) {
        let forms = ImportRoutes.forms
        guard let given = headers[.contentType].flatMap(MediaType.init) else {
            throw Problem(.unsupportedMediaType, "Send the file as text/csv and say so in Content-Type.")
        }
        if ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel.sheet.macroenabled.12"]
            .contains(given.name)
        {
            throw Problem(
                .unsupportedMediaType, "A workbook of a spreadsheet (XLSX) is not read; save the sheet as CSV in UTF-8 and send that.")
        }
        guard forms.contains(given.name) else {
            throw Problem(.unsupportedMediaType, "The file is \(given.name); send it as text/csv.")
        }
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "Send the file without a Content-Encoding.")
        }
    }
}
