import Foundation
import Jobs
import Mail
import Postgres
import Records
import Tenancy

/// What has gathered for one user, on its way into one mail.
///
/// Its items are bound to the mail before a server hears of it: each has the mail's Message-ID from then on, and whoever goes on after a
/// crash or a refusal for now finds the same mail with the same items.
struct ReminderDigest: Sendable {
    private let user: UUID
    private let scope: TenantScope
    private let shapes: KnownShapes
    private let post: Post
    private let audit: Audit

    /// `audit`: tells when the tenant was closed.
    init(of user: UUID, in scope: TenantScope, _ shapes: KnownShapes, _ post: Post, _ audit: Audit) {
        self.user = user
        self.scope = scope
        self.shapes = shapes
        self.post = post
        self.audit = audit
    }

    /// Items of one mail; what is more comes in another.
    static let most = 200
    /// Settings and clocks may change meanwhile: nobody sleeps longer over it.
    private static let longestWait: TimeInterval = 86_400
    /// How long a mail server may keep us waiting, after the digest's time.
    private static let patience: TimeInterval = 3 * 86_400

    /// Does what there is to do now, and says when to look again.
    func settle(_ now: Date) async throws -> JobOutcome {
        let waiting = try await DigestItem.waiting(for: user, in: scope)
        guard let earliest = waiting.first else { return .done }
        let reader = try await DigestReader.find(user, in: scope)
        if let mail = waiting.lazy.compactMap(\.mail).first {
            return try await resume(mail, waiting.filter { $0.mail == mail }, reader, now)
        }
        guard let reader, let rhythm = reader.rhythm else { return try await giveBack(waiting) }
        let next = rhythm.next(from: earliest.dueAt)
        guard next <= now else {
            return .again(after: .seconds(min(next.timeIntervalSince(now), Self.longestWait)), because: "Its day has not come.")
        }
        let time = rhythm.last(until: now)
        if try await isBeingEntered(until: time, now) {
            // The longer it takes, the less often it is asked for. A test tenant's clock stands still meanwhile: then at once.
            return .again(
                after: scope.clock != nil ? .zero : .seconds(max(0.3, now.timeIntervalSince(time) / 2)),
                because: "What is due by then is still being found out.")
        }
        // Read anew: what was entered between the first look and the answer of the queue belongs to it too.
        let due = try await DigestItem.waiting(for: user, in: scope).filter { $0.mail == nil && $0.dueAt <= time }
        return try await gather(due, reader, period: rhythm.period(of: time), now)
    }

    /// The user is gone or wants mails of their own: each goes its own way again.
    private func giveBack(_ waiting: [DigestItem]) async throws -> JobOutcome {
        _ = try await scope.run([
            .enqueue(waiting.map { Promise(SendReminder(occurrence: $0.id, type: $0.aboutType, field: $0.field), key: "\($0.id)") })
        ])
        return .done
    }

    /// Reminders that are due at the digest's own time belong to it: they are waited for, but not for long.
    private func isBeingEntered(until time: Date, _ now: Date) async throws -> Bool {
        guard now.timeIntervalSince(time) < 600 else { return false }
        let kinds = [PlanReminders.kind.name, DueReminder.kind.name]
        return try await scope.rows("SELECT cell.jobs_unfinished(\(kinds)::text[], \(time + 1)::timestamptz)").first?.bool(0) ?? false
    }

    /// Looks at each item at the last moment, binds those for which everything speaks, and sends them.
    private func gather(_ items: [DigestItem], _ reader: DigestReader, period: String, _ now: Date) async throws -> JobOutcome {
        let checked = try await check(Array(items.prefix(Self.most)), now)
        let mail = UUID.v7()
        let bound = try await bind(checked.lines.map(\.id), to: mail)
        let lines = checked.lines.filter { bound.contains($0.id) }
        guard !lines.isEmpty else { return emptied(checked, now) }
        return try await send(mail, lines, reader, period: period, now)
    }

    /// Goes on with a mail that somebody had begun.
    private func resume(_ mail: UUID, _ items: [DigestItem], _ reader: DigestReader?, _ now: Date) async throws -> JobOutcome {
        if let outcome = try await MailLedger(scope: scope).outcome(of: mail) {
            return try await settled(outcome, mail, items.map(\.id), dueBy: items.last?.dueAt, nil, now)
        }
        guard let reader else {
            try await settle(items.map(\.id), .skipped, "inactive")
            return .again(after: .zero, because: "There may be more.")
        }
        let checked = try await check(items, now)
        let bound = try await bind(checked.lines.map(\.id), to: mail)
        let lines = checked.lines.filter { bound.contains($0.id) }
        guard !lines.isEmpty else { return emptied(checked, now) }
        let period = reader.rhythm.map { $0.period(of: $0.last(until: now)) } ?? String(now.apiText.prefix(10))
        return try await send(mail, lines, reader, period: period, now)
    }

    private func emptied(_ checked: Checked, _ now: Date) -> JobOutcome {
        guard let end = checked.quietEnd else { return .again(after: .zero, because: "There may be more.") }
        return .again(after: .seconds(max(0, end.timeIntervalSince(now))), because: "It is a quiet hour where the reader is.")
    }

    private struct Line: Sendable {
        let id: UUID
        let dueAt: Date
        let value: TemplateValue
    }

    private struct Checked: Sendable {
        var lines: [Line] = []
        /// When the first of those may be sent that are put off.
        var quietEnd: Date?
    }

    /// The same questions as before a mail of its own.
    private func check(_ items: [DigestItem], _ now: Date) async throws -> Checked {
        var checked = Checked()
        let origin = post.origin.of(scope.tenant.slug)
        for item in items {
            let look = ReminderLook(occurrence: item.id, type: item.aboutType, field: item.field)
            guard let ready = try await look.answer(in: scope, shapes), ready.status == "planned" else { continue }
            let isHeldUp = try await Lateness.of(item.dueAt, now, in: scope, audit).isHeldUp(since: item.dueAt)
            if let reason = isHeldUp ? "suspended" : ready.objection(now) {
                try await settle([item.id], .skipped, reason)
                post.skipped(reason, in: scope)
            } else if let end = ready.quietEnd(now) {
                checked.quietEnd = min(end, checked.quietEnd ?? end)
            } else if let value = try? ready.line(origin: origin) {
                checked.lines.append(Line(id: item.id, dueAt: item.dueAt, value: value))
            } else {
                // Its words were good when they were saved; they cannot be read any more, and never will.
                try await settle([item.id], .failed, nil)
            }
        }
        return checked
    }

    /// Answers those that are this mail's: not one that left by itself meanwhile, or in another.
    private func bind(_ ids: [UUID], to mail: UUID) async throws -> Set<UUID> {
        guard !ids.isEmpty else { return [] }
        let message = String(post.messageID(of: mail).prefix(130))
        let rows = try await scope.run([
            """
            UPDATE occurrences SET attempts = attempts + 1, message_id = \(message), reason = NULL
            WHERE id = ANY (\(ids)::uuid[]) AND status = 'planned' AND (attempts = 0 OR message_id = \(message)) RETURNING id
            """
        ])[0]
        return Set(try rows.map { try $0.uuid(0) })
    }

    private func send(_ mail: UUID, _ lines: [Line], _ reader: DigestReader, period: String, _ now: Date) async throws -> JobOutcome {
        let origin = post.origin.of(scope.tenant.slug)
        let letter = Letter(
            id: mail, to: reader.email, name: reader.name, language: reader.language, .digest,
            [
                "person": .text(reader.name), "period": .text(period), "count": .text(String(lines.count)), "more": .text(""),
                "link": .text(origin + "/"), "items": .list(lines.map(\.value)),
            ], nature: .business, reader: .user(user))
        return try await settled(
            post.send(letter, in: scope), mail, lines.map(\.id), dueBy: lines.map(\.dueAt).max(), reader.rhythm?.span, now)
    }

    private func settled(
        _ outcome: LetterOutcome, _ mail: UUID, _ ids: [UUID], dueBy due: Date?, _ span: DigestRhythm.Span?, _ now: Date
    ) async throws -> JobOutcome {
        switch outcome {
        case .sent: try await settle(ids, .sent, nil)
        case .unknown: try await settle(ids, .unknown, nil)
        case .refused(.failed, _): try await settle(ids, .failed, nil)
        case .refused(let refusal, _): try await settle(ids, .skipped, refusal.rawValue)
        case .later(let reason, let delay):
            let days = (span ?? .weekly).days
            if let due, now.timeIntervalSince(due) > Double(days) * 86_400 + Self.patience {
                try await settle(ids, .failed, nil)
            } else {
                return .again(after: delay, because: reason)
            }
        }
        return .again(after: .zero, because: "There may be more.")
    }

    /// Also when the worker is told to stop just now: a task of its own is not cancelled with this one.
    private func settle(_ ids: [UUID], _ outcome: SendReminder.Outcome, _ reason: String?) async throws {
        let statement: SQL = """
            UPDATE occurrences SET status = \(outcome.rawValue), reason = \(reason), settled_at = \(TenantClock.column(of: scope))
            WHERE id = ANY (\(ids)::uuid[]) AND status = 'planned'
            """
        try await Task { [scope] in _ = try await scope.run([statement]) }.value
    }
}

/// An occurrence that waits for a digest.
private struct DigestItem: Sendable {
    let id: UUID
    let aboutType: String?
    /// What it counts from.
    let field: String?
    let dueAt: Date
    /// The digest that it was bound to.
    let mail: UUID?

    /// In the order of time.
    static func waiting(for user: UUID, in scope: TenantScope) async throws -> [DigestItem] {
        try await scope.rows(
            """
            SELECT o.id, o.about_type, m.moment_field, o.due_at, CASE WHEN o.attempts > 0 THEN substr(o.message_id, 2, 36) END
            FROM occurrences AS o LEFT JOIN reminders AS m ON m.id = o.reminder_id
            WHERE o.recipient = \(Reminded.user(user)) AND o.status = 'planned'
                AND (o.attempts = 0 OR o.message_id NOT LIKE '<' || o.id || '@%')
            ORDER BY o.due_at, o.id
            """
        ).map { row in
            DigestItem(
                id: try row.uuid(0), aboutType: row.optionalText(1), field: row.optionalText(2), dueAt: try row.date(3),
                mail: row.optionalText(4).flatMap(UUID.init(text:)))
        }
    }
}

/// Who gets a digest, and when.
private struct DigestReader: Sendable {
    let email: String
    let name: String
    let language: MailLanguage
    /// Nil: wants none.
    let rhythm: DigestRhythm?

    /// Nil for one who is not there any more.
    static func find(_ id: UUID, in scope: TenantScope) async throws -> DigestReader? {
        let rows = try await scope.rows(
            """
            SELECT u.email, u.name, u.locale, u.digest, u.time_zone, s.document::text FROM users AS u, settings AS s
            WHERE u.id = \(id) AND u.deleted_at IS NULL
            """)
        return try rows.first.map { row in
            let settings = try SettingsDocument(parsing: row.text(5))
            return DigestReader(
                email: try row.text(0), name: try row.text(1),
                language: MailLanguage(closestTo: row.optionalText(2) ?? settings["locale"].string ?? "en"),
                rhythm: DigestRhythm(try row.text(3), zone: row.optionalText(4), settings))
        }
    }
}
