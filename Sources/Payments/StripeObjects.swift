/// Stripe's objects, as far as they are read here.
struct StripeObject: Decodable {
    let id: String
}

struct StripeList<Element: Decodable>: Decodable {
    let data: [Element]
}

/// An object that stands in another one: as its id, or whole where that was asked for.
struct StripeReference: Decodable {
    let id: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let id = try? container.decode(String.self) {  // then it is the object
            self.id = id
        } else {
            id = try container.decode(StripeObject.self).id
        }
    }
}

struct StripeSubscription: Decodable {
    let id: String
    let status: String
    let created: Int?
    let customer: StripeReference?
    let cancelAtPeriodEnd: Bool?
    /// Of versions before 2025-03-31; since then each item has its own.
    let currentPeriodEnd: Int?
    let items: StripeList<Item>?

    struct Item: Decodable {
        let price: StripeObject?
        let quantity: Int?
        let currentPeriodEnd: Int?
    }

    /// Those that are collected first, the best of them before; of others the newest.
    func precedes(_ other: StripeSubscription) -> Bool {
        (rank, -(created ?? 0), id) < (other.rank, -(other.created ?? 0), other.id)
    }

    private var rank: Int { ["active", "trialing", "past_due", "unpaid", "paused", "incomplete"].firstIndex(of: status) ?? 6 }
}

struct StripeInvoice: Decodable {
    let id: String
    let customer: StripeReference?
}

struct StripeSession: Decodable {
    let id: String
    let url: String?
    let mode: String?
    let paymentStatus: String?
    let customer: StripeReference?
    let paymentIntent: StripeReference?
    let metadata: [String: String]?
}

struct StripeEvent: Decodable {
    let id: String
    let type: String
    let data: Content

    struct Content: Decodable {
        let object: Subject
    }

    struct Subject: Decodable {
        let id: String?
        let object: String?
    }
}

struct StripeRefusal: Decodable {
    let error: Words

    struct Words: Decodable {
        let message: String?
    }
}
