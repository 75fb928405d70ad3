/// What a list is asked for, checked: by a query (`GET`) or a body (`POST .../search`).
package struct ListRequest: Sendable {
    package enum Trash: String, Sendable, CaseIterable { case without, include, only }
    package enum Count: String, Sendable, CaseIterable { case none, exact, estimate }

    var filter: Filter = .all([])
    /// What makes the filter itself again, for the cursor's fingerprint.
    var filterText = ""
    var words: [String] = []
    var sort = Sort.newestFirst
    package internal(set) var limit = 50
    var after: String?
    var fields: [String]?
    var includes: [String] = []
    var count = Count.none
    var trash = Trash.without
    var asOf: Moment?

    package static let limits = 1...200

    /// Reads the query's parameters, each already checked to stand there once. Whatever is wrong is `malformed`.
    package init(query: [(name: String, value: String)], of type: RecordType, in catalog: Catalog, for caller: Caller) throws(Problem) {
        var reader = FilterReader(type: type, catalog: catalog, caller: caller)
        var filters: [(name: String, value: String, filter: Filter)] = []
        for (name, value) in query {
            do {
                switch name {
                case "limit": limit = try Self.limit(value)
                case "after": after = value
                case "sort": sort = try Sort(value, in: type, for: caller)
                case "fields": fields = try Self.fields(Self.words(value), type, caller)
                case "include": includes = try Self.includes(Self.words(value), type, catalog, caller)
                case "count": count = try Self.option(value)
                case "trash":
                    trash = try Self.option(value)
                    if trash == .without { throw refused("", .enum, "This is include or only.") }
                case "as_of" where type.rules.remembers: asOf = try Moment(value)
                default:
                    guard name.hasPrefix("filter[") else { throw refused("", .unknown, "This list knows no such parameter.") }
                    filters.append((name, value, try reader.query(name, value)))
                }
            } catch let refusal as Refused {
                throw Problem(.malformed, "The parameter \(name.prefix(100)): \(refusal.errors[0].detail)")
            } catch let refusal as FilterRefused {
                throw Problem(.malformed, "The parameter \(name.prefix(100)): \(refusal.errors[0].detail)")
            } catch {
                throw Problem(.malformed, "The parameter \(name.prefix(100)) cannot be read.")
            }
        }
        guard asOf == nil || includes.isEmpty else {
            throw Problem(.malformed, "The parameter include: What belongs to a record is not read with as_of; ask for it by itself.")
        }
        filters.sort { $0.name < $1.name }
        filter = .all(filters.map(\.filter))
        filterText = filters.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// Reads a search's body. Whatever is wrong is `invalid`, with pointers.
    package init(body: JSON, of type: RecordType, in catalog: Catalog, for caller: Caller) throws(Problem) {
        var errors: [Problem.FieldError] = []
        for member in body.members ?? [] {
            let pointer = "/\(member.name.pointerToken)"
            do {
                switch member.name {
                case "where":
                    var reader = FilterReader(type: type, catalog: catalog, caller: caller)
                    filter = try reader.read(member.value, at: pointer)
                    filterText += member.value.text
                case "q":
                    guard let text = member.value.string else {
                        throw refused(pointer, .type, "This is a text, not \(member.value.kind).")
                    }
                    guard !text.unicodeScalars.contains("\0"), text.unicodeScalars.count <= 500 else {
                        throw refused(pointer, .tooLong, "At most 500 characters, none of them U+0000.")
                    }
                    words = text.split(whereSeparator: \.isWhitespace).map(String.init)
                    guard words.count <= 20 else { throw refused(pointer, .tooLong, "At most 20 words.") }
                    filterText += "\u{1F}q" + text
                case "sort":
                    guard let text = member.value.string else {
                        throw refused(pointer, .type, "This is a text such as -created_at,name, not \(member.value.kind).")
                    }
                    sort = try Sort(text, in: type, for: caller)
                case "limit":
                    guard case .number = member.value else { throw refused(pointer, .type, "This is a whole number.") }
                    guard let number = member.value.integer, Self.limits.contains(number) else {
                        throw refused(pointer, .range, "This is a whole number from 1 to 200.")
                    }
                    limit = number
                case "after":
                    guard let text = member.value.string else { throw refused(pointer, .type, "This is a cursor that a list answered.") }
                    after = text
                case "fields": fields = try Self.fields(Self.names(member.value, at: pointer), type, caller)
                case "include": includes = try Self.includes(Self.names(member.value, at: pointer), type, catalog, caller)
                case "count":
                    guard let text = member.value.string else { throw refused(pointer, .type, "This is none, exact or estimate.") }
                    count = try Self.option(text, at: pointer)
                default: throw refused(pointer, .unknown, "A search knows where, q, sort, limit, after, fields, include and count.")
                }
            } catch let refusal as Refused {
                errors += refusal.errors
            } catch let refusal as FilterRefused {
                errors += refusal.errors
            } catch {
                errors.append(.init(pointer, .format, "This cannot be read."))
            }
        }
        guard errors.isEmpty else { throw Problem.invalid(errors) }
    }

    /// Reads the query's `trash` for a search, whose body has no such member.
    package mutating func read(trash text: String?) throws(Problem) {
        guard let text else { return }
        guard let option = Trash(rawValue: text), option != .without else {
            throw Problem(.malformed, "The parameter trash: This is include or only.")
        }
        trash = option
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    private static func limit(_ text: String) throws(Refused) -> Int {
        guard text.allSatisfy(\.isNumber), text.allSatisfy(\.isASCII), let number = Int(text), limits.contains(number) else {
            throw refused("", .range, "This is a whole number from 1 to 200.")
        }
        return number
    }

    private static func option<Option: RawRepresentable<String> & CaseIterable>(_ text: String, at pointer: String = "") throws(Refused)
        -> Option
    {
        guard let option = Option(rawValue: text) else {
            throw refused(pointer, .enum, "This is one of \(Option.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return option
    }

    private static func names(_ list: JSON, at pointer: String) throws(Refused) -> [String] {
        guard let elements = list.elements else { throw refused(pointer, .type, "This is a list of names, not \(list.kind).") }
        var names: [String] = []
        for (index, element) in elements.enumerated() {
            guard let name = element.string else { throw refused("\(pointer)/\(index)", .type, "This is a name, not \(element.kind).") }
            names.append(name)
        }
        return names
    }

    static func fields(_ names: [String], _ type: RecordType, _ caller: Caller) throws(Refused) -> [String] {
        for name in names {
            guard let field = type.field(name), !field.isCustom, !field.isWriteOnly, !caller.rights.isHidden(name, of: type.name) else {
                throw refused("/fields", .unknown, "A \(type.singular) has no field \(name.prefix(100)).")
            }
        }
        return names
    }

    static func includes(_ names: [String], _ type: RecordType, _ catalog: Catalog, _ caller: Caller) throws(Refused) -> [String] {
        let known = type.includeNames(in: catalog)
        for name in names where !known.contains(name) {
            throw refused("/include", .unknown, "A \(type.singular) can include \(known.joined(separator: ", ")).")
        }
        return names
    }
}
