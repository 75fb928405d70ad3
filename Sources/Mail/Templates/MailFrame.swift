/// What stands around a mail's own words: the firm's name or logo above, whom to turn to and how to be left alone below.
package struct MailFrame: Sendable {
    package var brand: Brand
    package var language: MailLanguage
    /// The page on which the reader unsubscribes; nil for mails one cannot refuse, such as a new password.
    package var unsubscribe: String?

    package init(brand: Brand, language: MailLanguage, unsubscribe: String? = nil) {
        self.brand = brand
        self.language = language
        self.unsubscribe = unsubscribe
    }

    func text(_ content: String) -> String {
        var text = content + "\n\n-- \n" + OneLine.of(brand.name) + "\n"
        if let unsubscribe { text += "\(unsubscribeWords): \(unsubscribe)\n" }
        return text
    }

    func html(_ content: String) -> String {
        let name = HTMLText.escape(OneLine.of(brand.name))
        let picture: String? =
            switch brand.logo {
            case .within: "cid:\(InlineImage.contentID)"
            case .onTheWeb(let address): HTMLText.escape(address)
            case nil: nil
            }
        let head =
            picture.map { "<img src=\"\($0)\" alt=\"\(name)\" height=\"40\" style=\"display:block;height:40px;border:0\">" }
            ?? "<strong style=\"font-size:18px;color:\(brand.colour.link)\">\(name)</strong>"
        let leave = unsubscribe.map { "<br>\n<a href=\"\(HTMLText.escape($0))\" style=\"color:#5b6470\">\(unsubscribeWords)</a>" } ?? ""
        return """
            <!DOCTYPE html>
            <html lang="\(language.rawValue)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(name)</title>
            </head>
            <body style="margin:0;padding:24px 12px;background:#f3f4f6;font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif">
            <table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="max-width:600px;margin:0 auto">
            <tr><td style="padding:0 0 16px">\(head)</td></tr>
            <tr><td style="padding:24px;background:#ffffff;border-radius:8px;font-size:15px;line-height:22px;color:#1c2128">
            \(content)</td></tr>
            <tr><td style="padding:16px 0 0;font-size:12px;line-height:18px;color:#5b6470">\(name)\(leave)</td></tr>
            </table>
            </body>
            </html>

            """
    }

    private var unsubscribeWords: String {
        switch language {
        case .english: "Unsubscribe from these mails"
        case .chinese: "退订此类邮件"
        case .german: "Diese Mails abbestellen"
        case .spanish: "Dejar de recibir estos correos"
        }
    }
}
