/// A list that was described once and is read later (views, segments, reports, rules): which records of a type, in which order, with which
/// columns.
///
/// Conditions are kept as they were written, so relative values count from the moment of reading. What a list names may be gone by then, or
/// hidden from the reader: the list is broken, and says where.
package struct StoredList: Sendable, Hashable {
    package let type: String
    package let conditions: JSON
    package let sort: String?
    package let columns: [String]

    package init(type: String, conditions: JSON, sort: String? = nil, columns: [String] = []) {
        self.type = type
        self.conditions = conditions
        self.sort = sort
        self.columns = columns
    }

    /// A name that leads nowhere, and where it stands.
    package struct Broken: Sendable, Hashable {
        package let pointer: String
        package let field: String
    }

    /// What is wrong with the parts named when they are about to be kept: the same words as for a search.
    package func errors(in parts: Set<Part>, of catalog: Catalog, for caller: Caller) -> [Problem.FieldError] {
        guard let type = catalog[type], caller.rights[type.name].read != .none else {
            return [.init("/type", .unknown, "There is no such record type.")]
        }
        var errors: [Problem.FieldError] = []
        if parts.contains(.conditions) {
            do throws(FilterRefused) {
                _ = try filter(of: type, in: catalog, for: caller)
            } catch {
                errors += error.errors
            }
        }
        if parts.contains(.sort), let sort {
            do throws(Refused) {
                _ = try Sort(sort, in: type, for: caller)
            } catch {
                errors += error.errors
            }
        }
        if parts.contains(.columns) {
            errors += lostColumns(of: type, in: catalog, for: caller).map {
                .init($0.pointer, .unknown, "A \(type.singular) has no field \($0.field.prefix(100)) to show.")
            }
        }
        return errors
    }

    package enum Part: Sendable, CaseIterable { case conditions, sort, columns }

    /// Everything that it names and the caller does not have (any more); empty when the list can be read.
    package func broken(in catalog: Catalog, for caller: Caller) -> [Broken] {
        guard let type = catalog[type] else { return [Broken(pointer: "/type", field: type)] }
        let lost = lostFields(conditions, "/where", of: type, in: catalog, for: caller)
        let orders = (sort ?? "").split(separator: ",").map { String($0.hasPrefix("-") ? $0.dropFirst() : $0) }
        let all =
            lost
            + orders.filter { type.field($0)?.ordering == nil || caller.rights.isHidden($0, of: type.name) }.map {
                Broken(pointer: "/sort", field: $0)
            } + lostColumns(of: type, in: catalog, for: caller)
        guard all.isEmpty else { return all }
        // Nothing is lost, and still a comparison may have become impossible: an option is gone, a field has another kind.
        return errors(in: [.conditions, .sort], of: catalog, for: caller).filter { $0.pointer != "/type" }.map {
            Broken(pointer: $0.pointer, field: field(at: $0.pointer))
        }
    }

    /// The condition; throws when it is broken for the caller.
    package func filter(in catalog: Catalog, for caller: Caller) throws(Problem) -> Filter {
        guard let type = catalog[type] else { throw .invalid([.init("/type", .unknown, "There is no such record type.")]) }
        do throws(FilterRefused) {
            return try filter(of: type, in: catalog, for: caller)
        } catch {
            throw .invalid(error.errors)
        }
    }

    private func filter(of type: RecordType, in catalog: Catalog, for caller: Caller) throws(FilterRefused) -> Filter {
        var reader = FilterReader(type: type, catalog: catalog, caller: caller)
        return try reader.read(conditions, at: "/where")
    }

    private func lostFields(_ node: JSON, _ pointer: String, of type: RecordType, in catalog: Catalog, for caller: Caller) -> [Broken] {
        if let name = node["field"]?.string {
            let isKnown = FieldPath.find(name, in: type, of: catalog, for: caller) != nil
            return isKnown ? [] : [Broken(pointer: "\(pointer)/field", field: name)]
        }
        return (node.members ?? []).flatMap { member in
            let place = "\(pointer)/\(member.name.pointerToken)"
            guard let nodes = member.value.elements else { return lostFields(member.value, place, of: type, in: catalog, for: caller) }
            return nodes.enumerated().flatMap { lostFields($1, "\(place)/\($0)", of: type, in: catalog, for: caller) }
        }
    }

    private func lostColumns(of type: RecordType, in catalog: Catalog, for caller: Caller) -> [Broken] {
        columns.enumerated().compactMap { index, name in
            let field = type.field(name)
            let isOwn = field.map { !$0.isWriteOnly && !caller.rights.isHidden(name, of: type.name) } ?? false
            let isKnown = isOwn || FieldPath.find(name, in: type, of: catalog, for: caller) != nil
            return isKnown ? nil : Broken(pointer: "/columns/\(index)", field: name)
        }
    }

    /// The field whose comparison a pointer leads into.
    private func field(at pointer: String) -> String {
        var node = conditions
        var name = sort ?? ""
        for token in pointer.split(separator: "/").dropFirst() {
            if let field = node["field"]?.string { name = field }
            node =
                Int(token).flatMap { index in node.elements.flatMap { $0.indices.contains(index) ? $0[index] : nil } } ?? node[
                    String(token)] ?? .null
        }
        return name
    }
}

extension ListRequest {
    /// The same, of the records that the stored list has too, in its order unless the request has one (`keepsOrder`).
    ///
    /// - Parameter name: what the list is, in which version; cursors are bound to it.
    package mutating func narrow(
        to list: StoredList, named name: String, keepsOrder: Bool, of type: RecordType, in catalog: Catalog, for caller: Caller
    )
        throws(Problem)
    {
        let broken = list.broken(in: catalog, for: caller)
        guard broken.isEmpty else {
            throw .invalid(
                broken.map { .init($0.pointer, .unknown, "The view names \($0.field.prefix(100)), which is not there (any more).") })
        }
        filter = .all([try list.filter(in: catalog, for: caller), filter])
        filterText += "\u{1F}view=\(name)"
        guard !keepsOrder, let order = list.sort else { return }
        do throws(Refused) {
            sort = try Sort(order, in: type, for: caller)
        } catch {
            throw .invalid(error.errors)
        }
    }
}
