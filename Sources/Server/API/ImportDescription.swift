import Records

extension ImportRoutes {
    static let forms = [
        "text/csv", "text/plain", "text/tab-separated-values", "application/csv", "application/vnd.ms-excel", "application/octet-stream",
    ]

    private static let tag = "Imports"
    private static let one: JSON = ["$ref": "#/components/schemas/Import"]
    private static let id = Parameter.id("id", "The import's id.")

    static let create = Operation(
        "imports.create", "Order an import; its file comes next. Needs the rights to create and to update", tag: tag,
        parameters: [.idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/ImportOrder"]),
        responses: [201: ResponseDescription("The import.", schema: one, headers: [("Location", "The import's address.")])],
        problems: [.idempotencyRunning, .idempotencyMismatch])
    static let list = Operation(
        "imports.list", "My imports; everyone's for those who run the account", tag: tag, parameters: [.limit, .after],
        responses: [200: ResponseDescription("The newest first.", schema: .listSchema(of: one))], problems: [.cursor])
    static let show = Operation(
        "imports.get", "One import and how far it is", tag: tag, parameters: [id], responses: [200: ResponseDescription("It.", schema: one)]
    )
    static let change = Operation(
        "imports.update", "Change mapping, options, mode or key before the start", tag: tag, parameters: [id, .idempotencyKey],
        body: BodyDescription(
            ["$ref": "#/components/schemas/ImportChange"], contentTypes: ["application/merge-patch+json", "application/json"]),
        responses: [200: ResponseDescription("The import.", schema: one)],
        problems: [.conflict, .idempotencyRunning, .idempotencyMismatch])
    static let upload = Operation(
        "imports.upload",
        """
        Send the file: CSV with a header, in UTF-8, UTF-16, GBK, GB18030 or Windows-1252, with commas, semicolons, tabs or bars. Encoding and \
        delimiter are found out unless the options say them; a mapping is proposed from the names of the columns. Sent again before the \
        start, it replaces the former file
        """, tag: tag, parameters: [id],
        body: BodyDescription(["type": "string", "format": "binary"], contentTypes: forms),
        responses: [200: ResponseDescription("The import with `columns` and `proposed_mapping`.", schema: one)],
        problems: [.conflict, .tooLarge, .unsupportedMediaType], cost: .bulk)
    static let start = Operation(
        "imports.start", "Begin. Without a mapping the proposed one holds. Refused before any row when the plan has no room for all",
        tag: tag,
        parameters: [id, .idempotencyKey], responses: [202: ResponseDescription("It is queued.", schema: one)],
        problems: [.planLimit, .conflict, .invalid, .idempotencyRunning, .idempotencyMismatch], cost: .bulk)
    static let cancel = Operation(
        "imports.cancel", "Stop. What is done stays and can be reverted", tag: tag, parameters: [id, .idempotencyKey],
        responses: [200: ResponseDescription("It is cancelled.", schema: one)],
        problems: [.conflict, .invalid, .idempotencyRunning, .idempotencyMismatch])
    static let revert = Operation(
        "imports.revert",
        "Take back what the import did: what it made goes to the trash, what it changed gets its former values, but for what people changed since",
        tag: tag, parameters: [id, .idempotencyKey], responses: [202: ResponseDescription("It has begun.", schema: one)],
        problems: [.conflict, .invalid, .idempotencyRunning, .idempotencyMismatch], cost: .bulk)
    static let errors = Operation(
        "imports.list_errors", "The rows that were not taken, in order, each with what is wrong by code", tag: tag,
        parameters: [id, .limit, .after],
        responses: [200: ResponseDescription("Rows.", schema: .listSchema(of: ["$ref": "#/components/schemas/ImportError"]))],
        problems: [.cursor])
    static let errorFile = Operation(
        "imports.errors", "The rows that were not taken: row (1 is the first below the header), column, reason and the file's own columns",
        tag: tag, parameters: [id],
        responses: [
            200: ResponseDescription(
                """
                CSV, to be corrected and sent as another import. Reasons are in the caller's language: the user's locale, else the account's, \
                else what Accept-Language wishes. Cells that a spreadsheet would calculate have an apostrophe in front.
                """,
                schema: ["type": "string"], contentType: "text/csv; charset=utf-8",
                headers: [("Content-Disposition", "A name for the file.")])
        ])

    private static let changeable: [String: JSON] = [
        "mode": [
            "type": ["string", "null"], "enum": ["create", "update", "upsert", nil], "description": "create unless said otherwise.",
        ],
        "key": ["type": ["string", "null"], "description": "By which field records are found: any unique one, or id to update."],
        "mapping": [
            "type": ["object", "null"], "additionalProperties": ["type": ["string", "null"]],
            "description": """
            From the headers of the file to fields: `email`, `custom.x`, `address.city`, `amount.currency`. Columns that are not named are left \
            out. References are meant by id, any unique field or name.
            """,
        ],
        "dry_run": ["type": ["boolean", "null"], "description": "True: everything is checked and told, and nothing changed."],
        "options": [
            "type": ["object", "null"], "additionalProperties": false,
            "properties": [
                "delimiter": ["type": ["string", "null"], "enum": [",", ";", "\t", "|", nil]],
                "encoding": [
                    "type": ["string", "null"],
                    "enum": ["utf-8", "utf-16", "utf-16le", "utf-16be", "gbk", "gb18030", "windows-1252", nil],
                ],
                "date_format": ["type": ["string", "null"], "description": "As `DD.MM.YYYY`: YYYY or YY, MM or M, DD or D, each once."],
                "decimal": ["type": ["string", "null"], "enum": [".", ",", nil]],
                "create_references": [
                    "type": ["boolean", "null"], "description": "Make the records that rows refer to by name, if there are none.",
                ],
            ],
        ],
    ]

    static let schemas: [String: JSON] = [
        "ImportError": .objectSchema(
            [
                "row": ["type": "integer", "minimum": 1, "description": "1 is the first below the header."],
                "errors": [
                    "type": "array",
                    "items": .objectSchema(
                        [
                            "column": ["type": ["string", "null"], "description": "As the header has it; null: the row as such."],
                            "code": [
                                "type": ["string", "null"],
                                "description": .string(
                                    """
                                    Of `errors` in problem documents or of problems, or for rows alone: \
                                    \(ImportRowCode.allCases.map(\.rawValue).joined(separator: ", ")). Null for imports from before there were codes.
                                    """),
                            ],
                            "detail": ["type": "string"],
                        ], required: ["column", "code", "detail"]),
                ],
                "cells": [
                    "type": "array", "items": ["type": "string"],
                    "description": .string(
                        "The first \(Imports.shownCell) characters of each cell, in the order of the import's `columns`."),
                ],
            ], required: ["row", "errors", "cells"]),
        "ImportOrder": .objectSchema(changeable.merging(["type": .textSchema]) { $1 }, required: ["type"]),
        "ImportChange": .objectSchema(changeable, required: []),
        "Import": .objectSchema(
            changeable.merging(
                [
                    "id": .idSchema, "type": ["type": "string"],
                    "state": [
                        "type": "string",
                        "enum": ["created", "queued", "validating", "running", "done", "failed", "cancelled", "reverting", "reverted"],
                    ],
                    "progress": ["type": "number", "minimum": 0, "maximum": 1],
                    "counters": .objectSchema(
                        [
                            "total": count, "created": count, "updated": count, "unchanged": count, "failed": count,
                        ], required: ["total", "created", "updated", "unchanged", "failed"]),
                    "columns": ["type": "array", "items": ["type": "string"], "description": "The headers of the file."],
                    "proposed_mapping": ["type": ["object", "null"], "additionalProperties": ["type": "string"]],
                    "encoding": ["type": ["string", "null"]], "delimiter": ["type": ["string", "null"]],
                    "operation_id": .idSchema, "created_by": ["type": "object", "required": ["type", "id"]],
                    "failure": ["type": ["string", "null"], "description": "Why it failed as a whole."],
                    "failure_code": [
                        "type": ["string", "null"],
                        "description": .string("The same for programs: \(ImportFailure.allCases.map(\.rawValue).joined(separator: ", "))."),
                    ],
                    "reverted": ["type": "integer", "minimum": 0, "description": "How many records have their former values again."],
                    "conflicts": [
                        "type": "array",
                        "description": "What a revert left, because somebody has changed it since; a thousand and some at most.",
                        "items": .objectSchema(
                            ["type": ["type": "string"], "id": .idSchema, "fields": ["type": "array", "items": ["type": "string"]]],
                            required: ["type", "id", "fields"]),
                    ],
                    "created_at": time, "started_at": time, "finished_at": time,
                ]) { $1 },
            required: ["id", "type", "mode", "key", "mapping", "dry_run", "options", "state", "progress", "counters", "operation_id"]),
    ]

    private static let count: JSON = ["type": "integer", "minimum": 0]
    private static let time: JSON = ["type": ["string", "null"], "format": "date-time"]
}
