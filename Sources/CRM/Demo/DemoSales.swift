/// What a firm like `acme` has sold and is selling: 400 deals over two years with what was done for each, leads that came in, and what is
/// to be done next. Always the same.
struct DemoSales {
    private(set) var deals: [Deal] = []
    private(set) var activities: [Activity] = []
    private(set) var tasks: [Task] = []
    private(set) var leads: [Lead] = []
    private var random = DemoRandom(seed: 20_261_125)

    /// Seconds before now at which something happened; negative: that long from now.
    typealias Age = Int

    struct Deal {
        var number: Int
        var name: String
        /// Indices into the demonstration's companies and contacts.
        var company: Int
        var contact: Int?
        var amount: Int
        var age: Age
        /// The stages it went through, by their place in the pipeline, each with when it came there; the last is where it is.
        var way: [(stage: Int, age: Age)]
        /// Days from now; in the past for closed deals.
        var closesIn: Int
        var lostReason: String?
    }

    struct Activity {
        var kind: String
        var subject: String
        var body: String?
        var minutes: Int?
        var direction: String?
        var age: Age
        var deal: Int?
        var company: Int
        var contact: Int?
    }

    struct Task {
        var title: String
        var dueIn: Int
        var hour: Int
        var isDone: Bool
        var priority: String
        var deal: Int
        var age: Age
    }

    struct Lead {
        var firstName: String
        var lastName: String
        var company: String
        var email: String
        var source: String
        var status: String
        var score: Int
        var age: Age
    }

    /// The stages of the blueprint `general`, by their place.
    private enum Place {
        static let qualification = 0
        static let proposal = 1
        static let negotiation = 2
        static let won = 3
        static let lost = 4
    }

    private static let day = 86_400

    init(_ records: DemoRecords, deals count: Int = 400) {
        let staff = Dictionary(grouping: records.contacts.indices) { records.contacts[$0].company }
        // Few firms buy often, most once or never.
        let buyers = records.companies.indices.flatMap { Array(repeating: $0, count: $0 % 7 == 0 ? 5 : $0 % 3 == 0 ? 2 : 1) }
        while deals.count < count { addDeal(records, random.pick(buyers), staff) }
        deals.sort { $0.age > $1.age }
        for index in deals.indices { deals[index].number = index + 1 }
        for index in deals.indices { addWork(index) }
        for index in records.contacts.indices where index.isMultiple(of: 5) { addTalk(records, index) }
        for number in 1...120 { addLead(number) }
    }

    private mutating func addDeal(_ records: DemoRecords, _ company: Int, _ staff: [Int: [Int]]) {
        let firm = records.companies[company]
        // Nobody sells to a firm that is not known yet; more was sold lately than at the beginning.
        let oldest = min(firm.age, 720 * Self.day)
        guard oldest > 2 * Self.day else { return }
        let age = random.happens(25) ? min(random.number(Self.day...oldest), 200 * Self.day) : random.number(Self.day...oldest)
        let size = firm.employees > 500 ? 8 : firm.employees > 100 ? 3 : 1
        let what = random.pick(Self.offers)
        var deal = Deal(
            number: 0, name: "\(what) for \(firm.name)", company: company, contact: staff[company].map { random.pick($0) },
            amount: random.number(4...60) * 250 * size, age: age, way: [(Place.qualification, age)], closesIn: 0)
        // A sale takes two weeks to four months.
        let length = random.number(15...110) * Self.day
        let end = random.happens(38) ? Place.won : Place.lost
        let steps = end == Place.won ? [Place.proposal, Place.negotiation, end] : random.pick([[end], [1, end], [1, 2, end]])
        for (index, stage) in steps.enumerated() {
            let reached = age - length * (index + 1) / steps.count - random.number(0...3) * Self.day
            guard reached > 0 else { break }
            deal.way.append((stage, reached))
        }
        let last = deal.way[deal.way.count - 1]
        if last.stage >= Place.won {
            deal.closesIn = -(last.age / Self.day)
            if last.stage == Place.lost { deal.lostReason = random.pick(Self.reasons) }
        } else {
            // Some are late, as everywhere.
            deal.closesIn = max(-10, (length - age) / Self.day + random.number(0...45))
        }
        deals.append(deal)
    }

    private mutating func addWork(_ index: Int) {
        let deal = deals[index]
        let isOpen = deal.way[deal.way.count - 1].stage < Place.won
        let end = isOpen ? 0 : deal.way[deal.way.count - 1].age
        for _ in 0..<random.number(2...6) {
            var activity = talk(random.number(end...max(end, deal.age - 3_600)))
            activity.deal = index
            activity.company = deal.company
            activity.contact = deal.contact
            activities.append(activity)
        }
        guard isOpen else {
            if random.happens(30) { tasks.append(task(index, dueIn: deal.closesIn - random.number(1...20), isDone: true)) }
            return
        }
        if random.happens(40) {
            var meeting = talk(-random.number(1...21) * Self.day)
            (meeting.kind, meeting.minutes, meeting.direction, meeting.body) = ("meeting", random.pick([30, 45, 60, 90]), nil, nil)
            meeting.subject = random.pick(Self.meetings)
            (meeting.deal, meeting.company, meeting.contact) = (index, deal.company, deal.contact)
            activities.append(meeting)
        }
        tasks.append(task(index, dueIn: random.number(-6...25), isDone: false))
    }

    private mutating func task(_ deal: Int, dueIn days: Int, isDone: Bool) -> Task {
        Task(
            title: random.pick(Self.chores), dueIn: days, hour: random.number(8...17), isDone: isDone,
            priority: random.pick(["normal", "normal", "normal", "high", "low"]), deal: deal,
            age: max(3_600, min(deals[deal].age, (14 - days) * Self.day)))
    }

    private mutating func talk(_ age: Age) -> Activity {
        let kind = random.pick(["call", "call", "email", "email", "meeting", "note"])
        let minutes: Int? = kind == "call" ? random.number(2...40) : kind == "meeting" ? random.pick([30, 45, 60, 90]) : nil
        return Activity(
            kind: kind, subject: random.pick(kind == "meeting" ? Self.meetings : kind == "note" ? Self.notes : Self.talks),
            body: random.happens(60) ? random.pick(Self.bodies) : nil, minutes: minutes,
            direction: kind == "call" || kind == "email" ? random.pick(["outbound", "outbound", "inbound"]) : nil, age: age, company: 0)
    }

    private mutating func addTalk(_ records: DemoRecords, _ contact: Int) {
        let person = records.contacts[contact]
        var activity = talk(random.number(3_600...max(3_600, min(person.age, 300 * Self.day))))
        (activity.company, activity.contact) = (person.company, contact)
        activities.append(activity)
    }

    private mutating func addLead(_ number: Int) {
        let country = random.pick(DemoCountries.all)
        let (first, last) = (random.pick(country.firstNames), random.pick(country.lastNames))
        let firm = "\(random.pick(country.firmNames)) \(random.pick(country.trades).word)"
        leads.append(
            Lead(
                firstName: first, lastName: last, company: firm, email: "lead-\(number)@newcomer-\(number).example",
                source: random.pick(["website", "trade fair", "referral", "newsletter", "partner"]),
                status: random.pick(["new", "new", "new", "working", "working", "qualified", "unqualified"]), score: random.number(5...95),
                age: random.number(3_600...90 * Self.day)))
    }
}

extension DemoSales {
    private static let offers = [
        "Annual supply", "Pilot order", "Spare parts", "Service contract", "New storage system", "Workshop refit", "Office furnishing",
        "Expansion", "Replacement", "Framework agreement",
    ]
    private static let reasons = [
        "Price", "Chose a competitor", "No budget this year", "Project cancelled", "No answer any more", "Missing feature", "Bad timing",
    ]
    private static let talks = [
        "First talk about what they need", "Sent the price list", "Questions about delivery times", "Discount asked for",
        "References sent", "Who decides and when", "Follow-up on the offer", "Details of the contract",
    ]
    private static let meetings = ["On-site visit", "Presentation of the offer", "Negotiation of terms", "Kick-off", "Review of the year"]
    private static let notes = ["Competitor is also talking to them", "New head of purchasing in spring", "Prefers calls before ten"]
    private static let bodies = [
        "They want to decide within the quarter. Two more suppliers are in the race.",
        "Good talk. They liked the quick delivery, the price is still too high for them.",
        "Asked for an offer with and without service. Will show it to the management next week.",
        "Left a message; will try again on Thursday.",
        "Wants to see the product in use first. Suggested a visit to a customer nearby.",
    ]
    private static let chores = [
        "Call back about the offer", "Send the revised offer", "Prepare the presentation", "Ask for the order", "Check the contract",
        "Arrange the visit", "Clarify delivery dates",
    ]
}
