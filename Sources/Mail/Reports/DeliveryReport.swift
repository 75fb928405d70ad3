import Foundation

/// What became of a mail for one of its recipients, in the words of a server on its way (RFC 3464).
package struct DeliveryReport: Sendable, Hashable {
    package enum Action: String, Sendable, CaseIterable { case failed, delayed, delivered, relayed, expanded }

    /// In lower case; nil when the report does not say.
    package let recipient: String?
    package let action: Action
    /// As in `5.1.1` (RFC 3463).
    package let status: String?
    /// The server's own words, for people.
    package let diagnostic: String?

    /// Whether the address itself is at fault, so that no mail to it will ever arrive. A full mailbox, a mail too large, one refused as
    /// unwanted or a sender that is not liked say nothing about the address.
    package var isAddressDead: Bool { action == .failed && (status.map(Self.isOfDeadAddress) ?? false) }

    /// Whether a server that refuses with this status (RFC 3463) says that of the address.
    package static func isOfDeadAddress(_ status: String) -> Bool {
        guard status.hasPrefix("5.") else { return false }
        let isAboutSomethingElse = ["5.3.", "5.4.", "5.5.", "5.6.", "5.7."].contains { status.hasPrefix($0) }
        return !isAboutSomethingElse && !["5.1.7", "5.1.8", "5.2.2", "5.2.3"].contains(status)
    }

    /// Those in the parts that are reports on deliveries.
    static func all(in parts: [ReceivedPart]) -> [DeliveryReport] {
        parts.filter { $0.type == "message/delivery-status" || $0.type == "message/global-delivery-status" }
            .flatMap { HeaderGroup.groups(in: $0.text).compactMap { DeliveryReport($0) } }
    }

    /// Of the fields of one recipient; nil for those about the whole mail.
    private init?(_ fields: HeaderGroup) {
        let address = fields["original-recipient"] ?? fields["final-recipient"] ?? fields["x-actual-recipient"]
        let words = fields["diagnostic-code"]
        status = Self.status(in: fields["status"] ?? "") ?? words.flatMap(Self.status)
        recipient = address.flatMap { HeaderGroup.addresses(in: $0.replacing(";", with: " ")).first }
        let said = fields["action"].flatMap { Action(rawValue: HeaderGroup.head($0).lowercased()) }
        // Some leave the action out, or write one of their own.
        guard address != nil || said != nil, let action = said ?? status.map({ $0.hasPrefix("5") ? .failed : .delayed }) else { return nil }
        self.action = action
        diagnostic = words.map { String(OneLine.of(Self.withoutType($0)).prefix(500)) }
    }

    init(recipient: String?, action: Action, status: String?, diagnostic: String?) {
        self.recipient = recipient
        self.action = action
        self.status = status
        self.diagnostic = diagnostic
    }

    /// `550 5.1.1 no such user` of `smtp; 550 5.1.1 no such user`.
    private static func withoutType(_ text: String) -> String {
        guard let semicolon = text.firstIndex(of: ";"), text[..<semicolon].allSatisfy({ $0.isLetter || $0 == "-" || $0.isNumber }) else {
            return text
        }
        return String(text[text.index(after: semicolon)...])
    }

    /// The first enhanced code, or the one that goes with the first three digits of an answer.
    static func status(in text: String) -> String? {
        if let match = text.firstMatch(of: /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:$|[^\d.])/) { return String(match.output.1) }
        guard let match = text.firstMatch(of: /(?:^|[^\d.])([45])[0-5]\d(?:$|[^\d.])/) else { return nil }
        return "\(match.output.1).0.0"
    }
}
