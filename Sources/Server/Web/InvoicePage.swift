import HTTPTypes
import Records
import Secrets
import Tenancy

/// An invoice as a page that prints on one sheet: the same document as the JSON, for a person and their bookkeeper.
enum InvoicePage {
    static let contentType = "text/html; charset=utf-8"

    static func reply(_ invoice: Invoice) -> Reply {
        var reply = Reply.text(page(invoice), contentType: contentType)
        // 32 bytes leave one `=` of padding, which browsers expect.
        let hash = Base64.standard.encode(Digest.sha256(style)) + "="
        reply.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'sha256-\(hash)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return reply
    }

    private static func page(_ invoice: Invoice) -> String {
        let title = "Invoice \(escaped(invoice.number))"
        return """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) · Tenantry</title><style>\(style)</style></head><body><main>
            <header><div class="seller"><strong>\(escaped(invoice.seller.lines.first ?? ""))</strong>\
            \(block(invoice.seller.lines.dropFirst() + taxID(invoice.seller)))</div>
            <p class="state \(invoice.state.rawValue)">\(invoice.state == .paid ? "Paid" : "Open")</p></header>
            <h1>\(title)</h1>
            <section class="parties"><div><h2>Billed to</h2><p>\(block(invoice.customer.lines + taxID(invoice.customer)))</p></div>
            <dl>\(facts(invoice))</dl></section>
            \(table(invoice))
            \(usage(invoice))
            \(invoice.seller.note.map { "<p class=\"note\">\(escaped($0))</p>" } ?? "")
            </main></body></html>
            """
    }

    private static func facts(_ invoice: Invoice) -> String {
        let paid = invoice.paidAt.map { [("Paid", String($0.apiText.prefix(10)))] } ?? []
        let facts =
            [
                ("Account", invoice.slug), ("Period", invoice.period.text), ("Issued", String(invoice.issuedAt.apiText.prefix(10))),
                ("Due", invoice.dueOn),
            ] + paid
        return facts.map { "<div><dt>\($0)</dt><dd>\(escaped($1))</dd></div>" }.joined()
    }

    private static func table(_ invoice: Invoice) -> String {
        let currency = escaped(invoice.currency)
        let rows = invoice.lines.map { line in
            """
            <tr><th scope="row">\(escaped(line.what))<small>\(explained(line, invoice))</small></th><td>\(line.quantity)</td>\
            <td>\(line.unitPrice)</td><td>\(line.amount)</td></tr>
            """
        }
        return """
            <table><thead><tr><th scope="col">What</th><th scope="col">Quantity</th><th scope="col">Price, \(currency)</th>\
            <th scope="col">Amount, \(currency)</th></tr></thead><tbody>\(rows.joined())</tbody>
            <tfoot><tr><th scope="row" colspan="3">Net</th><td>\(invoice.net)</td></tr>
            <tr><th scope="row" colspan="3">Tax, \(escaped(invoice.taxRate)) %</th><td>\(invoice.tax)</td></tr>
            <tr class="total"><th scope="row" colspan="3">Total, \(currency)</th><td>\(invoice.total)</td></tr></tfoot></table>
            """
    }

    /// Where the quantity comes from.
    private static func explained(_ line: Bill.Line, _ invoice: Invoice) -> String {
        let days = line.per == .user ? "days of all people together" : "days"
        return "\(line.days) \(days), of a month of \(invoice.period.length)"
    }

    private static func usage(_ invoice: Invoice) -> String {
        let usage = invoice.usage
        let figures = [
            ("People, at most", usage.seats), ("Records, at most", usage.records), ("Bytes of files, at most", usage.storageBytes),
            ("Mails sent", usage.mails), ("API calls", usage.apiCalls),
        ]
        let items = figures.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>" }.joined()
        return "<section class=\"usage\"><h2>Used in \(invoice.period.text)</h2><dl>\(items)</dl></section>"
    }

    private static func block(_ lines: some Sequence<String>) -> String { lines.map { escaped($0) }.joined(separator: "<br>") }

    private static func taxID(_ party: Invoice.Party) -> [String] { party.taxID.map { ["Tax number \($0)"] } ?? [] }

    private static func escaped(_ text: String) -> String { HTML.escaped(text) }

    private static let style = """
        :root{color-scheme:light}body{margin:0;background:#f3f4f6;color:#1c2128;font:15px/1.5 Inter,system-ui,sans-serif}
        main{max-width:46rem;margin:4vh auto;padding:3rem;background:#fff;border-radius:8px;border-top:6px solid #1f5fbf}
        header,.parties{display:flex;justify-content:space-between;gap:2rem;align-items:flex-start}
        .seller strong{display:block;font-size:1.15rem;color:#1f5fbf}h1{font-size:1.6rem;margin:2rem 0 1rem}
        h2{font-size:.8rem;margin:0 0 .3rem;color:#57606a;text-transform:uppercase;letter-spacing:.04em}
        p{margin:0}.state{padding:.2rem .8rem;border-radius:999px;font-weight:600;background:#fff3cd;color:#7a4d00}
        .state.paid{background:#dcf5e4;color:#14632f}dl{margin:0}dl div{display:flex;justify-content:space-between;gap:2rem}
        dt{color:#57606a}dd{margin:0;font-variant-numeric:tabular-nums}
        table{width:100%;border-collapse:collapse;margin:2.2rem 0}th{text-align:left;font-weight:400}
        thead th{font-size:.8rem;color:#57606a;border-bottom:2px solid #1c2128}
        td,thead th:not(:first-child){text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        td,th{padding:.55rem .4rem;vertical-align:top}tbody tr{border-bottom:1px solid #d8dde3}small{display:block;color:#57606a}
        tfoot th{text-align:right}.total th,.total td{font-weight:700;font-size:1.1rem;border-top:2px solid #1c2128}
        .usage{max-width:20rem}.note{margin-top:2rem;padding-top:1rem;border-top:1px solid #d8dde3}
        @media print{body{background:#fff}main{margin:0;padding:0;max-width:none;border:0}@page{margin:18mm}}
        """
}
