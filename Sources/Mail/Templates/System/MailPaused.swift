extension SystemMail {
    /// So many mails came back that no more are sent until somebody has looked.
    package static let mailPaused = SystemMail("mail_paused", ["firm": .text, "person": .text, "link": .link]) { language in
        switch language {
        case .english:
            TemplateSource(
                subject: "Mail of {{firm}} has been paused",
                body: """
                    Hello{{#person}} {{person}}{{/person}},

                    too many of the last mails of **{{firm}}** came back, so no more are sent for now. Mails that are due wait.

                    Please look through the addresses you write to. Those that do not exist any more are left out already. Then resume the mail in the settings.

                    [Open the settings]({{link}})
                    """)
        case .chinese:
            TemplateSource(
                subject: "{{firm}}的邮件发送已暂停",
                body: """
                    {{#person}}{{person}}，{{/person}}您好：

                    **{{firm}}**最近发出的邮件有过多被退回，因此暂时停止发送。到期的邮件将等待。

                    请检查您使用的收件地址，已失效的地址已被排除。之后请在设置中恢复邮件发送。

                    [打开设置]({{link}})
                    """)
        case .german:
            TemplateSource(
                subject: "Die Mails von {{firm}} sind angehalten",
                body: """
                    Guten Tag{{#person}} {{person}}{{/person}},

                    von den letzten Mails von **{{firm}}** sind zu viele zurückgekommen. Deshalb werden vorerst keine weiteren gesendet; fällige warten.

                    Bitte sehen Sie die Adressen durch, an die Sie schreiben. Solche, die es nicht mehr gibt, sind schon ausgenommen. Setzen Sie den Versand danach in den Einstellungen fort.

                    [Einstellungen öffnen]({{link}})
                    """)
        case .spanish:
            TemplateSource(
                subject: "Los correos de {{firm}} están en pausa",
                body: """
                    Hola{{#person}}, {{person}}{{/person}}:

                    se han devuelto demasiados de los últimos correos de **{{firm}}**, así que por ahora no se envían más. Los pendientes esperan.

                    Revise las direcciones a las que escribe; las que ya no existen han quedado excluidas. Después, reanude los correos en los ajustes.

                    [Abrir los ajustes]({{link}})
                    """)
        }
    }
}
