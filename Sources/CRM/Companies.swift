import Records

/// An organisation that the tenant does business with.
package enum Companies {
    package static let companyName = Field.text("name", "What it is called.").required.title
    package static let domain = Field.domain("domain", "Its internet domain, compared in lower case.").unique.title
    package static let industry = Field.text("industry", "What it does.")
    package static let employees = Field.integer("employees", in: 0...Int(Int32.max), "How many people work there.")
    package static let phone = Field.phone("phone", "Kept as typed, matched by its digits.").searched
    package static let website = Field.website("website", "Where it is on the web.")
    package static let address = Field.address("address", "Postal address.")
    package static let parent = Field.reference(
        "parent_id", to: "companies", "The company it belongs to; never itself, not even indirectly.")
    package static let externalID = Field.text("external_id", "The record's name in another system.").unique

    package static let type = RecordType(
        "companies", singular: "company",
        fields: [companyName, domain, industry, employees, phone, website, address, parent, externalID]
    ) { rules in
        rules.refusals = [Circle.constraint(of: "companies"): Circle.problem("A company cannot belong to itself, not even indirectly.")]
        rules.remembers = true
        rules.duplicates = [[companyName.definition.name]]
        rules.story.relatives = [.init("contacts", by: "company_id"), .init("deals", by: "company_id")]
        rules.saving = { change throws(Problem) in Circle.refusal(change, parent) }
        rules.merging = { winner, _ in Circle.refusal(winner, in: "companies") }
    }
}
