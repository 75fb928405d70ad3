import Foundation
import Jobs
import Records
import Tenancy

/// When each record of a type is to be looked at for a reminder that counts from a field of all of them.
struct TypeWidePlan: Sendable {
    let desk: ReminderDesk
    /// What was due before is over. Seconds since 1970.
    let armed: Double

    /// Promises it, page by page. False when something that it has to move is at work with what it knew before.
    ///
    /// - Parameter replacing: whether what is promised already moves too; otherwise only records are added of which nothing is promised.
    func make(replacing: Bool) async throws -> Bool {
        let start = Date(timeIntervalSince1970: armed)
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        var isDone = true
        while let page = try await desk.records("r.id > \(last) AND r.deleted_at IS NULL", limit: 500), let end = page.last {
            let promises = page.compactMap { record in
                desk.look(at: record, from: start).map { time in
                    let due = DueReminder(reminder: desk.reminder.id, record: record.id, armed: armed)
                    return Promise(due, at: time, key: due.key)
                }
            }
            if !promises.isEmpty {
                let written = try await desk.scope.run([.enqueue(promises, replacing: replacing)])[0].first?.int(0) ?? 0
                if written < promises.count { isDone = false }
            }
            last = end.id
        }
        return isDone
    }
}
