import Records

/// Something that someone has to do, usually until a time.
package enum Tasks {
    package static let title = Field.text("title", "What is to be done.").required.title
    package static let body = Field.text("body", max: 20_000, "What one must know to do it.").searched
    package static let due = Field.localTime("due", "Until when, as clocks show it where it is due.")
    package static let priority = Field.choice("priority", ["low", "normal", "high"], "How much it matters.").filled
    package static let status = Field.choice("status", ["open", "done", "cancelled"], "How far it is.").filled
    package static let assignee = Field.reference("assignee_id", to: "users", "Who does it.")
    package static let about = Field.record("about", "The record it is about.")
    package static let reminders = Field.integers("reminders", in: 0...525_600, max: 10, "Minutes before it is due at which to remind.")

    package static let type = RecordType(
        "tasks", singular: "task", fields: [title, body, due, priority, status, assignee, about, reminders], standing: .work
    ) { rules in
        rules.preparing = { draft, change throws(Problem) in
            guard case .some(.some(let status)) = change[status] else { return }
            let now: String = change.action == .create ? "now()" : "coalesce(r.completed_at, now())"
            draft.assign("completed_at", .init(code: status == "done" ? now : "NULL"), isConsequence: true)
        }
    }
}
