import Foundation

/// A name of the IANA time zone database.
package enum TimeZoneName {
    private static let known = Set(TimeZone.knownTimeZoneIdentifiers).union(["UTC", "GMT"])

    /// Foundation lists one name of a zone and leaves out others that are as good: `Asia/Calcutta`, but not `Asia/Kolkata`. It makes zones
    /// of offsets and abbreviations too; those have no continent or ocean in front. Countries (`US/Eastern`) are names of old that not every
    /// PostgreSQL knows.
    private static let areas: Set<Substring> = [
        "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Etc", "Europe", "Indian", "Pacific",
    ]

    package static func isKnown(_ name: String) -> Bool { zone(name) != nil }

    /// The zone itself.
    package static func zone(_ name: String) -> TimeZone? {
        known.contains(name) || areas.contains(name.prefix { $0 != "/" }) ? TimeZone(identifier: name) : nil
    }
}
