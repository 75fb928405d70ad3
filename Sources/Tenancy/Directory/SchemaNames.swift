/// What a tenant's schema and the role that owns it are called.
///
/// A name says nothing: a schema that stood ready keeps the one it was made under. The truth is written in the cell (`cell.tenants`), and the
/// directory repeats it.
struct SchemaNames: Sendable, Hashable {
    let schema: String
    let role: String
}
