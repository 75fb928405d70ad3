import Records

/// Something that was done with people: a call, a meeting, a mail, a note.
package enum Activities {
    package static let kind = Field.choice("kind", ["call", "meeting", "email", "note"], "What it was.").required
    package static let subject = Field.text("subject", "What it was about.").required.title
    package static let body = Field.text("body", max: 20_000, "What was said.").searched
    package static let at = Field.time("at", "When it took or takes place.").required
    package static let duration = Field.integer("duration_minutes", in: 0...100_000, "How long it takes.")
    package static let direction = Field.choice("direction", ["inbound", "outbound"], "Who began it.")
    package static let contacts = Field.references("contact_ids", to: "contacts", "Who took part.")
    package static let company = Field.reference("company_id", to: "companies", "The company it was with.")
    package static let deal = Field.reference("deal_id", to: "deals", "The deal it served.")
    package static let lead = Field.reference("lead_id", to: "leads", "The lead it was with.")

    package static let type = RecordType(
        "activities", singular: "activity", fields: [kind, subject, body, at, duration, direction, contacts, company, deal, lead],
        standing: .work)
}
