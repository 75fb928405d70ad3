import Records

/// What a company was promised, and until when.
package enum Warranties {
    package static let number = Field.text("number", "As it is printed.").required.unique.title
    package static let status = Field.choice("status", ["valid", "claimed", "expired"], "How it stands.").filled
    package static let company = Field.reference("company_id", to: "companies", "Who was promised it.")

    package static let type = RecordType("warranties", singular: "warranty", fields: [number, status, company]) { rules in
        rules.refusals = [
            "warranties_claimed_has_company": .invalid([.init("/company_id", .required, "Somebody has claimed it.")])
        ]
    }
}
