import Records

/// Every record type of a tenant. A new one is its SQL, its definition file and one word here.
package enum RecordTypes {
    package static func catalog(hashing: @escaping Users.PasswordHashing) -> Catalog {
        Catalog([
            Contacts.type, Companies.type, Leads.type, Pipelines.type, Deals.type, Activities.type, Tasks.type,
            Users.type(hashing: hashing),
            Roles.type, Teams.type, Views.type, CustomFields.type, CustomObjects.type,
        ])
    }
}
