import Postgres

extension Cells {
    /// Hears what is said on some channels in a cell's database; nil for a cell this process does not know. Connects with its first subscriber.
    package func listener(of cell: String, to channels: [String]) -> Listener? {
        (try? named(cell)).map { Listener($0.ownerConnection, channels: channels) }  // the error says no more than nil
    }
}
