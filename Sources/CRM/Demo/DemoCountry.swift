/// What people and firms of one country are called and where they are.
struct DemoCountry {
    /// ISO 3166 and BCP 47.
    let code: String
    let language: String
    let timeZone: String
    let cities: [City]
    let firstNames: [String]
    let lastNames: [String]
    let streets: [String]
    /// The parts of a firm's name: `Nordlicht` + `Logistik` + `GmbH`.
    let firmNames: [String]
    let trades: [Trade]
    let legalForms: [String]
    /// How many of the demonstration's firms are there.
    let firms: Int
    /// Whether the house number stands before the street.
    var numberFirst = false

    struct City {
        let name: String
        let region: String?
        /// With `#` for any digit.
        let postalCode: String
        /// Numbers that the country's regulator keeps free for films and books, so that nobody is rung up; nil where it keeps none.
        let phone: String?
    }

    struct Trade {
        let word: String
        let industry: String
    }
}
