import Records
import Testing

@testable import Server

/// A pipeline with a gate, and deals in it.
private struct Board {
    let admin: Client
    let pipeline: String
    let stages: [String: String]

    static func open() async throws -> Board {
        let admin = try await TestSite.shared.firm().admin()
        let made = try await admin.post("/v1/pipelines", Board.definition())
        #expect(made.status == 201, "\(made.text)")
        let stages = (try made.json["stages"]?.elements ?? []).map { ($0["name"]?.string ?? "", $0["id"]?.string ?? "") }
        return Board(
            admin: admin, pipeline: try made.json["id"]?.string ?? "", stages: Dictionary(stages, uniquingKeysWith: { first, _ in first }))
    }

    static func definition() -> JSON {
        [
            "name": "Board", "currency": "EUR",
            "stages": [
                ["name": "A", "kind": "open", "probability": 10], ["name": "B", "kind": "open", "probability": 50],
                ["name": "Gate", "kind": "open", "probability": 70, "required_fields": ["amount", "close_date"]],
                ["name": "Won", "kind": "won", "probability": 100], ["name": "Lost", "kind": "lost", "probability": 0],
            ],
        ]
    }

    func deal(_ name: String, in stage: String = "A") async throws -> String {
        let made = try await admin.post(
            "/v1/deals", ["name": .string(name), "pipeline_id": .string(pipeline), "stage_id": .string(stages[stage] ?? "")])
        #expect(made.status == 201, "\(made.text)")
        return try #require(try made.json["id"]?.string)
    }

    func move(_ deal: String, to stage: String, _ more: JSON.Member...) async throws -> Client.Answer {
        try await admin.post("/v1/deals/\(deal)/move", .object([.init("stage_id", .string(stages[stage] ?? ""))] + more))
    }

    /// The names in a stage in their order, and whether their places are 0, 1, 2 and so on.
    func column(_ stage: String) async throws -> [String] {
        let deals = try await admin.get("/v1/deals?sort=position&limit=200&filter[stage_id]=\(stages[stage] ?? "")").json["data"]?.elements
        let places = (deals ?? []).map { $0["position"]?.integer ?? -1 }
        #expect(places == Array(places.indices), "\(stage): \(places)")
        return (deals ?? []).compactMap { $0["name"]?.string }
    }
}

@Suite("Deals move") struct DealMoveTests {
    @Test("Within a stage the order is as it was dragged; between stages the others make room") func order() async throws {
        let board = try await Board.open()
        var ids: [String: String] = [:]
        for name in ["1", "2", "3", "4", "5"] { ids[name] = try await board.deal(name) }

        let down = try await board.move(try #require(ids["2"]), to: "A", .init("position", 3))
        let afterDown = try await board.column("A")
        _ = try await board.move(try #require(ids["5"]), to: "A", .init("position", 0))
        let afterUp = try await board.column("A")
        _ = try await board.move(try #require(ids["3"]), to: "B")
        _ = try await board.move(try #require(ids["4"]), to: "B", .init("position", 0))
        _ = try await board.move(try #require(ids["1"]), to: "B", .init("position", 99))

        #expect(down.status == 200, "\(down.text)")
        #expect(afterDown == ["1", "3", "4", "2", "5"])
        #expect(afterUp == ["5", "1", "3", "4", "2"])
        #expect(try await board.column("A") == ["5", "2"])
        #expect(try await board.column("B") == ["4", "3", "1"])
    }

    @Test("Trash and purge leave no gap, and who comes back stands at the end") func trash() async throws {
        let board = try await Board.open()
        var ids: [String: String] = [:]
        for name in ["1", "2", "3", "4"] { ids[name] = try await board.deal(name) }

        #expect(try await board.admin.delete("/v1/deals/\(ids["2"] ?? "")").status == 204)
        let without = try await board.column("A")
        #expect(try await board.admin.post("/v1/deals/\(ids["2"] ?? "")/restore", [:]).status == 200)
        let back = try await board.column("A")
        #expect(try await board.admin.delete("/v1/deals/\(ids["1"] ?? "")?purge=true").status == 204)

        #expect(without == ["1", "3", "4"])
        #expect(back == ["1", "3", "4", "2"])
        #expect(try await board.column("A") == ["3", "4", "2"])
    }

    @Test("Many at once lose no deal and no place") func simultaneous() async throws {
        let board = try await Board.open()
        var ids: [String] = []
        for number in 1...12 { ids.append(try await board.deal("\(number)")) }

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for (index, id) in ids.enumerated() {
                group.addTask {
                    try await board.move(id, to: index.isMultiple(of: 2) ? "B" : "A", .init("position", JSON(index % 3))).status
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }

        #expect(statuses == [200])
        let (left, right) = (try await board.column("A"), try await board.column("B"))
        #expect(left.count == 6 && right.count == 6)
    }

    @Test("A gate names what is missing, on a move, on a patch and on creation") func gates() async throws {
        let board = try await Board.open()
        let deal = try await board.deal("D")
        let gate = board.stages["Gate"] ?? ""

        let moved = try await board.move(deal, to: "Gate")
        let patched = try await board.admin.patch("/v1/deals/\(deal)", ["stage_id": .string(gate), "close_date": "2027-01-01"])
        let made = try await board.admin.post(
            "/v1/deals", ["name": "E", "pipeline_id": .string(board.pipeline), "stage_id": .string(gate), "close_date": "2027-01-01"])
        let filled = try await board.admin.patch(
            "/v1/deals/\(deal)",
            ["stage_id": .string(gate), "close_date": "2027-01-01", "amount": ["amount": "5", "currency": "EUR"]])

        #expect(moved.status == 422 && moved.pointers.sorted() == ["/amount", "/close_date"], "\(moved.text)")
        #expect(patched.status == 422 && patched.pointers == ["/amount"], "\(patched.text)")
        #expect(made.status == 422 && made.pointers == ["/amount"], "\(made.text)")
        #expect(filled.status == 200, "\(filled.text)")
    }

    @Test("A lost deal says why; back in an open stage it is as if it had never closed") func lostAndReopened() async throws {
        let board = try await Board.open()
        let deal = try await board.deal("D")

        let silent = try await board.move(deal, to: "Lost")
        let lost = try await board.move(deal, to: "Lost", .init("lost_reason", "Price"))
        let reopened = try await board.move(deal, to: "B")
        let same = try await board.move(deal, to: "B")
        let stays = try await board.admin.get("/v1/deals/\(deal)/stages").json["data"]?.elements ?? []

        #expect(silent.status == 422 && silent.pointers == ["/lost_reason"], "\(silent.text)")
        #expect(try lost.json["status"] == "lost" && lost.json["lost_reason"] == "Price" && lost.json["closed_at"]?.isNull == false)
        #expect(try reopened.json["status"] == "open" && reopened.json["lost_reason"] == .null && reopened.json["closed_at"] == .null)
        #expect(same.status == 200)
        #expect(stays.map { $0["stage_id"]?.string } == ["A", "Lost", "B"].map { board.stages[$0] })
        #expect(stays.dropLast().allSatisfy { $0["left_at"]?.isNull == false } && stays.last?["left_at"] == .null)
        #expect(stays.allSatisfy { ($0["seconds"]?.integer ?? -1) >= 0 && $0["actor"]?["type"] == "user" })
    }

    @Test("A stage of another pipeline, of nobody, and a move that says no stage are refused") func refusals() async throws {
        let board = try await Board.open()
        let deal = try await board.deal("D")
        let other = try await board.admin.post("/v1/pipelines", Board.definition()).json["stages"]?.elements?.first?["id"] ?? .null

        let foreign = try await board.admin.post("/v1/deals/\(deal)/move", ["stage_id": other])
        let nobody = try await board.admin.post("/v1/deals/\(deal)/move", ["stage_id": "01890000-0000-7000-8000-000000000000"])
        let empty = try await board.admin.post("/v1/deals/\(deal)/move", [:])
        let more = try await board.admin.post("/v1/deals/\(deal)/move", ["stage_id": other, "name": "X"])
        let stranger = try await TestSite.shared.firm().admin().post("/v1/deals/\(deal)/move", ["stage_id": other])

        #expect(foreign.status == 422 && foreign.pointers == ["/stage_id"], "\(foreign.text)")
        #expect(nobody.status == 422 && nobody.pointers == ["/stage_id"], "\(nobody.text)")
        #expect(empty.status == 422 && empty.pointers == ["/stage_id"])
        #expect(more.status == 422 && more.pointers == ["/name"])
        #expect(stranger.status == 404)
    }

    @Test("What becomes of a stage becomes of its deals, each with a change of its own") func stagesChange() async throws {
        let board = try await Board.open()
        let deal = try await board.deal("D", in: "B")
        let pipeline = try await board.admin.get("/v1/pipelines/\(board.pipeline)").json
        let stages = (pipeline["stages"]?.elements ?? []).map { stage -> JSON in
            guard stage["name"] == "B" else { return stage }
            return .object((stage.members ?? []).map { $0.name == "probability" ? .init("probability", 65) : $0 })
        }

        let changed = try await board.admin.patch("/v1/pipelines/\(board.pipeline)", ["stages": .array(stages)])
        let after = try await board.admin.get("/v1/deals/\(deal)").json
        let change = try await board.admin.get("/v1/deals/\(deal)/changes?limit=1").json["data"]?.elements?.first

        #expect(changed.status == 200, "\(changed.text)")
        #expect(after["probability"] == 65 && after["version"] == 2)
        #expect(change?["fields"]?["probability"]?["after"] == 65, "\(change?.text ?? "none")")
        let used = try await board.admin.patch(
            "/v1/pipelines/\(board.pipeline)", ["stages": .array(stages.filter { $0["name"] != "B" })])
        #expect(used.status == 409, "\(used.text)")
    }
}
