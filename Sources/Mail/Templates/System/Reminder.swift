extension SystemMail {
    /// Something is due.
    package static let reminder = SystemMail(
        "reminder", ["firm": .text, "person": .text, "title": .text, "due": .text, "about": .text, "notes": .text, "link": .link]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "Reminder: {{title}}",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    **{{title}}** is due {{due}}.

                    {{#about}}It is about {{about}}.{{/about}}

                    {{notes}}

                    {{#link}}
                    [Open it]({{link}})
                    {{/link}}
                    """)
        case .chinese:
            TemplateSource(
                subject: "提醒：{{title}}",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    **{{title}}**的到期时间为{{due}}。

                    {{#about}}相关内容：{{about}}。{{/about}}

                    {{notes}}

                    {{#link}}
                    [打开]({{link}})
                    {{/link}}
                    """)
        case .german:
            TemplateSource(
                subject: "Erinnerung: {{title}}",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    **{{title}}** ist fällig: {{due}}.

                    {{#about}}Es geht um {{about}}.{{/about}}

                    {{notes}}

                    {{#link}}
                    [Öffnen]({{link}})
                    {{/link}}
                    """)
        case .spanish:
            TemplateSource(
                subject: "Recordatorio: {{title}}",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    **{{title}}** vence el {{due}}.

                    {{#about}}Se trata de {{about}}.{{/about}}

                    {{notes}}

                    {{#link}}
                    [Abrir]({{link}})
                    {{/link}}
                    """)
        }
    }
}
