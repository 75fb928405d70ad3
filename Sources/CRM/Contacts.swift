import Records

/// A person whom the tenant does business with.
package enum Contacts {
    package static let firstName = Field.text("first_name", "Given name.").namePart
    package static let lastName = Field.text("last_name", "Family name.").namePart
    package static let email = Field.email("email", "Kept as typed, compared in lower case.").unique.title
    package static let phone = Field.phone("phone", "Kept as typed, matched by its digits.").title.matched
    package static let title = Field.text("title", "Position held.")
    package static let company = Field.reference("company_id", to: "companies", "Whom the person works for.")
    package static let lifecycleStage = Field.choice("lifecycle_stage", ["prospect", "customer", "former"], "How near to buying.")
    package static let source = Field.text("source", "Where the contact came from.")
    package static let address = Field.address("address", "Postal address.")
    package static let birthday = Field.date("birthday", "Day of birth.")
    package static let language = Field.language("language", "Language to write in (BCP 47).")
    package static let timeZone = Field.timeZone("time_zone", "Zone the person lives in (IANA).")
    package static let emailOptOut = Field.flag("email_opt_out", "True: no mail goes to this person.")
    package static let externalID = Field.text("external_id", "The record's name in another system.").unique

    package static let type = RecordType(
        "contacts", singular: "contact",
        fields: [
            firstName, lastName, email, phone, title, company, lifecycleStage, source, address, birthday, language, timeZone, emailOptOut,
            externalID,
        ]
    ) { rules in
        rules.remembers = true
        rules.canBeErased = true
        rules.yielding = { losers, winner in ReminderRecipient.handingOver(from: losers, to: winner) }
        rules.duplicates = [[phone.definition.name]]
        rules.refusals = [
            "contacts_name_or_email_required": .invalid([
                .init("/last_name", .required, "A contact has a first name, a last name or an e-mail address.")
            ])
        ]
    }
}
