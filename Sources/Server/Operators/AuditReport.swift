import Records
import Tenancy

/// What a look through the whole audit has found, as JSON.
package enum AuditReport {
    package static func document(_ report: AuditChain.Report) -> JSON {
        [
            "intact": .bool(report.flaws.isEmpty), "rows": JSON(report.rows), "seals": JSON(report.seals),
            "head": .string(report.head.text),
            "flaws": .array(report.flaws.map { ["seq": JSON($0.seq), "what": .string($0.what)] }),
        ]
    }

    static let schema: JSON = .objectSchema(
        [
            "intact": ["type": "boolean"], "rows": ["type": "integer", "minimum": 0],
            "seals": [
                "type": "integer", "minimum": 0, "description": "Moments whose state only the holder of the installation's key can tell.",
            ],
            "head": ["type": "string", "description": "Keep it elsewhere, and show it as `known` the next time."],
            "flaws": [
                "type": "array",
                "items": .objectSchema(["seq": ["type": "integer"], "what": ["type": "string"]], required: ["seq", "what"]),
            ],
        ], required: ["intact", "rows", "seals", "head", "flaws"])
}
