/// Hosts that give a mailbox to anyone: their domain says nothing about whom a person works for.
enum FreeMail {
    /// In every country's form: yahoo.com, yahoo.co.uk, gmx.net.
    private static let families: Set<String> = ["yahoo", "gmx", "hotmail", "outlook", "live", "yandex"]
    private static let hosts: Set<String> = [
        "gmail.com", "googlemail.com", "msn.com", "ymail.com", "rocketmail.com", "icloud.com", "me.com", "mac.com", "aol.com", "web.de",
        "t-online.de", "freenet.de", "mail.de", "posteo.de", "mailbox.org", "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net",
        "sina.com", "sohu.com", "naver.com", "hanmail.net", "daum.net", "proton.me", "protonmail.com", "pm.me", "tutanota.com", "tuta.com",
        "fastmail.com", "zoho.com", "mail.com", "mail.ru", "bk.ru", "inbox.ru", "list.ru", "orange.fr", "wanadoo.fr", "free.fr",
        "laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tiscali.it", "seznam.cz", "wp.pl", "o2.pl", "interia.pl", "bluewin.ch",
        "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "btinternet.com", "rediffmail.com", "uol.com.br", "bol.com.br",
    ]

    /// - Parameter domain: in lower case.
    static func hosts(_ domain: String) -> Bool {
        hosts.contains(domain) || families.contains(String(domain.prefix { $0 != "." }))
    }
}
