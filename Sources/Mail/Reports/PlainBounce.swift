import Foundation

/// A failure told in plain words by servers that do not write RFC 3464: qmail, old Exim, and those who built their own.
enum PlainBounce {
    /// Empty when the mail is something else.
    static func read(_ mail: ReceivedPart, _ parts: [ReceivedPart]) -> [DeliveryReport] {
        guard isFromServer(mail.headers) else { return [] }
        let text = parts.first { $0.type == "text/plain" }?.text ?? mail.text
        let words = String(text.prefix(20_000))
        guard let status = DeliveryReport.status(in: words) else { return [] }
        let failed = mail.headers.all("x-failed-recipients").flatMap(HeaderGroup.addresses)
        let recipients: [String?] = failed.isEmpty ? [named(in: words)] : failed
        return recipients.map {
            DeliveryReport(
                recipient: $0, action: status.hasPrefix("5") ? .failed : .delayed, status: status,
                diagnostic: sentence(with: status, in: words))
        }
    }

    /// From a machine that reports, not one that answers for a person on holiday.
    private static func isFromServer(_ headers: HeaderGroup) -> Bool {
        if headers["auto-submitted"]?.lowercased().hasPrefix("auto-replied") == true, headers["x-failed-recipients"] == nil { return false }
        if headers["x-failed-recipients"] != nil { return true }
        let from = (headers["from"] ?? "").lowercased()
        return ["mailer-daemon", "postmaster", "mail delivery"].contains { from.contains($0) }
    }

    /// `<anna@example.com>:` at the beginning of a line, as qmail has it, or the first address at all in angle brackets.
    private static func named(in text: String) -> String? {
        let match = text.firstMatch(of: /<([^\s<>]+@[^\s<>]+)>/)
        return match.map { $0.output.1.lowercased() }
    }

    private static func sentence(with status: String, in text: String) -> String? {
        let digits = status.hasSuffix(".0.0") ? String(status.prefix(1)) : status
        let lines = text.split { $0 == "\n" || $0 == "\r\n" }
        return lines.first { $0.contains(digits) && DeliveryReport.status(in: String($0)) == status }.map {
            String(OneLine.of(String($0)).prefix(500))
        }
    }
}
