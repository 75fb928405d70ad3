extension SystemMail {
    /// Everything that is due in a day or a week, in one mail. `more` says how many there are beside those in it.
    package static let digest = SystemMail(
        "digest",
        [
            "firm": .text, "person": .text, "period": .text, "count": .text, "more": .text, "link": .link,
            "items": .list(["title": .text, "due": .text, "about": .text, "link": .link]),
        ]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "{{period}}: {{count}} due",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    this is due with **{{firm}}**:

                    {{#items}}
                    - [{{title}}]({{link}}), {{due}}{{#about}} ({{about}}){{/about}}
                    {{/items}}

                    {{#more}}And {{more}} more.{{/more}}

                    {{#link}}
                    [See them all]({{link}})
                    {{/link}}
                    """)
        case .chinese:
            TemplateSource(
                subject: "{{period}}：{{count}}项到期",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    您在**{{firm}}**有以下到期事项：

                    {{#items}}
                    - [{{title}}]({{link}})，{{due}}{{#about}}（{{about}}）{{/about}}
                    {{/items}}

                    {{#more}}另有{{more}}项。{{/more}}

                    {{#link}}
                    [查看全部]({{link}})
                    {{/link}}
                    """)
        case .german:
            TemplateSource(
                subject: "{{period}}: {{count}} fällig",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    bei **{{firm}}** ist fällig:

                    {{#items}}
                    - [{{title}}]({{link}}), {{due}}{{#about}} ({{about}}){{/about}}
                    {{/items}}

                    {{#more}}Und {{more}} weitere.{{/more}}

                    {{#link}}
                    [Alle ansehen]({{link}})
                    {{/link}}
                    """)
        case .spanish:
            TemplateSource(
                subject: "{{period}}: {{count}} por vencer",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    esto vence en **{{firm}}**:

                    {{#items}}
                    - [{{title}}]({{link}}), {{due}}{{#about}} ({{about}}){{/about}}
                    {{/items}}

                    {{#more}}Y {{more}} más.{{/more}}

                    {{#link}}
                    [Ver todo]({{link}})
                    {{/link}}
                    """)
        }
    }
}
