extension SystemMail {
    /// Somebody signed in from where the person has not been seen before.
    package static let signInAlert = SystemMail(
        "sign_in_alert", ["firm": .text, "person": .text, "time": .text, "device": .text, "address": .text, "link": .link]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "New sign-in to {{firm}}",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    your account with **{{firm}}** was used from a new place:

                    - Time: {{time}}
                    {{#device}}
                    - Device: {{device}}
                    {{/device}}
                    - Address: {{address}}

                    If that was you, all is well. If not, end that session and change your password now.

                    [Look at my sessions]({{link}})
                    """)
        case .chinese:
            TemplateSource(
                subject: "{{firm}}账户有新的登录",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    您在**{{firm}}**的账户从新的位置登录：

                    - 时间：{{time}}
                    {{#device}}
                    - 设备：{{device}}
                    {{/device}}
                    - 地址：{{address}}

                    如果是您本人操作，请忽略本邮件。如果不是，请立即结束该会话并修改密码。

                    [查看我的会话]({{link}})
                    """)
        case .german:
            TemplateSource(
                subject: "Neue Anmeldung bei {{firm}}",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    Ihr Konto bei **{{firm}}** wurde von einem neuen Ort aus benutzt:

                    - Zeit: {{time}}
                    {{#device}}
                    - Gerät: {{device}}
                    {{/device}}
                    - Adresse: {{address}}

                    Wenn Sie das waren, ist alles in Ordnung. Wenn nicht, beenden Sie diese Sitzung und ändern Sie jetzt Ihr Passwort.

                    [Meine Sitzungen ansehen]({{link}})
                    """)
        case .spanish:
            TemplateSource(
                subject: "Nuevo inicio de sesión en {{firm}}",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    su cuenta en **{{firm}}** se ha utilizado desde un lugar nuevo:

                    - Hora: {{time}}
                    {{#device}}
                    - Dispositivo: {{device}}
                    {{/device}}
                    - Dirección: {{address}}

                    Si ha sido usted, todo está en orden. Si no, cierre esa sesión y cambie su contraseña ahora.

                    [Ver mis sesiones]({{link}})
                    """)
        }
    }
}
