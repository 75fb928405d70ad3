import Foundation
import Records

/// Countries as people write them on envelopes.
enum CountryNames {
    /// The code of ISO 3166 for a code or a name; nil when nobody or more than one is called so.
    static func code(of text: String) -> String? {
        if text.utf8.count == 2, Country.isKnown(text) { return text.uppercased() }
        return codes[folded(text)]
    }

    /// Languages whose names of all countries are understood.
    private static let languages = ["en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da"]

    /// What people write and Unicode's tables do not have.
    private static let usual = [
        "USA": "US", "U.S.A.": "US", "United States of America": "US", "UK": "GB", "U.K.": "GB", "Great Britain": "GB", "England": "GB",
        "Scotland": "GB", "Wales": "GB", "Czech Republic": "CZ", "Turkey": "TR", "China": "CN", "Hong Kong": "HK", "Macau": "MO",
        "Republic of Korea": "KR", "Russian Federation": "RU", "Holland": "NL", "The Netherlands": "NL", "Ivory Coast": "CI",
    ]

    /// Names of one country in one language or another, by which people mean either of two.
    private static let unclear = ["Congo", "Korea"]

    private static let codes: [String: String] = {
        var found: [String: Set<String>] = [:]
        for language in languages {
            let locale = Locale(identifier: language)
            for region in Locale.Region.isoRegions where Country.isKnown(region.identifier) {
                guard let name = locale.localizedString(forRegionCode: region.identifier) else { continue }
                found[folded(name), default: []].insert(region.identifier)
            }
        }
        var codes = found.compactMapValues { $0.count == 1 ? $0.first : nil }
        for name in unclear { codes[folded(name)] = nil }
        for (name, code) in usual { codes[folded(name)] = code }
        return codes
    }()

    private static func folded(_ name: String) -> String {
        name.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil).replacing("’", with: "'")
    }
}
