import Foundation

extension VCard {
    /// Cards in one text, UTF-8, to be sent as `text/vcard`.
    package static func bytes(of cards: some Sequence<VCard>) -> [UInt8] {
        var lines = ContentLines()
        for card in cards { card.write(to: &lines) }
        return lines.bytes
    }

    private func write(to lines: inout ContentLines) {
        lines.line("BEGIN:VCARD")
        lines.line("VERSION:4.0")
        writeUID(to: &lines)
        lines.text("FN", displayName ?? "")
        if firstName != nil || lastName != nil { lines.structure("N", [lastName, firstName, nil, nil, nil]) }
        lines.text("ORG", organisation)
        lines.text("TITLE", title)
        lines.text("EMAIL", email)
        lines.text("TEL", phone)
        if let address {
            // The post office box and the "extended" part stay empty (RFC 6350, 6.3.1).
            lines.structure("ADR", [nil, nil, address.street, address.city, address.region, address.postalCode, address.country])
        }
        lines.text("BDAY", birthday?.replacing("-", with: ""))
        lines.text("LANG", language)
        lines.text("TZ", timeZone)
        lines.list("CATEGORIES", categories)
        lines.line("END:VCARD")
    }

    /// A uid is an address unless it says otherwise (RFC 6350, 6.7.6).
    private func writeUID(to lines: inout ContentLines) {
        guard let uid, !uid.isEmpty else { return }
        if UUID(text: uid) != nil {
            lines.line("UID:urn:uuid:\(uid)")
        } else {
            lines.text("UID;VALUE=text", uid)
        }
    }

    /// What address books show; every card must have it, and the reader ignores it where it only repeats another property.
    var displayName: String? {
        let name = [firstName, lastName].compactMap(\.self).joined(separator: " ")
        return name.isEmpty ? organisation ?? email ?? phone : name
    }
}
