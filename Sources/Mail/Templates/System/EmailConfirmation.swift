extension SystemMail {
    /// Whether an address belongs to whoever gave it.
    package static let emailConfirmation = SystemMail(
        "email_confirmation", ["firm": .text, "person": .text, "link": .link, "expires": .text]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "Please confirm your e-mail address",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    please confirm that this address is yours, so that **{{firm}}** may use it.

                    [Confirm the address]({{link}})

                    The link works until {{expires}}. If you did not give this address, do nothing.
                    """)
        case .chinese:
            TemplateSource(
                subject: "请确认您的电子邮箱地址",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    请确认此邮箱地址属于您，以便**{{firm}}**使用。

                    [确认邮箱地址]({{link}})

                    此链接有效期至{{expires}}。如果您没有提供过此地址，请忽略本邮件。
                    """)
        case .german:
            TemplateSource(
                subject: "Bitte bestätigen Sie Ihre E-Mail-Adresse",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    bitte bestätigen Sie, dass diese Adresse Ihnen gehört, damit **{{firm}}** sie verwenden darf.

                    [Adresse bestätigen]({{link}})

                    Der Link gilt bis {{expires}}. Wenn Sie diese Adresse nicht angegeben haben, tun Sie nichts.
                    """)
        case .spanish:
            TemplateSource(
                subject: "Confirme su dirección de correo electrónico",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    confirme que esta dirección es suya para que **{{firm}}** pueda utilizarla.

                    [Confirmar la dirección]({{link}})

                    El enlace es válido hasta {{expires}}. Si no ha dado usted esta dirección, no haga nada.
                    """)
        }
    }
}
