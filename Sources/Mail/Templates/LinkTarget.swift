import Foundation

/// Where a link of a rendered template leads.
enum LinkTarget {
    /// Nil when it would lead to anything but the web or a mailbox. A value at the beginning is an address and stays as it is; later ones
    /// are parts of one and are escaped.
    static func text(_ target: [TemplateInline], _ scope: TemplateScope) -> String? {
        var text = ""
        for piece in target {
            switch piece {
            case .text(let literal): text += literal
            case .variable(let name):
                let value = scope.text(name)
                text += text.isEmpty ? value : value.addingPercentEncoding(withAllowedCharacters: .urlQueryValueAllowed) ?? ""
            default: break
            }
        }
        let isFit = text.unicodeScalars.allSatisfy { !Characters.breaksLine($0) && $0 != " " }
        return isFit && ["https://", "http://", "mailto:"].contains(where: text.lowercased().hasPrefix) ? text : nil
    }
}

extension CharacterSet {
    /// Unreserved characters (RFC 3986, 2.3).
    fileprivate static let urlQueryValueAllowed = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
