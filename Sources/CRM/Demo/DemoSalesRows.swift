import Foundation
import Postgres
import Records
import Recurrence
import Secrets

/// The demonstration's sales as rows, once companies and contacts have their ids.
struct DemoSalesRows {
    let sales: DemoSales
    let companyIDs: [JSON]
    let contactIDs: [JSON]
    /// Who looks after each company.
    let owners: [JSON]
    let stages: [Stage]
    let pipeline: JSON
    let now: Date
    let zone: TimeZone
    let dealIDs: [JSON]

    /// A stage as the tenant's pipeline has it.
    struct Stage {
        let id: JSON
        let kind: String
        let probability: Int
    }

    init(_ sales: DemoSales, companies: [JSON], contacts: [JSON], owners: [JSON], stages: [Stage], pipeline: JSON, now: Date, zone: String)
    {
        self.sales = sales
        companyIDs = companies
        contactIDs = contacts
        self.owners = owners
        self.stages = stages
        self.pipeline = pipeline
        self.now = now
        self.zone = TimeZone(identifier: zone) ?? .gmt
        dealIDs = sales.deals.map { _ in Self.newID() }
    }

    private static func newID() -> JSON { .string(UUID.v7().text) }

    private func common(_ id: JSON, ago age: Int, owner: JSON) -> [JSON.Member] {
        let entered = JSON(time(ago: age))
        return [
            .init("id", id), .init("version", 1), .init("created_at", entered), .init("updated_at", entered), .init("owner_id", owner),
            .init("tags", []),
        ]
    }

    private func time(ago age: Int) -> String {
        now.addingTimeInterval(-Double(age)).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private func date(in days: Int) -> String {
        var style = Date.ISO8601FormatStyle(timeZone: zone)
        style = style.year().month().day()
        return now.addingTimeInterval(Double(days) * 86_400).formatted(style)
    }

    var deals: [JSON] {
        var taken: [Int: Int] = [:]
        return sales.deals.enumerated().map { index, deal in
            let last = deal.way[deal.way.count - 1]
            let stage = stages[last.stage]
            let position = taken[last.stage, default: 0]
            taken[last.stage] = position + 1
            let isClosed = stage.kind != "open"
            return .object(
                common(dealIDs[index], ago: deal.age, owner: owners[deal.company]) + [
                    .init("name", .string(deal.name)), .init("pipeline_id", pipeline), .init("stage_id", stage.id),
                    .init("position", JSON(position)), .init("amount", JSON(deal.amount)), .init("amount_currency", "EUR"),
                    .init("close_date", .string(date(in: deal.closesIn))), .init("probability", JSON(stage.probability)),
                    .init("contact_id", deal.contact.map { contactIDs[$0] } ?? .null), .init("company_id", companyIDs[deal.company]),
                    .init("lost_reason", JSON(deal.lostReason)), .init("external_id", .string("D-\(10_000 + deal.number)")),
                    .init("status", .string(stage.kind)), .init("stage_entered_at", .string(time(ago: last.age))),
                    .init("closed_at", isClosed ? .string(time(ago: last.age)) : .null),
                ])
        }
    }

    /// Each deal's way through the stages.
    var history: [JSON] {
        sales.deals.enumerated().flatMap { index, deal in
            deal.way.enumerated().map { step, place in
                [
                    "id": Self.newID(), "deal_id": dealIDs[index], "stage_id": stages[place.stage].id,
                    "entered_at": .string(time(ago: place.age)),
                    "left_at": step + 1 < deal.way.count ? .string(time(ago: deal.way[step + 1].age)) : .null,
                    "actor_type": "user", "actor_id": owners[deal.company],
                ]
            }
        }
    }

    var activities: [JSON] {
        sales.activities.map { activity in
            .object(
                common(Self.newID(), ago: max(activity.age, 3_600), owner: owners[activity.company]) + [
                    .init("kind", .string(activity.kind)), .init("subject", .string(activity.subject)), .init("body", JSON(activity.body)),
                    .init("at", .string(time(ago: activity.age))), .init("duration_minutes", activity.minutes.map { JSON($0) } ?? .null),
                    .init("direction", JSON(activity.direction)),
                    .init("contact_ids", .array(activity.contact.map { [contactIDs[$0]] } ?? [])),
                    .init("company_id", companyIDs[activity.company]), .init("deal_id", activity.deal.map { dealIDs[$0] } ?? .null),
                ])
        }
    }

    var tasks: [JSON] {
        sales.tasks.compactMap { task -> JSON? in
            let owner = owners[sales.deals[task.deal].company]
            let local = date(in: task.dueIn) + String(format: "T%02d:00", task.hour)
            guard let due = LocalTime(local: local, zone: zone.identifier) else { return nil }
            return .object(
                common(Self.newID(), ago: task.age, owner: owner) + [
                    .init("title", .string(task.title)), .init("due_local", .string(due.local)), .init("due_zone", .string(due.zone)),
                    .init("due_at", .string(due.utcText)), .init("priority", .string(task.priority)),
                    .init("status", task.isDone ? "done" : "open"), .init("assignee_id", owner), .init("about_type", "deals"),
                    .init("about_id", dealIDs[task.deal]), .init("reminders", []),
                    .init("completed_at", task.isDone ? .string(due.utcText) : .null),
                ])
        }
    }

    var leads: [JSON] {
        sales.leads.enumerated().map { index, lead in
            .object(
                common(Self.newID(), ago: lead.age, owner: owners[index % owners.count]) + [
                    .init("first_name", .string(lead.firstName)), .init("last_name", .string(lead.lastName)),
                    .init("company_name", .string(lead.company)), .init("email", .string(lead.email)),
                    .init("source", .string(lead.source)),
                    .init("status", .string(lead.status)), .init("score", JSON(lead.score)),
                ])
        }
    }
}
