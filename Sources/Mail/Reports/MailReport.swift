import Foundation

/// What a server tells us about a mail of ours that it had taken: that it came back, or that its reader called it unwanted.
package struct MailReport: Sendable {
    package enum Kind: Sendable, Hashable {
        /// Not delivered, or not yet (RFC 3464).
        case deliveries([DeliveryReport])
        /// The reader complained (RFC 5965), with the kind of complaint: `abuse`, `fraud`, `other`; `not-spam` takes one back.
        case complaint(type: String, recipient: String?)
    }

    package let kind: Kind
    /// Addresses the report came to, in lower case; one of them is the return address of the mail (`ReturnAddress.parse`).
    package let addressees: [String]
    /// The mail it is about, if the report quotes it.
    package let original: MessageID?

    /// Reads a whole mail; nil when it is no report: a person's answer, a holiday notice. Only the first megabyte is looked at.
    package init?(_ raw: [UInt8]) {
        let mail = ReceivedPart(raw.prefix(1 << 20))
        let parts = mail.all()
        let quoted = parts.first { Self.quoting.contains($0.type) }?.quoted.headers

        if let complaint = parts.first(where: { $0.type == "message/feedback-report" }) {
            let fields = HeaderGroup.groups(in: complaint.text).first ?? HeaderGroup([])
            kind = .complaint(
                type: fields["feedback-type"]?.lowercased() ?? "abuse",
                recipient: [fields["original-rcpt-to"], quoted?["to"]].compactMap { $0.flatMap { HeaderGroup.addresses(in: $0).first } }
                    .first)
            addressees = Self.addressees(of: mail.headers) + (fields["original-mail-from"].map(HeaderGroup.addresses) ?? [])
        } else {
            let structured = DeliveryReport.all(in: parts)
            let deliveries = structured.isEmpty ? PlainBounce.read(mail, parts) : structured
            guard !deliveries.isEmpty else { return nil }
            kind = .deliveries(deliveries)
            addressees = Self.addressees(of: mail.headers)
        }
        let id = quoted?["message-id"] ?? mail.headers["in-reply-to"]
        original = id.flatMap { $0.firstMatch(of: /<[^<>\s]+>/) }.flatMap { MessageID(String($0.output)) }
    }

    private static let quoting: Set<String> = [
        "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822-header", "message/global", "message/global-headers",
    ]

    private static func addressees(of headers: HeaderGroup) -> [String] {
        ["delivered-to", "x-original-to", "envelope-to", "to"].flatMap(headers.all).flatMap(HeaderGroup.addresses)
    }
}
