import Postgres
import Records
import Tenancy

/// One tenant's settings, as one caller reads and changes them.
///
/// A change is made from the version that was read and written only while that is the latest: change, history, news and the kept answer
/// leave in one flush.
package struct SettingsStore: Sendable {
    let scope: TenantScope
    let caller: Caller
    private let address: String
    private let defaults: SettingDefaults
    private let news: SQL

    /// - Parameters:
    ///   - address: whose computer asks, since nobody locks himself out.
    ///   - news: tells every process of a change.
    package init(in scope: TenantScope, for caller: Caller, from address: String, _ defaults: SettingDefaults, news: SQL) {
        self.scope = scope
        self.caller = caller
        self.address = address
        self.defaults = defaults
        self.news = news
    }

    package func get() async throws -> RecordAnswer {
        let latest = try await latest()
        return answer(latest.document, latest.version)
    }

    /// Merges the patch. What changes nothing keeps the version.
    package func patch(
        _ body: JSON, _ key: TenantKey, allowsPrivateHosts: Bool, ifMatch: Precondition?, repeatable: RepeatableRequest?
    ) async throws -> RecordAnswer {
        try mayChange()
        return try await writing(ifMatch, repeatable) { latest in
            var patch = SettingsPatch(allowsPrivateHosts: allowsPrivateHosts) { secret, place, kept in
                if let kept, key.open(kept, for: place) == secret { return kept }
                return key.seal(secret, for: place)
            }
            let document = patch.merge(body, into: latest.document)
            guard patch.errors.isEmpty else { throw Problem.invalid(patch.errors) }
            return latest.document.changes(to: document, defaults).isEmpty ? nil : document
        }
    }

    /// A new version that is equal to an old one.
    package func revert(to version: Int, ifMatch: Precondition?, repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        try mayChange()
        let rows = try await scope.rows("SELECT document FROM settings_history WHERE version = \(version)")
        guard let row = rows.first else {
            throw Problem.invalid([.init("/version", .reference, "The settings have no such version.")])
        }
        let old = try SettingsDocument(parsing: row.text(0))
        return try await writing(ifMatch, repeatable) { _ in old }
    }

    func mayChange() throws(Problem) {
        guard caller.rights.admin.settings else { throw Problem(.forbidden, "Only those who run the account's settings may do this.") }
    }

    private struct Version {
        let version: Int
        let document: SettingsDocument
    }

    private func latest() async throws -> Version {
        guard let row = try await scope.rows("SELECT version, document FROM settings").first else {
            throw PostgresError.unexpected("A tenant has no settings.")
        }
        return Version(version: try row.int(0), document: try SettingsDocument(parsing: row.text(1)))
    }

    private func answer(_ document: SettingsDocument, _ version: Int) -> RecordAnswer {
        let shown = document.shown(to: caller.rights.admin.settings ? .administrators : .everyone, defaults)
        return RecordAnswer(status: 200, version: version, body: shown.bytes)
    }

    /// Writes what `change` makes of the latest version; nil for nothing new. Whoever is overtaken looks again and tries again.
    private func writing(
        _ ifMatch: Precondition?, _ repeatable: RepeatableRequest?, _ change: (Version) throws -> SettingsDocument?
    ) async throws -> RecordAnswer {
        for _ in 1...Self.patience {
            let latest = try await latest()
            let changed = try change(latest)
            if case .versions(let versions)? = ifMatch, !versions.contains(latest.version) {
                throw try await mismatch(latest.version, versions)
            }
            if let changed {
                try refuseLockOut(changed)
                try refuseWithheld(latest.document.changes(to: changed, defaults), of: changed)
            }
            let answer = answer(changed ?? latest.document, changed == nil ? latest.version : latest.version + 1)
            do {
                _ = try await scope.run(statements(changed, after: latest, answer, repeatable))
                return answer
            } catch {
                guard error.refusal?.constraint == Self.movedOn else { throw error }
            }
        }
        throw Problem(.overloaded, "Others are changing the settings at this moment; try again.", retryAfter: 1)
    }

    /// How often someone may be overtaken.
    private static let patience = 20
    private static let movedOn = "settings_moved_on"

    private func statements(
        _ changed: SettingsDocument?, after latest: Version, _ answer: RecordAnswer, _ repeatable: RepeatableRequest?
    ) -> [SQL] {
        let body = answer.body.map { String(decoding: $0, as: UTF8.self) }
        let kept = repeatable?.remember(RepeatableRequest.Answer(status: answer.status, version: answer.version, body: body))
        let claim = repeatable?.claim ?? []
        guard let changed else { return claim + (kept.map { [$0] } ?? []) }
        let names = latest.document.changes(to: changed, defaults)
        let actor = caller.actor
        return claim + [
            "SELECT version FROM settings FOR UPDATE",
            "SELECT cell.refuse('TN002', \(Self.movedOn)) FROM settings WHERE version <> \(latest.version)",
            """
            WITH written AS (
                UPDATE settings SET version = version + 1, document = \(changed.stored.text)::jsonb RETURNING version, document)
            INSERT INTO settings_history (version, actor_type, actor_id, request_id, document, changed)
            SELECT version, \(actor.kind.rawValue), \(actor.id)::uuid, \(caller.requestID), document, \(names)::text[] FROM written
            """,
            AuditTrail.entry(
                .settingsChanged, by: actor, from: address, requestID: caller.requestID,
                detail: ["version": JSON(latest.version + 1), "fields": JSON(names)]),
            news,
        ] + PlanReminders.following(names) + (kept.map { [$0] } ?? [])
    }

    private func refuseLockOut(_ document: SettingsDocument) throws(Problem) {
        let ranges = (document["security.ip_allow"].elements ?? []).compactMap { $0.string.flatMap { AddressRange($0) } }
        guard !ranges.isEmpty, !ranges.contains(where: { $0.contains(address) }) else { return }
        throw Problem(
            .conflict, "You would lock yourself out: security.ip_allow does not hold the address \(address), from which you come.")
    }

    /// What the plan leaves out may be given up, but not decided anew.
    private func refuseWithheld(_ names: [String], of document: SettingsDocument) throws(Problem) {
        let anew = names.filter { document[$0] != TenantSettings.standard($0) }
        for (path, feature) in TenantSettings.features where !scope.entitlements.allows(feature) {
            guard let name = anew.first(where: { $0.hasPrefix(path + ".") }) else { continue }
            throw PlanLimit.without(feature, for: name, plan: scope.entitlements.plan.name)
        }
    }

    private func mismatch(_ version: Int, _ versions: [Int]) async throws -> Problem {
        let rows = try await scope.rows(
            """
            SELECT DISTINCT unnest(changed) AS name FROM settings_history WHERE version > \(versions.max() ?? 0)::integer ORDER BY name
            """)
        return Problem(
            .versionMismatch, "The settings are at version \(version) now; read them again and apply your change to that.",
            members: [.init("current_version", JSON(version)), .init("changed", JSON(rows.compactMap { $0.optionalText(0) }))])
    }
}
