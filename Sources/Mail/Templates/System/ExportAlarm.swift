extension SystemMail {
    /// Somebody took more records out of the account than its settings call usual.
    package static let exportAlarm = SystemMail(
        "export_alarm",
        ["firm": .text, "person": .text, "maker": .text, "time": .text, "records": .text, "type": .text, "link": .link]
    ) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "A large export from {{firm}}: {{records}} records",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    more records than usual were exported from **{{firm}}**:

                    - By: {{maker}}
                    - Time: {{time}}
                    - What: {{records}} records of {{type}}

                    If that was meant to be, all is well. If not, end that person's access now; the audit tells from where it was taken. What counts as usual is set in the settings.

                    [Open the settings]({{link}})
                    """)
        case .chinese:
            TemplateSource(
                subject: "{{firm}}有一次大量导出：{{records}}条记录",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    **{{firm}}**导出的记录多于平常：

                    - 操作人：{{maker}}
                    - 时间：{{time}}
                    - 内容：{{type}}，{{records}}条记录

                    如果属于正常操作，请忽略本邮件。如果不是，请立即停用该用户；审计记录会显示操作来源。可在设置中调整数量上限。

                    [打开设置]({{link}})
                    """)
        case .german:
            TemplateSource(
                subject: "Großer Export bei {{firm}}: {{records}} Datensätze",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    bei **{{firm}}** wurden mehr Datensätze als üblich exportiert:

                    - Von: {{maker}}
                    - Zeit: {{time}}
                    - Was: {{records}} Datensätze ({{type}})

                    Wenn das so gewollt war, ist alles in Ordnung. Wenn nicht, sperren Sie jetzt den Zugang; das Protokoll sagt, von wo aus exportiert wurde. Was als üblich gilt, steht in den Einstellungen.

                    [Einstellungen öffnen]({{link}})
                    """)
        case .spanish:
            TemplateSource(
                subject: "Exportación grande en {{firm}}: {{records}} registros",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    se han exportado más registros de lo habitual de **{{firm}}**:

                    - Por: {{maker}}
                    - Hora: {{time}}
                    - Qué: {{records}} registros ({{type}})

                    Si era lo previsto, todo está en orden. Si no, cierre ahora el acceso de esa persona; el registro de auditoría indica desde dónde se hizo. Lo que cuenta como habitual se fija en los ajustes.

                    [Abrir los ajustes]({{link}})
                    """)
        }
    }
}
