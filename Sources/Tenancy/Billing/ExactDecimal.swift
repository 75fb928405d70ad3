/// A decimal number that is exactly what it says: whole `units` of 10 to the minus `scale`.
package struct ExactDecimal: Sendable, Hashable {
    package let units: Int128
    package let scale: Int

    package init(units: Int128, scale: Int) {
        self.units = units
        self.scale = scale
    }

    /// `1200.50`, with as many decimals as are written; nil for anything else, and for more than 15 digits before or 10 behind the point.
    package init?(_ text: some StringProtocol) {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            parts[0].count <= 15, parts.count == 1 || parts[1].count <= 10, let units = Int128(parts.joined())
        else { return nil }
        self.init(units: text.hasPrefix("-") ? -units : units, scale: parts.count == 2 ? parts[1].count : 0)
    }

    /// A quotient to so many decimals, rounded half to even.
    package init(_ numerator: Int128, over denominator: Int128, scale: Int) {
        self.init(units: Self.divide(numerator * Self.power(scale), denominator), scale: scale)
    }

    /// Rounded half to even.
    package func rounded(to scale: Int) -> ExactDecimal {
        scale >= self.scale
            ? ExactDecimal(units: units * Self.power(scale - self.scale), scale: scale)
            : ExactDecimal(units: Self.divide(units, Self.power(self.scale - scale)), scale: scale)
    }

    /// With all decimals of both.
    package static func * (left: Self, right: Self) -> ExactDecimal {
        ExactDecimal(units: left.units * right.units, scale: left.scale + right.scale)
    }

    package static func + (left: Self, right: Self) -> ExactDecimal {
        let scale = max(left.scale, right.scale)
        return ExactDecimal(units: left.rounded(to: scale).units + right.rounded(to: scale).units, scale: scale)
    }

    package var isZero: Bool { units == 0 }

    /// With `scale` decimals.
    package var text: String {
        let digits = String(units.magnitude)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        let sign = units < 0 ? "-" : ""
        return scale == 0 ? sign + padded : "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
    }

    /// Without zeros at the end: `4.5`.
    package var shortest: ExactDecimal {
        var (units, scale) = (units, scale)
        while scale > 0, units % 10 == 0 { (units, scale) = (units / 10, scale - 1) }
        return ExactDecimal(units: units, scale: scale)
    }

    private static func power(_ exponent: Int) -> Int128 { (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 } }

    private static func divide(_ numerator: Int128, _ denominator: Int128) -> Int128 {
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        let twice = remainder.magnitude * 2
        let away: Int128 = (numerator < 0) == (denominator < 0) ? 1 : -1
        if twice > denominator.magnitude || (twice == denominator.magnitude && quotient % 2 != 0) { return quotient + away }
        return quotient
    }
}
