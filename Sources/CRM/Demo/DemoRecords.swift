import Foundation

/// 300 firms and 2,000 people who might do business with a firm like `acme`: always the same ones.
struct DemoRecords {
    private(set) var companies: [Company] = []
    private(set) var contacts: [Contact] = []
    private var random = DemoRandom(seed: 20_261_122)
    private var addresses: Set<String> = []

    struct Company {
        var number: Int
        var country: DemoCountry
        var city: DemoCountry.City
        var name: String
        var domain: String
        var industry: String
        var employees: Int
        var phone: String?
        var street: String
        var postalCode: String
        /// How long ago it was entered, in seconds; from two years to a day.
        var age: Int
        var tags: [String]
    }

    struct Contact {
        var number: Int
        /// An index into `companies`.
        var company: Int
        var firstName: String
        var lastName: String
        var email: String
        var phone: String?
        var title: String
        var lifecycleStage: String
        var source: String
        var birthday: String?
        var emailOptOut: Bool
        var age: Int
        var tags: [String]
    }

    init(contacts count: Int = 2_000) {
        for country in DemoCountries.all { addCompanies(of: country) }
        // Everyone has someone at the desk; the larger ones have more.
        for index in companies.indices { addContact(at: index) }
        let weighted = companies.indices.flatMap { Array(repeating: $0, count: companies[$0].employees > 500 ? 4 : 1) }
        while contacts.count < count { addContact(at: random.pick(weighted)) }
        contacts.sort { $0.age > $1.age }
        for index in contacts.indices { contacts[index].number = index + 1 }
    }

    private mutating func addCompanies(of country: DemoCountry) {
        // Every pair of words once, in an order that looks like chance.
        var names = country.firmNames.flatMap { first in country.trades.map { (first, $0) } }
        names.shuffle(using: &random)
        for (first, trade) in names.prefix(country.firms) {
            let city = random.pick(country.cities)
            let isJapanese = country.code == "JP"
            let form = random.pick(country.legalForms)
            let name = isJapanese ? "\(form)\(first)\(trade.word)" : "\(first) \(trade.word) \(form)"
            let number = companies.count + 1
            let domain =
                isJapanese ? "firm-\(number).jp.example" : "\(Self.ascii("\(first) \(trade.word)")).\(country.code.lowercased()).example"
            companies.append(
                Company(
                    number: number, country: country, city: city, name: name, domain: domain, industry: trade.industry,
                    employees: random.pick([4, 9, 12, 25, 40, 60, 85, 120, 240, 380, 650, 1_200, 3_400, 8_900]), phone: phone(city),
                    street: street(of: country), postalCode: digits(city.postalCode), age: random.number(86_400...63_072_000),
                    tags: random.happens(15) ? ["key-account"] : random.happens(20) ? ["newsletter"] : []))
        }
    }

    private mutating func addContact(at index: Int) {
        let company = companies[index]
        let country = company.country
        let (first, last) = (random.pick(country.firstNames), random.pick(country.lastNames))
        let local = country.code == "JP" ? "contact" : "\(Self.ascii(first)).\(Self.ascii(last))"
        var email = "\(local)@\(company.domain)"
        // The second of the same name at the same firm gets a number, as everywhere.
        var number = 2
        while addresses.contains(email) {
            email = "\(local)\(number)@\(company.domain)"
            number += 1
        }
        addresses.insert(email)
        let stage = random.pick(["prospect", "prospect", "prospect", "customer", "customer", "former"])
        contacts.append(
            Contact(
                number: 0, company: index, firstName: first, lastName: last, email: email,
                phone: random.happens(80) ? phone(company.city) : nil,
                title: random.pick(Self.titles), lifecycleStage: stage,
                source: random.pick(["website", "trade fair", "referral", "cold call", "newsletter", "partner"]),
                birthday: random.happens(30) ? birthday() : nil, emailOptOut: random.happens(6), age: random.number(3_600...company.age),
                tags: random.happens(8) ? ["vip"] : random.happens(15) ? ["newsletter"] : []))
    }

    private static let titles = [
        "Managing Director", "Head of Sales", "Purchasing Manager", "Chief Financial Officer", "Office Manager", "Head of IT",
        "Product Manager",
        "Logistics Coordinator", "Accountant", "Marketing Manager", "Operations Manager", "Assistant", "Engineer",
        "Human Resources Manager",
    ]

    private mutating func phone(_ city: DemoCountry.City) -> String? {
        city.phone.map { digits($0) }
    }

    private mutating func street(of country: DemoCountry) -> String {
        let (street, number) = (random.pick(country.streets), random.number(1...180))
        return country.numberFirst ? "\(number) \(street)" : "\(street) \(number)"
    }

    private mutating func birthday() -> String {
        String(format: "%04d-%02d-%02d", random.number(1958...2003), random.number(1...12), random.number(1...28))
    }

    /// The pattern with a digit for each `#`.
    private mutating func digits(_ pattern: String) -> String {
        var filled = ""
        for character in pattern { filled += character == "#" ? String(random.number(0...9)) : String(character) }
        return filled
    }

    /// How a name is written in an address: `Möbel & Co` becomes `moebel-co`.
    private static func ascii(_ text: String) -> String {
        var plain = text.lowercased()
        for (letter, spelling) in ["ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ı": "i", "ş": "s", "'": "", ".": ""] {
            plain = plain.replacing(letter, with: spelling)
        }
        plain = plain.folding(options: .diacriticInsensitive, locale: nil)
        let words = plain.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return words.joined(separator: "-")
    }
}
