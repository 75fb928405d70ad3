import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("Deals move") struct DealMoveTests {
    /// One firm's pipeline and a hand that makes deals in it.
    private struct Board {
        let firm: Firm
        let admin: Client
        let pipeline: String
        let stages: [String]

        /// - Parameter gate: what the second stage requires.
        static func open(gate: [String] = []) async throws -> Board {
            let firm = try await TestSite.shared.firm()
            let admin = try await firm.admin()
            let made = try await admin.post(
                "/v1/pipelines",
                [
                    "name": "Board", "currency": "EUR",
                    "stages": [
                        ["name": "A", "kind": "open", "probability": 10],
                        ["name": "B", "kind": "open", "probability": 40, "required_fields": JSON(gate)],
                        ["name": "Won", "kind": "won", "probability": 100], ["name": "Lost", "kind": "lost", "probability": 0],
                    ],
                ])
            guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
            let stages = try made.json["stages"]?.elements?.compactMap { $0["id"]?.string } ?? []
            return Board(firm: firm, admin: admin, pipeline: id, stages: stages)
        }

        func deal(in stage: Int = 0, _ more: [JSON.Member] = []) async throws -> String {
            let made = try await admin.post("/v1/deals", body(stage, more))
            guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
            return id
        }

        func body(_ stage: Int, _ more: [JSON.Member] = []) -> JSON {
            .object([.init("name", "x"), .init("pipeline_id", .string(pipeline)), .init("stage_id", .string(stages[stage]))] + more)
        }

        func move(_ deal: String, to stage: Int, _ more: [JSON.Member] = []) async throws -> Client.Answer {
            try await admin.post("/v1/deals/\(deal)/move", .object([.init("stage_id", .string(stages[stage]))] + more))
        }

        /// The deals of every stage as they stand, if their places are 0, 1, 2.
        func columns() async throws -> [[String]] {
            var columns: [[String]] = []
            for stage in stages {
                let list = try await admin.get("/v1/deals?filter[stage_id]=\(stage)&sort=position&limit=200").json["data"]?.elements ?? []
                guard list.compactMap({ $0["position"]?.integer }) == Array(0..<list.count) else {
                    throw Unexpected("places of stage \(columns.count): \(list.compactMap { $0["position"]?.integer })")
                }
                columns.append(list.compactMap { $0["id"]?.string })
            }
            return columns
        }
    }

    @Test("Whatever is made, moved, trashed and restored, places stay dense and the order is the one drawn by hand", arguments: [1, 2])
    func places(seed: UInt64) async throws {
        let board = try await Board.open()
        var chance = Chance(state: seed)
        var model: [[String]] = [[], [], [], []]
        var trash: [(id: String, stage: Int)] = []
        let reason = JSON.Member("lost_reason", "Price")
        for step in 0..<60 {
            let all = model.enumerated().flatMap { stage, ids in ids.map { (id: $0, stage: stage) } }
            let position = chance.below(2) == 0 ? nil : chance.below(8)
            let place = position.map { [JSON.Member("position", JSON($0))] } ?? []
            let to = chance.below(4)
            switch chance.below(10) {
            case 0..<3 where !all.isEmpty, 3..<5 where !all.isEmpty:
                let (id, from) = all[chance.below(all.count)]
                let answer = try await board.move(id, to: to, place + [reason])
                #expect(answer.status == 200, "\(answer.text)")
                guard to != from || position != nil else { break }
                model[from].removeAll { $0 == id }
                model[to].insert(id, at: min(position ?? model[to].count, model[to].count))
                #expect(try answer.json["position"]?.integer == model[to].firstIndex(of: id))
            case 5 where !all.isEmpty:
                let (id, from) = all[chance.below(all.count)]
                #expect(try await board.admin.delete("/v1/deals/\(id)").status == 204)
                model[from].removeAll { $0 == id }
                trash.append((id, from))
            case 6 where !trash.isEmpty:
                let (id, stage) = trash.remove(at: chance.below(trash.count))
                #expect(try await board.admin.post("/v1/deals/\(id)/restore", [:]).status == 200)
                model[stage].append(id)
            default:
                let id = try await board.deal(in: to, place + [reason])
                model[to].insert(id, at: min(position ?? model[to].count, model[to].count))
            }
            if step % 6 == 5 { #expect(try await board.columns() == model, "after step \(step)") }
        }
    }

    @Test("Thirty-two moves at the same moment leave every place taken once") func movesAtOnce() async throws {
        let board = try await Board.open()
        var deals: [String] = []
        for number in 0..<32 { deals.append(try await board.deal(in: number % 2)) }

        try await withThrowingTaskGroup(of: Int.self) { group in
            for (number, deal) in deals.enumerated() {
                group.addTask { try await board.move(deal, to: (number + 1) % 2, [.init("position", JSON(number % 3))]).status }
            }
            for try await status in group { #expect(status == 200) }
        }

        let columns = try await board.columns()
        #expect(columns.map(\.count) == [16, 16, 0, 0])
    }

    @Test("A stage lets in only deals with what it requires: the refusal names each, at a move, a patch and a create")
    func gates() async throws {
        let board = try await Board.open(gate: ["amount", "close_date"])
        let deal = try await board.deal()

        let moved = try await board.move(deal, to: 1)
        let patched = try await board.admin.patch("/v1/deals/\(deal)", ["stage_id": .string(board.stages[1]), "close_date": "2031-01-01"])
        let made = try await board.admin.post("/v1/deals", board.body(1))
        let enough = try await board.admin.patch(
            "/v1/deals/\(deal)",
            ["stage_id": .string(board.stages[1]), "close_date": "2031-01-01", "amount": ["amount": "1", "currency": "EUR"]])

        #expect(moved.status == 422 && moved.pointers == ["/amount", "/close_date"], "\(moved.text)")
        #expect(try moved.json["errors"]?.elements?.allSatisfy { $0["code"] == "required" } == true)
        #expect(patched.status == 422 && patched.pointers == ["/amount"], "\(patched.text)")
        #expect(made.status == 422 && made.pointers == ["/amount", "/close_date"], "\(made.text)")
        #expect(try enough.status == 200 && enough.json["probability"] == 40, "\(enough.text)")
    }

    @Test("A lost deal says why; reopened it has neither reason nor end, and its history tells every stay") func losing() async throws {
        let board = try await Board.open()
        let deal = try await board.deal()

        let silent = try await board.move(deal, to: 3)
        let lost = try await board.move(deal, to: 3, [.init("lost_reason", "Price")])
        let same = try await board.move(deal, to: 3)
        let reopened = try await board.move(deal, to: 1)
        let won = try await board.move(deal, to: 2)

        #expect(silent.status == 422 && silent.pointers == ["/lost_reason"], "\(silent.text)")
        #expect(try lost.json["status"] == "lost" && lost.json["closed_at"]?.string != nil && lost.json["lost_reason"] == "Price")
        #expect(same.status == 200 && same.headers[.eTag] == lost.headers[.eTag])
        #expect(try reopened.json["status"] == "open" && reopened.json["closed_at"] == .null && reopened.json["lost_reason"] == .null)
        #expect(try won.json["status"] == "won" && won.json["probability"] == 100)
        let stays = try await board.admin.get("/v1/deals/\(deal)/stages").json["data"]?.elements ?? []
        #expect(stays.map { $0["stage_id"]?.string } == [0, 3, 1, 2].map { board.stages[$0] })
        #expect(zip(stays, stays.dropFirst()).allSatisfy { $0["left_at"] == $1["entered_at"] })
        #expect(stays.last?["left_at"] == .null && stays.allSatisfy { ($0["seconds"]?.integer ?? -1) >= 0 })
        let admin = try await board.admin.get("/v1/session").json["user"]?["id"] ?? .null
        #expect(stays.allSatisfy { $0["actor"] == ["type": "user", "id": admin] })
    }

    @Test("What is no move, another pipeline's stage, a stranger's deal and an old version are refused, each in its way")
    func refusals() async throws {
        let board = try await Board.open()
        let deal = try await board.deal()
        let foreign = try await board.firm.scope().rows("SELECT id FROM stages WHERE pipeline_id <> \(board.pipeline) LIMIT 1")[0].text(0)
        let path = "/v1/deals/\(deal)/move"

        let wrong: [(JSON, [String])] = [
            ([:], ["/stage_id"]), (["stage_id": nil], ["/stage_id"]), (["stage_id": .string(foreign)], ["/stage_id"]),
            (["stage_id": "01890000-0000-7000-8000-000000000000"], ["/stage_id"]),
            (["stage_id": .string(board.stages[1]), "name": "y"], ["/name"]),
            (["stage_id": .string(board.stages[1]), "position": -1], ["/position"]),
        ]
        for (body, pointers) in wrong {
            let answer = try await board.admin.post(path, body)
            #expect(answer.status == 422 && answer.pointers == pointers, "\(body.text) \(answer.text)")
        }
        let there: JSON = ["stage_id": .string(board.stages[1])]
        #expect(try await board.admin.with(.ifMatch, "\"7\"").post(path, there).code == "version_mismatch")
        #expect(try await board.admin.post("/v1/deals/01890000-0000-7000-8000-000000000000/move", [:]).code == "not_found")
        #expect(try await board.admin.get("/v1/deals/01890000-0000-7000-8000-000000000000/stages").code == "not_found")
        #expect(try await board.firm.person("member").post(path, there).code == "forbidden")
        #expect(try await board.admin.get("/v1/deals/\(deal)/stages").json["data"]?.elements?.count == 1)
    }

    @Test("Deals follow their stage when the pipeline changes its chance or its kind, each with a change of its own")
    func following() async throws {
        let board = try await Board.open()
        let (plain, own) = (try await board.deal(), try await board.deal(in: 0, [.init("probability", 77)]))
        let stages = try await board.admin.get("/v1/pipelines/\(board.pipeline)").json["stages"]?.elements ?? []
        func changing(_ name: String, _ value: JSON) -> JSON {
            let first = (stages[0].members ?? []).filter { $0.name != name } + [.init(name, value)]
            return ["stages": .array([.object(first)] + stages.dropFirst())]
        }

        let chance = try await board.admin.patch("/v1/pipelines/\(board.pipeline)", changing("probability", 25))
        let (after, kept) = (
            try await board.admin.get("/v1/deals/\(plain)").json, try await board.admin.get("/v1/deals/\(own)").json
        )
        let kind = try await board.admin.patch("/v1/pipelines/\(board.pipeline)", changing("kind", "lost"))
        let lost = try await board.admin.get("/v1/deals/\(plain)").json

        #expect(chance.status == 200 && kind.status == 200, "\(chance.text) \(kind.text)")
        #expect(after["probability"] == 25 && after["version"] == 2)
        #expect(kept["probability"] == 77 && kept["version"] == 1)
        #expect(lost["status"] == "lost" && lost["closed_at"]?.string != nil && lost["lost_reason"]?.string != nil)
        let changes = try await board.admin.get("/v1/deals/\(plain)/changes").json["data"]?.elements
        let probability = changes?.dropFirst().first?["fields"]?["probability"]
        #expect(changes?.count == 3 && probability?["before"] == 10 && probability?["after"] == 25, "\(changes ?? [])")
    }
}
