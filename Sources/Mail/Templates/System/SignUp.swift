extension SystemMail {
    /// Somebody asked for an account for a firm.
    package static let signUp = SystemMail(
        "sign_up", ["firm": .text, "account": .text, "link": .link, "expires": .text]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "Open the account of {{account}}",
                body: """
                    Hello,

                    an account for **{{account}}** was asked for with this address. One click opens it.

                    [Open the account]({{link}})

                    The link works until {{expires}}. If it was not you who asked, do nothing: without it no account is opened.
                    """)
        case .chinese:
            TemplateSource(
                subject: "开通{{account}}的账户",
                body: """
                    您好：

                    有人使用此邮箱地址为**{{account}}**申请了账户，点击即可开通。

                    [开通账户]({{link}})

                    此链接有效期至{{expires}}。如果不是您本人的申请，请忽略本邮件，系统不会开通账户。
                    """)
        case .german:
            TemplateSource(
                subject: "Konto für {{account}} eröffnen",
                body: """
                    Guten Tag,

                    mit dieser Adresse wurde ein Konto für **{{account}}** angefordert. Ein Klick eröffnet es.

                    [Konto eröffnen]({{link}})

                    Der Link gilt bis {{expires}}. Wenn die Anforderung nicht von Ihnen kam, tun Sie nichts: Ohne den Link wird kein Konto eröffnet.
                    """)
        case .spanish:
            TemplateSource(
                subject: "Abra la cuenta de {{account}}",
                body: """
                    Hola:

                    con esta dirección se ha solicitado una cuenta para **{{account}}**. Un clic la abre.

                    [Abrir la cuenta]({{link}})

                    El enlace es válido hasta {{expires}}. Si no la ha solicitado usted, no haga nada: sin el enlace no se abre ninguna cuenta.
                    """)
        }
    }
}
