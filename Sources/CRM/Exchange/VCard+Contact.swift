import Foundation
import Records

extension VCard {
    /// A contact as its reader may see it; `company` is included in it, if there is one.
    ///
    /// Its name in another system is the card's uid, else its id, so that a card that comes back finds its contact.
    package init(contact: JSON) {
        self.init()
        uid = contact["external_id"]?.string ?? contact["id"]?.string
        firstName = contact["first_name"]?.string
        lastName = contact["last_name"]?.string
        email = contact["email"]?.string
        phone = contact["phone"]?.string
        title = contact["title"]?.string
        organisation = contact["company"]?["name"]?.string
        if let parts = contact["address"], !parts.isNull {
            address = PostalAddress(
                street: parts["street"]?.string, city: parts["city"]?.string, region: parts["region"]?.string,
                postalCode: parts["postal_code"]?.string, country: parts["country"]?.string)
        }
        birthday = contact["birthday"]?.string
        language = contact["language"]?.string
        timeZone = contact["time_zone"]?.string
        categories = (contact["tags"]?.elements ?? []).compactMap(\.string)
    }

    /// The fields of a contact that the card has, but for uid, company and tags, which depend on what is there already.
    var fields: [JSON.Member] {
        let texts: [(String, String?)] = [
            ("first_name", firstName), ("last_name", lastName), ("email", email), ("phone", phone), ("title", title),
            ("birthday", birthday),
            ("language", language), ("time_zone", timeZone),
        ]
        var members = texts.compactMap { name, text in text.map { JSON.Member(name, .string($0)) } }
        if let parts = address?.members, !parts.isEmpty { members.append(.init("address", .object(parts))) }
        return members
    }

    /// A name for the file that holds it: what every system takes.
    package var fileName: String {
        let plain = (displayName ?? "").applyingPlainLetters
        return (plain.isEmpty ? "contact" : plain) + ".vcf"
    }
}

extension VCard.PostalAddress {
    fileprivate var members: [JSON.Member] {
        [("street", street), ("city", city), ("region", region), ("postal_code", postalCode), ("country", country)].compactMap {
            name, text in
            text.map { JSON.Member(name, .string($0)) }
        }
    }
}

extension String {
    /// `Zoë O'Brien` becomes `Zoe-O-Brien`: ASCII letters and digits, everything else a hyphen or nothing, at most 60.
    fileprivate var applyingPlainLetters: String {
        let folded = folding(options: .diacriticInsensitive, locale: nil)
        let words = folded.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return String(words.joined(separator: "-").prefix(60))
    }
}
