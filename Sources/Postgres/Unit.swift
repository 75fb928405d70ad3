/// One unit of work: statements sent in one flush and answered together, all or nothing.
///
/// Without BEGIN the messages up to Sync are one implicit transaction (PostgreSQL manual 55.2.3): settings made with
/// `set_config(..., true)` hold for it and an error rolls all of it back.
package struct Unit: Sendable {
    /// In the order in which they are executed.
    package var statements: [SQL]
    /// Whose names the statements are resolved in: the tenant and its schema version. Empty for nobody's.
    package var namespace: String
    /// Whether the unit only reads: it is then sent once more when a connection breaks before its answer.
    package var isRepeatable: Bool

    /// A unit that writes, in nobody's namespace, unless said otherwise.
    package init(_ statements: [SQL], namespace: String = "", isRepeatable: Bool = false) {
        self.statements = statements
        self.namespace = namespace
        self.isRepeatable = isRepeatable
    }
}
