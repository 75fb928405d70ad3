/// How the documentation pages look.
enum DocumentationStyle {
    static let text = """
        :root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--paper:#fff;--tint:#f5f7fa;--accent:#2457c5}
        @media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#9aa5b4;--line:#333c48;--paper:#14181d;--tint:#1c222a;--accent:#8ab0ff}}
        body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.6rem}h2{font-size:1.15rem;margin:2rem 0 .5rem;text-transform:capitalize}
        code,pre{font:.875rem/1.45 ui-monospace,monospace}pre{background:var(--tint);padding:.75rem;overflow:auto;border-radius:6px}
        details{border:1px solid var(--line);border-radius:6px;margin:.4rem 0}details>:not(summary){margin:.5rem 1rem}
        summary{cursor:pointer;padding:.5rem .75rem;display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap}
        summary b{min-width:4.2rem;color:var(--accent);font:600 .8rem ui-monospace,monospace}summary span{color:var(--soft)}
        table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
        tr:target{background:var(--tint)}input,button{font:inherit;padding:.25rem .5rem}label,#state{color:var(--soft)}
        """
}
