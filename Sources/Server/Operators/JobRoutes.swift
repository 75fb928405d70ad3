import Blobs
import CRM
import Foundation
import HTTPTypes
import Jobs
import Records
import Tenancy

/// The queues of all cells: `/operator/v1/jobs`.
struct JobRoutes: Sendable {
    private let desk: JobDesk
    private let installation: Installation
    private let blobs: any BlobStore

    init(_ house: House) {
        desk = JobDesk(house.installation)
        (installation, blobs) = (house.installation, house.installation.blobs)
    }

    private static let jobs = "/operator/v1/jobs"

    var endpoints: [Endpoint] {
        [
            .operator(.get, Self.jobs, role: .viewer, Self.list, list),
            .operator(.get, Self.jobs + "/forecast", role: .viewer, Self.forecast, forecast),
            .operator(.get, Self.jobs + "/{id}", role: .viewer, Self.show, show),
            .operator(.get, Self.jobs + "/{id}/content", role: .admin, Self.content, content),
            .operator(.post, Self.jobs + "/{id}/retry", role: .support, Self.retry, retry),
            .operator(.post, Self.jobs + "/{id}/cancel", role: .support, Self.cancel, cancel),
        ]
    }

    private func list(_ call: Call, _ caller: Operator) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        var filter = JobDesk.Filter()
        (filter.kind, filter.tenant, filter.cell) = (call.query["kind"], call.query["tenant"], call.query["cell"])
        if let word = call.query["state"] {
            filter.state = JobView.State(rawValue: word)
            guard filter.state != nil else { throw Problem(.malformed, "The query parameter \"state\" names a state of a job.") }
        }
        let words = [filter.state?.rawValue, filter.kind, filter.tenant, filter.cell].map { JSON($0) }
        let mark = PageMark(list: "jobs \(JSON.array(words).text)")
        var last: UUID?
        if let cursor = call.query["after"] {
            last = UUID(text: try mark.last(in: cursor))
            guard last != nil else { throw Problem(.cursor, "This is no cursor of a page; start from the first page.") }
        }
        let jobs = try await desk.page(before: last, filter, limit: limit + 1)
        let shown = jobs.prefix(limit)
        let next = jobs.count > limit ? shown.last.map { mark.text(after: $0.id.uuidString) } : nil
        return .page(shown.map { JobDocument.of($0) }, next: next, of: call)
    }

    private func forecast(_ call: Call, _ caller: Operator) async throws -> Reply {
        let hours = try call.query.integer("hours", in: 1...720, otherwise: 24)
        let rows = try await desk.forecast(hours: hours, schedules: StandingWork.schedules)
        return .json([
            "data": .array(rows.map { ["hour": .string($0.hour.apiText), "kind": .string($0.kind), "jobs": JSON($0.jobs)] })
        ])
    }

    private func show(_ call: Call, _ caller: Operator) async throws -> Reply {
        guard let job = try await desk.find(call.id()) else { throw Problem.notFound }
        return .json(JobDocument.of(job, result: try await result(of: job)))
    }

    /// What the job has made; nil for jobs that make nothing, or have not made it yet.
    private func result(of job: JobView) async throws -> JSON? {
        let payload = try JSON(parsing: job.payload)
        switch (job.kind, job.state) {
        case (CloneTenant.kind.name, .done): return ["tenant": payload["slug"] ?? .null]
        case (MoveTenant.kind.name, .done): return ["cell": payload["cell"] ?? .null]
        default: break
        }
        guard job.kind == ExportTenant.kind.name, job.state == .done, let tenant = try await installation.directory.find(slug: job.tenant)
        else { return nil }
        do {
            return try JSON(parsing: try await blobs.whole(ExportTenant.summary(job.id, of: tenant)))
        } catch BlobError.notFound {
            return nil
        }
    }

    /// The file of a whole account. Refuses with `.conflict` until it is there, with `.gone` when its time is over.
    private func content(_ call: Call, _ caller: Operator) async throws -> Reply {
        guard let job = try await desk.find(call.id()), job.kind == ExportTenant.kind.name,
            let tenant = try await installation.directory.find(slug: job.tenant)
        else { throw Problem.notFound }
        guard job.state == .done else { throw Problem(.conflict, "The export is not ready; look at the job.") }
        let key = ExportTenant.file(job.id, of: tenant)
        guard let result = try await result(of: job), let digest = result["sha256"]?.string, let size = try await blobs.size(of: key) else {
            throw Problem(.gone, "The file is not kept any more; order it again.")
        }
        try await installation.audit.append("download_export", target: tenant.slug, by: instruction(call, caller))
        return try .file(
            key, in: blobs, size: Int(size), name: "\(tenant.slug)-\(job.enqueuedAt.apiText.prefix(10)).tar",
            contentType: "application/x-tar",
            tag: digest, part: call.byteRange(of: Int(size), tag: digest).part, for: call)
    }

    private func retry(_ call: Call, _ caller: Operator) async throws -> Reply {
        do {
            return .json(JobDocument.of(try await desk.retry(call.id(), by: reasoned(call, caller))))
        } catch let refusal as JobDesk.Refusal {
            throw refusal.problem
        }
    }

    private func cancel(_ call: Call, _ caller: Operator) async throws -> Reply {
        do {
            try await desk.cancel(call.id(), by: reasoned(call, caller))
            return .noContent
        } catch let refusal as JobDesk.Refusal {
            throw refusal.problem
        }
    }

    /// A reason may stand in the body.
    private func reasoned(_ call: Call, _ caller: Operator) async throws -> Instruction {
        var form = Form(try await call.jsonIfAny(), known: ["reason"])
        let reason = form.text("reason", required: false)
        try form.finish()
        return Instruction(actor: caller.actor, reason: reason, requestID: call.requestID)
    }

    private func instruction(_ call: Call, _ caller: Operator) -> Instruction {
        Instruction(actor: caller.actor, requestID: call.requestID)
    }
}

extension JobRoutes {
    private static let one: JSON = ["$ref": "#/components/schemas/Job"]
    private static let id = Parameter.id("id", "The job's id.")
    private static func word(_ name: String, _ help: String) -> Parameter { Parameter(name, in: .query, ["type": "string"], help) }

    private static let list = Operation(
        "jobs.list", "Jobs, the newest first; without a state those that are not done", tag: "Jobs",
        parameters: [
            .limit, .after,
            Parameter(
                "state", in: .query, ["type": "string", "enum": JSON(JobView.State.allCases.map(\.rawValue))], "Only those in this state."),
            word("kind", "Only those of this kind."), word("tenant", "Only those of this tenant, by its short name."),
            word("cell", "Only those in this cell."),
        ], responses: [200: ResponseDescription("A page of jobs.", schema: .listSchema(of: one))], problems: [.cursor])
    private static let forecast = Operation(
        "jobs.forecast", "How many jobs will be due in the coming hours, by what is enqueued and by schedules", tag: "Jobs",
        parameters: [
            Parameter("hours", in: .query, ["type": "integer", "minimum": 1, "maximum": 720, "default": 24], "How far to look.")
        ],
        responses: [
            200: ResponseDescription(
                "Hours and kinds that have jobs; what is overdue counts for the first hour.",
                schema: .listSchema(of: ["$ref": "#/components/schemas/JobForecast"], paged: false))
        ])
    private static let show = Operation(
        "jobs.get", "One job; those that are done can be seen for a day at least", tag: "Jobs", parameters: [id],
        responses: [200: ResponseDescription("The job.", schema: one)])
    private static let content = Operation(
        "jobs.content", "The file that a job of the kind export_tenant has made; it is kept for two days", tag: "Jobs",
        parameters: [id] + Parameter.ofDownload,
        responses: [
            200: ResponseDescription(
                "A tar archive of JSON Lines, with a manifest of sums; to be guarded like a backup of the database.",
                schema: ["type": "string"], contentType: "application/x-tar", headers: file),
            206: ResponseDescription(
                "The part asked for.", schema: ["type": "string"], contentType: "application/x-tar",
                headers: file + [("Content-Range", "Which part it is.")]),
            304: ResponseDescription("Unchanged."),
        ], problems: [.conflict, .gone])
    private static let file = ResponseDescription.headersOfDownload
    private static let why = BodyDescription(.objectSchema(["reason": .optionalTextSchema]), required: false)
    private static let retry = Operation(
        "jobs.retry", "Start a job now: before its time, or again after it died", tag: "Jobs", parameters: [id],
        body: why,
        responses: [200: ResponseDescription("The job as it waits now, or already runs.", schema: one)], problems: [.conflict])
    private static let cancel = Operation(
        "jobs.cancel", "Take a job out of the queue for good, unless it has begun", tag: "Jobs", parameters: [id],
        body: why, responses: [204: ResponseDescription("It is gone.")], problems: [.conflict])

    static let schemas: [String: JSON] = [
        "Job": JobDocument.schema,
        "JobForecast": .objectSchema(
            ["hour": .timeSchema, "kind": ["type": "string"], "jobs": ["type": "integer", "minimum": 1]],
            required: ["hour", "kind", "jobs"]),
    ]
}
