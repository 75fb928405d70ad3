import Recurrence

/// What a tenant owes for a period, in one currency: worked out from its readings and standings alone, so that anyone can do it again.
///
/// Each stretch of days with one plan is a line. A plan paid by the account counts its days, a plan paid by the user counts each day's seats;
/// both over the days of the month make the quantity, to ten decimals, and the price times that, rounded half to even, is the amount. A day
/// belongs to the plan in force at its end. A day without a reading costs nothing.
package struct Bill: Sendable, Hashable {
    package let currency: String
    package let lines: [Line]
    /// The sum of the lines.
    package let net: ExactDecimal

    /// One stretch of days with one plan.
    package struct Line: Sendable, Hashable, Codable {
        package let what: String
        /// Months, of the account or of people, without zeros at the end.
        package let quantity: String
        package let unitPrice: String
        package let amount: String
        /// First and last day.
        package let from: String
        package let to: String
        package let plan: String
        package let version: Int
        package let per: PlanPrice.Payer
        /// Days, or days of all seats together: the quantity times the days of the month.
        package let days: Int

        enum CodingKeys: String, CodingKey {
            case what, quantity, amount, from, to, plan, version, per, days
            case unitPrice = "unit_price"
        }
    }

    /// The bills of a period, in the order of their currencies; a plan that costs nothing makes no line, no line makes no bill.
    ///
    /// - Parameters:
    ///   - prices: of every plan in `standings`.
    ///   - isCollected: days for which the payment provider collects.
    package static func all(
        for period: BillingPeriod, _ readings: [MeterReading], _ standings: [Standing], prices: [PlanKey: PlanPrice],
        isCollected: (CivilDate) -> Bool = { _ in false }
    ) -> [Bill] {
        var stretches: [Stretch] = []
        for reading in readings.sorted(by: { $0.day < $1.day }) where !isCollected(reading.day) {
            guard let plan = standings.planBilled(on: reading.day) else { continue }
            if let last = stretches.last, last.plan == plan, last.to.adding(days: 1) == reading.day {
                stretches[stretches.count - 1].extend(reading)
            } else {
                stretches.append(Stretch(plan: plan, reading))
            }
        }
        let lines = stretches.compactMap { stretch in
            prices[stretch.plan].flatMap { price in stretch.line(price, of: period).map { (price.currency, $0) } }
        }
        return Dictionary(grouping: lines, by: \.0).sorted { $0.key < $1.key }.map { currency, lines in
            Bill(currency: currency, lines: lines.map(\.1.line), net: lines.map(\.1.amount).reduce(lines[0].1.amount.zero, +))
        }
    }

    private struct Stretch {
        let plan: PlanKey
        let from: CivilDate
        private(set) var to: CivilDate
        private var days = 1
        private var seatDays: Int

        init(plan: PlanKey, _ reading: MeterReading) {
            self.plan = plan
            (from, to, seatDays) = (reading.day, reading.day, reading.seats)
        }

        mutating func extend(_ reading: MeterReading) {
            to = reading.day
            days += 1
            seatDays += reading.seats
        }

        /// Nil when it costs nothing.
        func line(_ price: PlanPrice, of period: BillingPeriod) -> (line: Line, amount: ExactDecimal)? {
            let counted = price.per == .user ? seatDays : days
            guard counted > 0, let unit = ExactDecimal(price.amount), !unit.isZero else { return nil }
            let quantity = ExactDecimal(Int128(counted), over: Int128(period.length), scale: 10).shortest
            let amount = (quantity * unit).rounded(to: unit.scale)
            let what = price.per == .user ? "months of use by one person" : "months of the account"
            return (
                Line(
                    what: "Plan \(plan.name), \(what), \(from.text) to \(to.text)", quantity: quantity.text, unitPrice: unit.text,
                    amount: amount.text, from: from.text, to: to.text, plan: plan.name, version: plan.version, per: price.per, days: counted
                ),
                amount
            )
        }
    }

    /// What the state gets, with as many decimals as the net.
    package func tax(_ percent: ExactDecimal) -> ExactDecimal {
        let exact = net * percent
        return ExactDecimal(units: exact.units, scale: exact.scale + 2).rounded(to: net.scale)
    }
}

extension ExactDecimal {
    /// Nothing, with as many decimals.
    fileprivate var zero: ExactDecimal { ExactDecimal(units: 0, scale: scale) }
}
