import Records

/// What the columns of files are called that other programs export and people make, in English, German and Chinese: by path of the field.
/// Case, accents and signs do not matter.
package enum HeaderWords {
    package static func of(_ type: RecordType) -> [String: [String]] {
        common.merging(own[type.name] ?? [:]) { $1 + $0 }
    }

    private static let person: [String: [String]] = [
        "first_name": ["First", "Given Name", "Forename", "Vorname", "名", "名字"],
        "last_name": ["Last", "Surname", "Family Name", "Name", "Full Name", "Nachname", "Familienname", "姓", "姓氏", "姓名", "联系人", "客户姓名"],
        "title": ["Job Title", "Position", "Role", "Funktion", "Berufsbezeichnung", "Stellenbezeichnung", "职位", "职务", "头衔"],
        "birthday": ["Date of Birth", "Birth Date", "Birthdate", "Geburtstag", "Geburtsdatum", "生日", "出生日期"],
        "company_id": [
            "Company", "Company Name", "Account Name", "Account", "Organization", "Organisation", "Organization Name", "Associated Company",
            "Firma", "Unternehmen", "Firmenname", "公司", "公司名称", "单位", "客户名称",
        ],
        "lifecycle_stage": ["Lifecycle", "Stage", "Phase", "客户阶段"],
        "email_opt_out": ["Unsubscribed", "Opted Out", "Do Not Email", "Newsletter abbestellt", "退订"],
    ]

    private static let own: [String: [String: [String]]] = [
        "contacts": person,
        "companies": [
            "name": [
                "Company", "Company Name", "Account Name", "Organization", "Organization Name", "Firma", "Firmenname", "Unternehmen", "公司",
                "公司名称", "企业名称", "客户名称",
            ],
            "domain": ["Company Domain Name", "Domain Name", "Email Domain", "Domäne", "域名"],
            "industry": ["Sector", "Branche", "行业", "所属行业"],
            "employees": [
                "Number of Employees", "Employee Count", "Headcount", "Mitarbeiter", "Mitarbeiterzahl", "Anzahl Mitarbeiter", "员工数", "人数",
                "员工人数",
            ],
            "parent_id": ["Parent", "Parent Company", "Parent Account", "Muttergesellschaft", "Konzern", "母公司", "上级公司"],
        ],
        "leads": [
            "first_name": person["first_name"] ?? [], "last_name": person["last_name"] ?? [],
            "company_name": ["Company", "Firma", "Unternehmen", "Account", "Organization", "公司", "公司名称"],
            "status": ["Lead Status", "Stand", "状态", "线索状态"], "score": ["Lead Score", "Rating", "Bewertung", "评分", "得分"],
        ],
        "deals": [
            "name": ["Deal", "Deal Name", "Opportunity", "Opportunity Name", "Title", "Bezeichnung", "Geschäft", "商机", "商机名称", "交易名称"],
            "pipeline_id": ["Pipeline", "Vertriebspipeline", "销售管道"],
            "stage_id": ["Stage", "Deal Stage", "Phase", "Stufe", "阶段", "销售阶段"],
            "amount": ["Value", "Deal Value", "Betrag", "Wert", "Summe", "金额", "成交金额"],
            "amount.currency": ["Currency", "Currency Code", "Währung", "币种", "货币"],
            "close_date": ["Close Date", "Expected Close Date", "Closing Date", "Abschlussdatum", "Abschluss", "预计成交日期", "结束日期"],
            "probability": ["Chance", "Wahrscheinlichkeit", "赢单率", "可能性"],
            "contact_id": ["Contact", "Contact Name", "Primary Contact", "Ansprechpartner", "Kontakt", "联系人"],
            "company_id": person["company_id"] ?? [], "lost_reason": ["Closed Lost Reason", "Verlustgrund", "丢单原因"],
        ],
        "activities": [
            "kind": ["Type", "Activity Type", "Art", "Typ", "类型"], "subject": ["Title", "Betreff", "主题"],
            "body": ["Note", "Notes", "Text", "Notiz", "Inhalt", "内容", "备注"], "at": ["Date", "Time", "Datum", "Zeitpunkt", "时间", "日期"],
            "contact_ids": ["Contact", "Contacts", "Attendees", "Kontakte", "Teilnehmer", "联系人"], "company_id": person["company_id"] ?? [],
            "deal_id": ["Deal", "Opportunity", "Geschäft", "商机"], "lead_id": ["线索"],
            "duration_minutes": ["Duration", "Minutes", "Dauer", "Dauer in Minuten", "时长", "持续时间"], "direction": ["Richtung", "方向"],
        ],
        "tasks": [
            "title": ["Subject", "Task", "Aufgabe", "Betreff", "任务", "标题"],
            "body": ["Note", "Notes", "Beschreibung", "Description", "描述", "备注"],
            "due": ["Due Date", "Deadline", "Fällig", "Fällig am", "截止日期", "到期日"], "due.time_zone": ["Time Zone", "Zeitzone", "时区"],
            "assignee_id": ["Assignee", "Assigned To", "Zuständig", "Bearbeiter", "负责人"], "priority": ["Priorität", "优先级"],
            "status": ["Stand", "状态"],
        ],
    ]

    private static let common: [String: [String]] = [
        "email": ["E-Mail", "Email Address", "E-Mail Address", "Mail", "E-Mail-Adresse", "邮箱", "电子邮件", "邮件", "电子邮箱"],
        "phone": [
            "Phone Number", "Telephone", "Tel", "Mobile", "Mobile Phone", "Mobile Phone Number", "Telefon", "Telefonnummer", "Handy",
            "Mobil",
            "电话", "手机", "手机号", "手机号码", "电话号码", "联系电话",
        ],
        "website": ["Web", "Webpage", "URL", "Website URL", "Webseite", "Internetadresse", "网站", "网址"],
        "source": ["Lead Source", "Original Source", "Quelle", "Herkunft", "来源", "客户来源"],
        "owner_id": [
            "Owner", "Contact Owner", "Account Owner", "Deal Owner", "Lead Owner", "Company Owner", "Besitzer", "Betreuer", "负责人", "所有者",
        ],
        "external_id": [
            "ID", "Record ID", "External Id", "Contact ID", "Account ID", "Lead ID", "Kundennummer", "Externe ID", "编号", "客户编号", "外部编号",
        ],
        "tags": ["Labels", "Label", "Schlagworte", "Stichworte", "标签"],
        "language": ["Preferred Language", "Sprache", "语言"],
        "time_zone": ["Timezone", "Zeitzone", "时区"],
        "address.street": [
            "Street", "Street Address", "Address", "Address Line 1", "Mailing Street", "Billing Street", "Straße", "Strasse", "Anschrift",
            "Adresse",
            "街道", "地址", "详细地址",
        ],
        "address.city": ["City", "Town", "Mailing City", "Billing City", "Ort", "Stadt", "Wohnort", "城市", "市"],
        "address.region": [
            "State", "State/Region", "Province", "Region", "County", "Mailing State/Province", "Billing State/Province", "Bundesland",
            "Kanton", "省", "省份", "州",
        ],
        "address.postal_code": [
            "Zip", "Zip Code", "Postcode", "Postal Code", "Mailing Zip/Postal Code", "Billing Zip/Postal Code", "PLZ", "Postleitzahl", "邮编",
            "邮政编码",
        ],
        "address.country": ["Country", "Country/Region", "Mailing Country", "Billing Country", "Land", "国家"],
    ]
}
