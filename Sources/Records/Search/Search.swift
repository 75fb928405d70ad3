import Postgres
import Tenancy

/// Finds records of any type by words: what one types when one does not know where something is.
///
/// One flush. Each type's index leads to a bounded number of candidates, so that the beginning `a` over 100,000 contacts costs little more
/// than a name; whole words have places of their own among them. Where the words lead to nothing, names that hold a part of them or are
/// nearly the same are found, for whoever has made a slip of the pen. Rights stand in the statement.
package struct Search: Sendable {
    private let catalog: Catalog
    private let scope: TenantScope
    private let caller: Caller

    package init(of catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        self.catalog = catalog
        self.scope = scope
        self.caller = caller
    }

    /// One record found.
    package struct Hit: Sendable {
        package let type: String
        package let id: String
        package let title: String
        /// Some text of the record around what was found, without markup.
        package let snippet: String
        /// From 0 to 1: whole words before beginnings, titles before other text, short titles before long ones.
        package let score: Double
    }

    /// So many records that hold the whole words, and as many that hold their beginnings, are ranked per type.
    private static let candidates = 100

    /// The best first; among equals the newest.
    package func find(_ request: SearchRequest) async throws -> [Hit] {
        let types = request.types.filter { caller.rights[$0.name].read != .none }
        guard !types.isEmpty else { return [] }
        let rows = try await scope.run([Self.indexesLead, statement(request, types)], isRepeatable: true)[1]
        let snippet = Snippet(of: request.words)
        return try rows.map { row in
            let title = try row.text(2)
            return Hit(
                type: try row.text(0), id: try row.text(1), title: title, snippet: snippet.text(of: try row.texts(4), besides: title),
                score: try row.double(3))
        }
    }

    /// The planner cannot know how rare the words are; a scan of the whole table is the one plan that must not be. Half of its groups of
    /// three letters make a word similar: a slip of the pen in a short one leaves as many.
    private static let indexesLead: SQL = """
        SELECT set_config('enable_seqscan', 'off', true), set_config('pg_trgm.word_similarity_threshold', '0.5', true)
        """

    private func statement(_ request: SearchRequest, _ types: [RecordType]) -> SQL {
        // One word leads as if it were typed twice.
        let leading = SQL(code: "unnest((folded.words || folded.words)[1:\(Self.leadingWords)]) WITH ORDINALITY AS word (word, place)")
        let asked: SQL = """
            SELECT cell.search_query(\(request.words)) AS beginnings, cell.search_query(\(request.words), '') AS wholes,
                ARRAY(SELECT cell.search_query(word, '') FROM regexp_split_to_table(\(request.words), '\\s+') AS word) AS words,
                ARRAY(
                    SELECT '% ' || piece || '%' FROM regexp_split_to_table(
                        cell.search_pieces(cell.search_fold(\(request.words)), true), '\\s+') AS piece WHERE piece <> '') AS pieces,
                folded.words AS folded,
                ARRAY(
                    SELECT CASE WHEN char_length(word) > 3 THEN word END FROM \(leading) ORDER BY place) AS alike,
                ARRAY(
                    SELECT CASE WHEN char_length(word) > 2 THEN '%' || regexp_replace(word, '([\\\\%_])', '\\\\\\1', 'g') || '%' END
                    FROM \(leading) ORDER BY place) AS parts
            FROM (
                SELECT ARRAY(
                    SELECT word FROM regexp_split_to_table(cell.search_fold(\(request.words)), '\\s+') AS word WHERE word <> ''
                    ORDER BY char_length(word) DESC) AS words) AS folded
            """
        let branches = types.map { "(" + ranked($0, request.limit) + ")" }.joined(separator: " UNION ALL ")
        let order: SQL = " ORDER BY score DESC, length(title), created_at DESC, id DESC"
        let excerpts = types.map { type in
            SQL(code: "WHEN '\(type.name)' THEN (SELECT ") + type.excerpts("r", in: catalog, for: caller)
                + SQL(code: " FROM \(type.table) AS r WHERE r.id = best.id)")
        }
        let best = "SELECT * FROM (" + branches + ") AS found" + order + " LIMIT \(request.limit)"
        let shown = "SELECT type, id, title, score, CASE type " + excerpts.joined(separator: " ") + " END FROM best" + order
        // Planning costs more than finding, and no plan depends on the words: it is kept.
        return "WITH asked AS MATERIALIZED (" + asked + "), best AS MATERIALIZED (" + best + ") " + shown
    }

    /// The best of one type.
    private func ranked(_ type: RecordType, _ limit: Int) -> SQL {
        let columns = SQL(code: "SELECT '\(type.name)' AS type, r.id, r.created_at, titled.title, ")
        let titled = SQL(code: "CROSS JOIN LATERAL (SELECT \(type.title("r", for: caller)) AS title) AS titled ")
        let folded: SQL = """
            CROSS JOIN LATERAL (
                SELECT ' ' || cell.search_pieces(cell.search_fold(titled.title), false) || ' ' AS title OFFSET 0) AS folded
            """
        let near =
            "wholes AS MATERIALIZED (" + holding(type, "wholes") + "), beginnings AS MATERIALIZED (" + holding(type, "beginnings")
            + SQL(
                code: """
                    ), near AS MATERIALIZED (
                        (SELECT id FROM wholes LIMIT \(Self.candidates)) UNION (SELECT id FROM beginnings LIMIT \(Self.candidates)))
                    """)
        let alike = type.foldedName("r", for: caller).map { " UNION ALL " + similar(type, $0) } ?? ""
        let candidates: SQL =
            "WITH " + near + " SELECT id, 0::real AS similarity FROM near" + alike
        return columns + Self.score + " AS score FROM (" + candidates
            + SQL(code: ") AS candidate JOIN \(type.table) AS r ON r.id = candidate.id ") + titled + folded
            + " ORDER BY score DESC, length(titled.title), r.created_at DESC, r.id DESC LIMIT \(limit)"
    }

    /// The records that hold the words. The limit stands outside, where the planner does not see it: it would walk some other index in the
    /// hope of finding enough soon.
    private func holding(_ type: RecordType, _ query: String) -> SQL {
        SQL(code: "SELECT r.id FROM \(type.table) AS r WHERE r.deleted_at IS NULL AND ") + caller.readable(type) + " AND "
            + type.matching(SQL(code: "(SELECT \(query) FROM asked)"), for: caller)
    }

    /// Only where no record holds all the words: who types a name as it is wants that one. The longest words lead through the index; each of
    /// the others must be like a word of the name too, or stand in it. Three letters have no room for a slip; two are in every second name.
    private func similar(_ type: RecordType, _ name: String) -> SQL {
        let words = "unnest((SELECT folded FROM asked)) AS word"
        let leading = (1...Self.leadingWords).map { place in
            "(\(name) %> (SELECT alike[\(place)] FROM asked) OR \(name) LIKE (SELECT parts[\(place)] FROM asked))"
        }.joined(separator: " AND ")
        return SQL(code: "(SELECT r.id, (SELECT avg(cell.word_similarity(word, \(name))) FROM \(words)) FROM \(type.table) AS r ")
            + "WHERE NOT EXISTS (SELECT FROM near) AND r.deleted_at IS NULL AND " + caller.readable(type)
            + SQL(code: " AND \(leading) AND NOT EXISTS (SELECT FROM \(words) WHERE NOT (\(name) %> word OR strpos(\(name), word) > 0))")
            + SQL(code: " LIMIT \(Self.candidates))")
    }

    /// So many words narrow what the index finds: one that is common alone would lead to a tenth of all people.
    private static let leadingWords = 2

    /// Six parts for whole words (half of it for similar ones), three for a title that has them all (half of it if it has only their
    /// beginnings), one for its shortness.
    private static let score: SQL = """
        round((
            0.6 * coalesce((SELECT avg((r.search @@ word)::int) FROM unnest((SELECT words FROM asked)) AS word), 0)
            + 0.3 * candidate.similarity
            + 0.15 * (folded.title LIKE ALL ((SELECT pieces FROM asked)::text[]))::int
            + 0.15 * (folded.title LIKE ALL ((SELECT ARRAY(SELECT left(piece, -1) || ' %' FROM unnest(pieces) AS piece) FROM asked)::text[]))::int
            + 0.1 * 20 / (20 + length(titled.title)))::numeric, 4)
        """
}
