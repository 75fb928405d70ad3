import Foundation

/// A row of a file on its way to a record.
struct ImportRow: Sendable {
    let number: Int
    /// What is wrong with the row as such.
    let flaw: String?
    /// In the order of the plan's columns.
    let cells: [String?]
}

/// What became of the rows of one batch.
struct ImportTally: Sendable {
    var created = 0
    var updated = 0
    var unchanged = 0
    private(set) var failures: [Failure] = []

    struct Failure: Sendable {
        let row: Int
        let columns: [String]
        let reasons: [String]
    }

    mutating func fail(_ row: Int, _ column: String, _ reason: String) {
        failures.append(Failure(row: row, columns: column.isEmpty ? [] : [column], reasons: [reason]))
    }

    mutating func fail(_ row: Int, _ problem: Problem, _ plan: ImportPlan) {
        guard !problem.errors.isEmpty else { return fail(row, "", problem.detail) }
        fail(row, problem.errors, plan)
    }

    mutating func fail(_ row: Int, _ errors: [Problem.FieldError], _ plan: ImportPlan) {
        var columns: [String] = []
        var reasons: [String] = []
        for error in errors {
            let column = plan.header(error.pointer)
            if !columns.contains(column) { columns.append(column) }
            let reason = errors.count == 1 ? error.detail : "\(column): \(error.detail)"
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        failures.append(Failure(row: row, columns: columns, reasons: reasons))
    }

    static func + (left: ImportTally, right: ImportTally) -> ImportTally {
        var sum = left
        sum.created += right.created
        sum.updated += right.updated
        sum.unchanged += right.unchanged
        sum.failures += right.failures
        return sum
    }
}
