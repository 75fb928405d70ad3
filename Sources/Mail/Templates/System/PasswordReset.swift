extension SystemMail {
    /// Somebody asked for a new password, perhaps not the person who reads it.
    package static let passwordReset = SystemMail(
        "password_reset", ["firm": .text, "person": .text, "link": .link, "expires": .text]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "A new password for {{firm}}",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    a new password was asked for your account with **{{firm}}**.

                    [Choose a new password]({{link}})

                    The link works once, until {{expires}}. If it was not you who asked, do nothing: your password stays as it is.
                    """)
        case .chinese:
            TemplateSource(
                subject: "重置您在{{firm}}的密码",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    我们收到了重置您在**{{firm}}**账户密码的请求。

                    [设置新密码]({{link}})

                    此链接只能使用一次，有效期至{{expires}}。如果不是您本人的请求，请忽略本邮件，您的密码不会改变。
                    """)
        case .german:
            TemplateSource(
                subject: "Neues Passwort für {{firm}}",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    für Ihr Konto bei **{{firm}}** wurde ein neues Passwort angefordert.

                    [Neues Passwort wählen]({{link}})

                    Der Link gilt einmal, bis {{expires}}. Wenn die Anforderung nicht von Ihnen kam, tun Sie nichts: Ihr Passwort bleibt, wie es ist.
                    """)
        case .spanish:
            TemplateSource(
                subject: "Nueva contraseña para {{firm}}",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    se ha solicitado una nueva contraseña para su cuenta en **{{firm}}**.

                    [Elegir una contraseña nueva]({{link}})

                    El enlace sirve una sola vez, hasta {{expires}}. Si no lo ha solicitado usted, no haga nada: su contraseña no cambia.
                    """)
        }
    }
}
