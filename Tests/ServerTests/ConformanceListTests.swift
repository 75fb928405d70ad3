import Support
import Testing

@testable import Records
@testable import Server

/// Filters and orders, type by type: what is tried follows from the catalogue, what is right from the records' own answers.
@Suite("Every record type can be filtered and sorted") struct ConformanceListTests {
    private static let types = Specimens.types
    private static let count = 9

    @Test("Every operator of every field finds what it says", arguments: types)
    func filtering(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let records = try await Self.make(specimens)

        for field in specimens.comparable {
            let values = records.map(field.read).filter { !$0.isNull && $0 != [] }
            guard let one = values.first, let other = values.last else { continue }
            for operation in field.kind.operations.map(\.rawValue).sorted() {
                let operand = Comparison.operand(operation, field.kind, one, other)
                let comparison = Comparison(operation: operation, operand: operand, kind: field.kind)
                let expected = records.filter { comparison.holds(field.read($0)) }.compactMap { $0["id"]?.string }
                let found = try await Self.find(specimens, ["field": .string(field.name), "op": .string(operation), "value": operand])
                #expect(found == expected, "\(field.name) \(operation) \(operand.text)")
            }
        }
    }

    @Test("Sorted by any field, either way, three pages show each record once and in order while others come in", arguments: types)
    func sorting(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let records = try await Self.make(specimens)
        let known = Set(records.compactMap { $0["id"]?.string })
        var number = 100

        for field in specimens.comparable where specimens.type.field(field.name)?.ordering != nil {
            for sign in ["", "-"] {
                var shown: [JSON] = []
                var next: String? = ""
                var inserted: [String] = []
                while let after = next {
                    let cursor = after.isEmpty ? "" : "&after=\(after)"
                    let page = try await specimens.admin.get(
                        "\(specimens.address)?filter[tags][contains]=specimen&limit=3&sort=\(sign)\(field.name)\(cursor)"
                    ).json
                    shown += page["data"]?.elements ?? []
                    next = page["page"]?["next"]?.string
                    guard inserted.count < 2 else { continue }
                    number += 1
                    inserted.append(try await specimens.create(number)["id"]?.string ?? "")
                }
                let ids = shown.compactMap { $0["id"]?.string }
                #expect(Set(ids).count == ids.count, "\(sign)\(field.name): one is shown twice")
                #expect(known.isSubset(of: ids), "\(sign)\(field.name): one is missing")
                #expect(Self.isOrdered(shown.filter { known.contains($0["id"]?.string ?? "") }, field.kind, field.read, sign == "-"))
                for id in inserted { _ = try await specimens.admin.delete("\(specimens.address)/\(id)?purge=true") }
            }
        }
    }

    private static func make(_ specimens: Specimens) async throws -> [JSON] {
        for number in 0..<count { _ = try await specimens.create(number) }
        let answer = try await specimens.admin.get("\(specimens.address)?filter[tags][contains]=specimen&sort=id&limit=200")
        guard let records = try answer.json["data"]?.elements, records.count == count else { throw Unexpected(answer) }
        return records
    }

    private static func find(_ specimens: Specimens, _ leaf: JSON) async throws -> [String] {
        let mine: JSON = ["field": "tags", "op": "contains", "value": "specimen"]
        let answer = try await specimens.admin.post(
            "\(specimens.address)/search", ["where": ["and": [mine, leaf]], "sort": "id", "limit": 200])
        guard let records = try answer.json["data"]?.elements else { throw Unexpected(answer) }
        return records.compactMap { $0["id"]?.string }
    }

    /// In order, what is missing last, and equal ones by id in the same direction.
    private static func isOrdered(_ records: [JSON], _ kind: FieldKind, _ read: (JSON) -> JSON, _ isDescending: Bool) -> Bool {
        zip(records, records.dropFirst()).allSatisfy { one, two in
            let (left, right) = (read(one), read(two))
            if left.isNull != right.isNull { return right.isNull }
            if !left.isNull {
                if Comparison.precedes(left, right, kind) { return !isDescending }
                if Comparison.precedes(right, left, kind) { return isDescending }
            }
            let (first, second) = (one["id"]?.string ?? "", two["id"]?.string ?? "")
            return isDescending ? first > second : first < second
        }
    }
}
