import Records

/// Every record type of a tenant. A new one is its SQL, its definition file and one word here.
package enum RecordTypes {
    /// The same where nobody sets a password.
    package static let builtIn = catalog { _ throws(Problem) in throw Problem(.forbidden, "Passwords are not set here.") }

    package static func catalog(hashing: @escaping Users.PasswordHashing) -> Catalog {
        Catalog(
            [
                Contacts.type, Companies.type, Leads.type, Pipelines.type, Deals.type, Activities.type, Tasks.type,
                Users.type(hashing: hashing),
                Roles.type, Teams.type, Views.type, Templates.type, Reminders.type, CustomFields.type, CustomObjects.type,
            ], following: { PlanReminders.awaited($0) })
    }
}
