import Records
import Tenancy

extension Invoice {
    /// As both APIs show it.
    package var document: JSON {
        [
            "id": .string(id.text), "number": .string(number), "period": .string(period.text),
            "lines": .array(lines.map(\.document)), "net": .string(net), "tax_rate": .string(taxRate), "tax": .string(tax),
            "total": .string(total), "currency": .string(currency), "state": .string(state.rawValue),
            "issued_at": .string(issuedAt.apiText), "due_on": .string(dueOn), "paid_at": JSON(paidAt?.apiText),
            "seller": seller.document, "customer": customer.document,
            "usage": [
                "records": JSON(usage.records), "seats": JSON(usage.seats), "storage_bytes": JSON(usage.storageBytes),
                "mails": JSON(usage.mails), "api_calls": JSON(usage.apiCalls), "days": JSON(usage.days),
            ],
        ]
    }

    private static let text: JSON = ["type": ["string", "null"]]
    private static let decimal: JSON = ["type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"]
    private static let count: JSON = ["type": "integer", "minimum": 0]
    private static let party: JSON = .objectSchema(
        ["lines": ["type": "array", "items": ["type": "string"]], "email": text, "country": text, "tax_id": text, "note": text],
        required: ["lines", "email", "country", "tax_id", "note"])
    private static let line: [String: JSON] = [
        "what": ["type": "string"],
        "quantity": [
            "type": "string", "description": "Months, of the account or of people: days over the days of the month, to ten decimals.",
        ],
        "unit_price": decimal, "amount": ["type": "string", "description": "Quantity times unit price, rounded half to even."],
        "from": ["type": "string", "format": "date"], "to": ["type": "string", "format": "date"], "plan": ["type": "string"],
        "version": ["type": "integer"], "per": ["type": "string", "enum": JSON(PlanPrice.Payer.allCases.map(\.rawValue))], "days": count,
    ]
    private static let totals: [String: JSON] = [
        "records": count, "seats": count, "storage_bytes": count, "mails": count, "api_calls": count, "days": count,
    ]
    private static let members: [String: JSON] = [
        "id": .idSchema, "number": ["type": "string"], "period": ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"],
        "lines": ["type": "array", "items": .objectSchema(line, required: line.keys.sorted())], "net": decimal,
        "tax_rate": ["type": "string", "description": "Per cent."], "tax": decimal, "total": decimal, "currency": ["type": "string"],
        "state": ["type": "string", "enum": JSON(State.allCases.map(\.rawValue))], "issued_at": .timeSchema,
        "due_on": ["type": "string", "format": "date"], "paid_at": ["type": ["string", "null"], "format": "date-time"], "seller": party,
        "customer": party,
        "usage": .objectSchema(totals, required: totals.keys.sorted()),
    ]
    static let schema = JSON.objectSchema(members, required: members.keys.sorted())
    static let reference: JSON = ["$ref": "#/components/schemas/Invoice"]
}

extension Invoice.Party {
    fileprivate var document: JSON {
        ["lines": JSON(lines), "email": JSON(email), "country": JSON(country), "tax_id": JSON(taxID), "note": JSON(note)]
    }
}

extension Bill.Line {
    fileprivate var document: JSON {
        [
            "what": .string(what), "quantity": .string(quantity), "unit_price": .string(unitPrice), "amount": .string(amount),
            "from": .string(from), "to": .string(to), "plan": .string(plan), "version": JSON(version), "per": .string(per.rawValue),
            "days": JSON(days),
        ]
    }
}
