import CRM
import Records
import Recurrence
import Testing

@Suite("A tenant's hours") struct TenantHoursTests {
    @Test("Nothing decided is nine to five on working days, and never quiet") func defaults() throws {
        let settings = SettingsDocument()

        #expect(settings.quietHours == nil)
        #expect(settings.businessHours.holidays.isEmpty)
        // A Friday, and the Monday after it.
        #expect(settings.businessHours.date(1, businessDaysAfter: try #require(CivilDate("2026-11-27")))?.text == "2026-11-30")
        let (nine, five) = (try #require(TimeOfDay("09:00")), try #require(TimeOfDay("17:00")))
        #expect(
            settings.businessHours
                == BusinessHours(Dictionary(uniqueKeysWithValues: Weekday.allCases.prefix(5).map { ($0, [nine..<five]) })))
    }

    @Test("What was decided holds") func decided() throws {
        let settings = SettingsDocument(stored: [
            "quiet_hours": ["from": "22:00", "to": "06:30"], "holidays": ["2026-12-25"],
            "business_hours": ["friday": [], "saturday": [["from": "08:00", "to": "12:00"]]],
        ])

        #expect(settings.quietHours?.from.text == "22:00" && settings.quietHours?.to.text == "06:30")
        #expect(settings.businessHours.holidays.map(\.text) == ["2026-12-25"])
        // A Thursday; Friday is none of ours.
        #expect(settings.businessHours.date(1, businessDaysAfter: try #require(CivilDate("2026-11-26")))?.text == "2026-11-28")
    }
}
