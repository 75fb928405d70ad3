import Postgres

extension Cells {
    /// Hears what is said on a channel in a cell's database; nil for a cell this process does not know. Connects with its first subscriber.
    package func listener(of cell: String, to channel: String) -> Listener? {
        (try? named(cell)).map { Listener($0.ownerConnection, channels: [channel]) }  // the error says no more than nil
    }
}
