/// A calendar that other programs subscribe to (RFC 5545). Every time in it is UTC, so it needs no description of zones and is
/// the same instant everywhere.
package struct ICalendar: Sendable, Hashable {
    /// What a subscriber's program shows.
    package var name: String
    package var events: [Event]
    package var todos: [Todo]

    package init(name: String, events: [Event] = [], todos: [Todo] = []) {
        self.name = name
        self.events = events
        self.todos = todos
    }

    /// The document, UTF-8, to be sent as `text/calendar`.
    package var bytes: [UInt8] {
        var lines = ContentLines()
        lines.line("BEGIN:VCALENDAR")
        lines.line("VERSION:2.0")
        lines.line("PRODID:-//Tenantry//Tenantry//EN")
        lines.text("X-WR-CALNAME", name)
        for event in events { event.write(to: &lines) }
        for todo in todos { todo.write(to: &lines) }
        lines.line("END:VCALENDAR")
        return lines.bytes
    }
}
