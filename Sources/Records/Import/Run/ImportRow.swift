import Foundation

/// A row of a file on its way to a record.
struct ImportRow: Sendable {
    let number: Int
    /// What is wrong with the row as such.
    let flaw: ImportFlaw?
    /// In the order of the plan's columns.
    let cells: [String?]
}

/// What is wrong with a row as such; it waits in one cell beside the row's own.
struct ImportFlaw: Sendable, Hashable {
    let code: ImportRowCode?
    let sentence: String

    init(_ code: ImportRowCode, _ sentence: String) { (self.code, self.sentence) = (code, sentence) }

    /// `cells|The row has ...`; files that came in before flaws had codes have the sentence alone.
    init(stored text: String) {
        let parts = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        code = parts.count == 2 ? ImportRowCode(rawValue: String(parts[0])) : nil
        sentence = code == nil ? text : String(parts[1])
    }

    var stored: String { (code.map { $0.rawValue + "|" } ?? "") + sentence }
}

/// What became of the rows of one batch.
struct ImportTally: Sendable {
    var created = 0
    var updated = 0
    var unchanged = 0
    private(set) var failures: [Failure] = []

    /// `codes` and `places` say of each reason what it is and which column it is about; a place is empty where that is the row as such.
    struct Failure: Sendable {
        let row: Int
        var columns: [String] = []
        var reasons: [String] = []
        var codes: [String] = []
        var places: [String] = []
    }

    mutating func fail(_ row: Int, _ faults: [ImportFault]) {
        var failure = Failure(row: row)
        for fault in faults {
            if !fault.column.isEmpty, !failure.columns.contains(fault.column) { failure.columns.append(fault.column) }
            let reason = faults.count == 1 ? fault.detail : "\(fault.column): \(fault.detail)"
            guard !failure.reasons.contains(reason) else { continue }
            failure.reasons.append(reason)
            failure.codes.append(fault.code.text)
            failure.places.append(fault.column)
        }
        failures.append(failure)
    }

    mutating func fail(_ row: Int, _ column: String, _ code: ImportFault.Code, _ reason: String) {
        fail(row, [ImportFault(column, code, reason)])
    }

    mutating func fail(_ row: Int, _ flaw: ImportFlaw) {
        fail(row, "", flaw.code.map { .row($0) } ?? .field(.format), flaw.sentence)
    }

    mutating func fail(_ row: Int, _ problem: Problem, _ plan: ImportPlan) {
        guard !problem.errors.isEmpty else { return fail(row, "", .problem(problem.code), problem.detail) }
        fail(row, problem.errors, plan)
    }

    mutating func fail(_ row: Int, _ errors: [Problem.FieldError], _ plan: ImportPlan) {
        fail(row, errors.map { ImportFault(plan.header($0.pointer), .field($0.code), $0.detail) })
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
