extension SystemMail {
    /// Somebody is asked to join a firm's account.
    package static let invitation = SystemMail(
        "invitation", ["firm": .text, "person": .text, "inviter": .text, "link": .link, "expires": .text]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "{{#inviter}}{{inviter}} invites you to {{firm}}{{/inviter}}{{^inviter}}Your invitation to {{firm}}{{/inviter}}",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    {{#inviter}}{{inviter}} has{{/inviter}}{{^inviter}}You have been{{/inviter}} invited{{#inviter}} you{{/inviter}} to work with **{{firm}}**. Choose a password, and you are in.

                    [Accept the invitation]({{link}})

                    The link is meant for you alone and works until {{expires}}. If you did not expect it, do nothing: without it no account is opened.
                    """)
        case .chinese:
            TemplateSource(
                subject: "{{#inviter}}{{inviter}}邀请您加入{{firm}}{{/inviter}}{{^inviter}}邀请您加入{{firm}}{{/inviter}}",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    {{#inviter}}{{inviter}}邀请您加入{{/inviter}}{{^inviter}}您已受邀加入{{/inviter}}**{{firm}}**。设置密码后即可开始使用。

                    [接受邀请]({{link}})

                    此链接仅供您本人使用，有效期至{{expires}}。如果您并不了解此邀请，请忽略本邮件，系统不会为您开通账户。
                    """)
        case .german:
            TemplateSource(
                subject: "{{#inviter}}{{inviter}} lädt Sie zu {{firm}} ein{{/inviter}}{{^inviter}}Ihre Einladung zu {{firm}}{{/inviter}}",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    {{#inviter}}{{inviter}} hat Sie{{/inviter}}{{^inviter}}Sie wurden{{/inviter}} eingeladen, bei **{{firm}}** mitzuarbeiten. Wählen Sie ein Passwort, und es kann losgehen.

                    [Einladung annehmen]({{link}})

                    Der Link ist nur für Sie bestimmt und gilt bis {{expires}}. Wenn Sie die Einladung nicht erwartet haben, tun Sie nichts: Ohne den Link wird kein Konto eröffnet.
                    """)
        case .spanish:
            TemplateSource(
                subject: "{{#inviter}}{{inviter}} le invita a {{firm}}{{/inviter}}{{^inviter}}Su invitación a {{firm}}{{/inviter}}",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    {{#inviter}}{{inviter}} le ha invitado{{/inviter}}{{^inviter}}Ha recibido una invitación{{/inviter}} a trabajar con **{{firm}}**. Elija una contraseña y podrá empezar.

                    [Aceptar la invitación]({{link}})

                    El enlace es solo para usted y es válido hasta {{expires}}. Si no esperaba esta invitación, no haga nada: sin el enlace no se abre ninguna cuenta.
                    """)
        }
    }
}
