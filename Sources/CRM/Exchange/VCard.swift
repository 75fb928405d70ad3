/// A person as address books exchange them: what a contact has in common with other programs.
///
/// `VCard+Writing` writes version 4.0 (RFC 6350); `VCard.Reading` reads 4.0, 3.0 (RFC 2426) and the 2.1 of old phones.
package struct VCard: Sendable, Hashable {
    package var uid: String?
    package var firstName: String?
    package var lastName: String?
    package var email: String?
    package var phone: String?
    /// Position held.
    package var title: String?
    package var organisation: String?
    package var address: PostalAddress?
    /// `YYYY-MM-DD`
    package var birthday: String?
    /// BCP 47.
    package var language: String?
    /// IANA.
    package var timeZone: String?
    package var categories: [String] = []

    package init() {}

    /// The parts that a record's address has.
    package struct PostalAddress: Sendable, Hashable {
        package var street: String?
        package var city: String?
        package var region: String?
        package var postalCode: String?
        /// ISO 3166, in capitals.
        package var country: String?

        package init(
            street: String? = nil, city: String? = nil, region: String? = nil, postalCode: String? = nil, country: String? = nil
        ) {
            self.street = street
            self.city = city
            self.region = region
            self.postalCode = postalCode
            self.country = country
        }
    }
}
