import Foundation
import Mail
import Postgres
import Tenancy

/// What comes back: a server says that a mail of ours did not arrive, or that its reader complained. It is believed because it came to the
/// signed return address of that mail, which nobody else knows.
package enum ReturnedMail {
    /// Reads a whole mail. What is no report, or was not addressed to one of our return addresses, changes nothing.
    package static func take(_ raw: [UInt8], _ installation: Installation) async throws {
        guard let report = MailReport(raw), let sign = try sign(on: report, try await installation.mailKeys()),
            let tenant = installation.directory.tenants.first(where: { $0.id == sign.owner }), tenant.state.allowsReads,
            let reason = reason(of: report)
        else { return }
        let scope = try installation.directory.scope(for: tenant)
        let rows = try await scope.rows("SELECT recipient FROM mails WHERE id = \(sign.mail)")
        guard let recipient = try rows.first?.text(0) else { return }
        // The mail's own recipient: the report may name another, to whom it was forwarded.
        let suppression = Suppressions.added(recipient, reason.suppression, detail: reason.words, mail: sign.mail)
        guard reason.suppression == .bounce else {
            _ = try await scope.run([suppression])
            return
        }
        _ = try await scope.run([
            suppression,
            "UPDATE mails SET bounced_at = now(), reason = \(reason.words.map { MailLedger.brief($0, 80) }) WHERE id = \(sign.mail) AND bounced_at IS NULL",
        ])
        try await MailBreaker.check(scope)
    }

    private static func sign(on report: MailReport, _ keys: [[UInt8]]) throws -> (owner: UUID, mail: UUID)? {
        // Forwarders rewrite the domain, so it is not looked at.
        let addresses = try keys.map { try ReturnAddress(domain: "localhost", key: $0) }
        return report.addressees.lazy.flatMap { address in addresses.lazy.compactMap { $0.parse(address) } }.first
    }

    /// Why the address gets no more; nil for what says nothing against it: a full mailbox, a delay, a complaint that is taken back.
    private static func reason(of report: MailReport) -> (suppression: Suppressions.Reason, words: String?)? {
        switch report.kind {
        case .complaint(let type, _): type == "not-spam" ? nil : (.complaint, type)
        case .deliveries(let deliveries):
            deliveries.first { $0.isAddressDead }.map { (.bounce, $0.diagnostic ?? $0.status) }
        }
    }
}
