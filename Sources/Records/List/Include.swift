import Postgres
import Tenancy

extension RecordType {
    /// What `include` may name: the record behind each reference, and the types whose records refer to this one.
    package func includeNames(in catalog: Catalog) -> [String] {
        references(in: catalog).compactMap(\.includeName) + children(in: catalog).map(\.type.name)
    }

    /// The fields that name one record of a type that can be read.
    private func references(in catalog: Catalog) -> [FieldDefinition] {
        (fields + customFields).filter { !$0.isWriteOnly && $0.includeName != nil && $0.target.flatMap { catalog[$0] } != nil }
    }

    /// Types of which exactly one own field refers here: their records are this record's children. A field that a tenant has added
    /// takes no child away.
    func children(in catalog: Catalog) -> [Catalog.Referrer] {
        let all = catalog.references(to: self).filter { $0.field.name != "owner_id" }
        let builtIn = all.filter { !$0.field.isCustom }
        let counting = builtIn + all.filter { field in field.field.isCustom && !builtIn.contains { $0.type.name == field.type.name } }
        return counting.filter { child in
            counting.count { $0.type.name == child.type.name } == 1 && child.type.operations.contains(.list)
        }
    }

    /// The projections of the names asked for. What the caller may not read is null, or an empty list.
    func includes(
        _ names: [String], in catalog: Catalog, for caller: Caller, _ entitlements: Entitlements
    ) -> [Projection.Include] {
        func shown(_ type: RecordType) -> SQL {
            let overflow = Overflow(of: type, in: catalog, entitlements)
            return Projection(type, for: caller, overflow: overflow?.condition("included")).json("included")
        }
        return names.compactMap { name in
            if let field = references(in: catalog).first(where: { $0.includeName == name }),
                let target = field.target.flatMap({ catalog[$0] })
            {
                let found =
                    "(SELECT " + shown(target) + SQL(code: " FROM \(target.table) AS included WHERE included.id = r.\(field.column)")
                    + " AND included.deleted_at IS NULL AND " + caller.readable(target, "included") + ")"
                return Projection.Include(name: name, json: found)
            }
            guard let child = children(in: catalog).first(where: { $0.type.name == name }) else { return nil }
            let rows =
                "SELECT " + shown(child.type)
                + SQL(code: " AS shown FROM \(child.type.table) AS included WHERE \(child.refers("included", to: "r.id", of: self))")
                + " AND included.deleted_at IS NULL AND " + caller.readable(child.type, "included")
                + " ORDER BY included.id DESC LIMIT 50"
            return Projection.Include(name: name, json: "(SELECT coalesce(json_agg(shown), '[]') FROM (" + rows + ") AS children)")
        }
    }
}
