/// Text that people wrote, made fit for one line of a mail.
///
/// A reminder about a deal whose title holds a line break must still arrive, so such characters become spaces instead of a refusal. What
/// machines read (addresses, identifiers, links) is refused instead.
enum OneLine {
    /// Controls and line separators become spaces, runs of spaces one; none at either end.
    static func of(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        var owesSpace = false
        for scalar in text.unicodeScalars {
            guard !Characters.breaksLine(scalar), scalar != " " else {
                owesSpace = true
                continue
            }
            if owesSpace, !line.isEmpty { line.append(" ") }
            owesSpace = false
            line.append(scalar)
        }
        return String(line)
    }
}
