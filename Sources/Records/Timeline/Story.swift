/// What belongs to a type's timeline beyond the changes of its records and the work on them.
package struct Story: Sendable, Hashable {
    /// Another type whose records' stories are told with this one's: a company's people and deals.
    package struct Relative: Sendable, Hashable {
        let type: String
        /// Its field that refers to the record.
        let field: String

        package init(_ type: String, by field: String) {
            self.type = type
            self.field = field
        }
    }

    /// A field whose change is an event of its own kind: a deal's move to another stage.
    package struct Milestone: Sendable, Hashable {
        let kind: String
        let field: String
        /// Where the places it moves between have their names.
        let table: String

        package init(_ kind: String, of field: String, namedIn table: String) {
            self.kind = kind
            self.field = field
            self.table = table
        }
    }

    package var relatives: [Relative] = []
    package var milestone: Milestone?

    package init() {}
}
