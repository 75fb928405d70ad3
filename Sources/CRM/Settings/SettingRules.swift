import Records

/// What one setting alone cannot say.
enum SettingRules {
    static func errors(in document: SettingsDocument) -> [Problem.FieldError] {
        quietHours(document) + TenantSettings.weekdays.flatMap { businessHours($0, document) } + rates(document) + ownTypes(document)
    }

    private static func quietHours(_ document: SettingsDocument) -> [Problem.FieldError] {
        let (from, to) = (document["quiet_hours.from"], document["quiet_hours.to"])
        if from.isNull != to.isNull {
            return [.init("/quiet_hours/\(from.isNull ? "from" : "to")", .required, "Quiet hours have a beginning and an end.")]
        }
        guard from == to, !from.isNull else { return [] }
        return [.init("/quiet_hours/to", .range, "Quiet hours end at another time than they begin.")]
    }

    /// Times of the form HH:MM are in the order of their texts.
    private static func businessHours(_ day: String, _ document: SettingsDocument) -> [Problem.FieldError] {
        var errors: [Problem.FieldError] = []
        var end = ""
        for (index, hours) in (document["business_hours.\(day)"].elements ?? []).enumerated() {
            let place = "/business_hours/\(day)/\(index)"
            let (from, to) = (hours["from"]?.string ?? "", hours["to"]?.string ?? "")
            if from >= to { errors.append(.init("\(place)/to", .range, "Work ends later on the same day than it begins.")) }
            if from < end { errors.append(.init("\(place)/from", .range, "This begins before the hours in front of it have ended.")) }
            end = max(end, to)
        }
        return errors
    }

    /// No two rates of the same pair of currencies begin on the same day, or nobody could say which one holds.
    private static func rates(_ document: SettingsDocument) -> [Problem.FieldError] {
        var errors: [Problem.FieldError] = []
        var known: Set<[JSON?]> = []
        for (index, rate) in (document["rates"].elements ?? []).enumerated() {
            if rate["from"] == rate["to"] {
                errors.append(.init("/rates/\(index)/to", .range, "A rate leads to another currency."))
            }
            if !known.insert([rate["from"], rate["to"], rate["date"]]).inserted {
                errors.append(.init("/rates/\(index)", .duplicate, "There is another rate of these currencies from the same day on."))
            }
        }
        return errors
    }

    private static func ownTypes(_ document: SettingsDocument) -> [Problem.FieldError] {
        var known: Set<JSON?> = []
        return (document["retention.\(RetentionRule.ownTypes)"].elements ?? []).enumerated().compactMap { index, rule in
            known.insert(rule["type"]).inserted
                ? nil : .init("/retention/\(RetentionRule.ownTypes)/\(index)/type", .duplicate, "This type stands in the list already.")
        }
    }
}
