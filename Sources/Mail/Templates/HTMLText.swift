/// Text within HTML: nothing in it is markup.
enum HTMLText {
    /// For content and for attributes in double quotes. By scalars: a combining mark behind `<` makes another `Character` of it, and would
    /// hide it.
    static func escape(_ text: String) -> String {
        var html = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            default:
                if scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control { html.unicodeScalars.append(scalar) }
            }
        }
        return html
    }

    /// Line breaks stay line breaks.
    static func lines(_ text: String) -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { escape(String($0)) }.joined(separator: "<br>\n")
    }
}
