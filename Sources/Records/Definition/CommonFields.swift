/// The fields that every record has, in the order of its table's first columns.
package enum CommonFields {
    package static let id = FieldDefinition("id", .identifier, help: "UUID version 7; never changes.").readOnly.filled
    package static let version = FieldDefinition("version", .integer(1...Int(Int32.max)), help: "Counts the writes; the ETag.").readOnly
        .filled
    package static let createdAt = FieldDefinition("created_at", .time, help: "When it was made.").readOnly.filled
    package static let updatedAt = FieldDefinition("updated_at", .time, help: "When it was last written.").readOnly.filled
    package static let createdBy = FieldDefinition("created_by", .actor, help: "Who made it: a user or an API key.").readOnly
    package static let updatedBy = FieldDefinition("updated_by", .actor, help: "Who wrote it last.").readOnly
    package static let owner = FieldDefinition(
        "owner_id", .reference(to: "users"), help: "The user who looks after it; the caller unless said otherwise.")
    package static let deletedAt = FieldDefinition("deleted_at", .time, help: "When it went to the trash; null outside.").readOnly
    package static let tags = FieldDefinition("tags", .tags, help: "Free labels, each once, at most 50 of 100 characters.")
    /// The tenant's own fields of one type.
    package static func custom(_ fields: [FieldDefinition]) -> FieldDefinition {
        FieldDefinition("custom", .custom(fields), help: "The tenant's own fields.")
    }

    package static let leading: [FieldDefinition] = [id, version, createdAt, updatedAt, createdBy, updatedBy, owner, deletedAt]
}

extension FieldDefinition {
    fileprivate var readOnly: FieldDefinition {
        var copy = self
        copy.isReadOnly = true
        return copy
    }

    fileprivate var filled: FieldDefinition {
        var copy = self
        copy.isFilled = true
        return copy
    }
}
