"""In Chinese, German and Spanish every word is of that language, dates and figures are written as they are there, and no key shows."""

import json
import re

from browser import expect, open_page, run


REFUSED = {"zh-CN": "不是有效的电子邮件地址", "de-DE": "keine E-Mail-Adresse", "es-ES": "no es una dirección de correo"}
HELP = {"zh-CN": "公司在页面和邮件中的名称。", "de-DE": "Wie die Firma auf Seiten und in Mails heißt.", "es-ES": "Cómo se llama la empresa en páginas y correos."}


def journey(site):
    for language, words in {
        "zh-CN": ("今天", "联系人", "保存", "2,5", "¥"), "de-DE": ("Heute", "Kontakte", "Speichern", "1.200,50", "€"), "es-ES": ("Hoy", "Contactos", "Guardar", "1200,50", "€"),
    }.items():
        person = site.firm()
        contact = person.call("POST", "/v1/contacts", {"first_name": "小明", "last_name": "王", "birthday": "1990-05-17", "lifecycle_stage": "customer"})
        pipeline = person.call("GET", "/v1/pipelines")["data"][0]
        deal = person.call("POST", "/v1/deals", {"name": "A", "pipeline_id": pipeline["id"], "stage_id": pipeline["stages"][0]["id"], "contact_id": contact["id"],
                                                "amount": {"amount": "1200.50", "currency": "EUR"}, "close_date": "2027-03-04"})
        page = site.signed_in(person, locale=language)
        assert page.locator("html").get_attribute("lang") == (language if language == "zh-CN" else language[:2])
        english = set()
        for path in ("/", "/contacts", f"/contacts/{contact['id']}", f"/deals/{deal['id']}", "/contacts/new", "/settings/profile", "/settings/firm", "/settings/users", "/settings/roles", "/settings/pipelines/new",
                     "/settings/fields", "/settings/plan", "/settings/keys", "/settings/data", "/search?q=王"):
            open_page(page, path)
            page.wait_for_timeout(250)
            text = page.locator("body").inner_text()
            keys = re.findall(r"\b(?:frame|list|record|form|field|option|settings|today|composer|type|ui|value|section|page|filter|roles|plan)\.[a-z_.]+\b", text)
            assert not keys, (language, path, keys)
            english |= {(word, path) for word in ("Contacts", "Settings", "Save", "Cancel", "Edit", "Details", "New", "Owner") if re.search(rf"\b{word}\b", text)}
        assert not english, (language, english)

        # Refusals and what settings are for, too.
        open_page(page, "/contacts/new")
        page.locator("form input[type=email]").first.fill("?")
        page.locator("form button[type=submit]").click()
        expect(page.locator(".error:visible").first).to_contain_text(REFUSED[language])
        open_page(page, "/settings/firm")
        expect(page.locator("main")).to_contain_text(HELP[language])
        text = page.locator("main").inner_text()
        assert not re.search(r"\b(the|with|which|without)\b", text.replace("“", "")), (language, re.findall(r".*\b(?:the|with|which|without)\b.*", text))
        open_page(page, "/")
        expect(page.get_by_role("link", name=words[0], exact=True)).to_be_visible()
        open_page(page, f"/deals/{deal['id']}")
        text = page.locator("main").inner_text().replace("\u00a0", " ")
        assert words[3] in text or language == "zh-CN", (language, text[:400])
        if language == "de-DE":
            assert "04.03.2027" in text or "4. März 2027" in text, text[:400]
        if language == "zh-CN":
            assert "2027年3月4日" in text, text[:400]
            page.keyboard.press("Control+K")
            page.keyboard.type("小")
            expect(page.get_by_role("option", name=re.compile("小明 王"))).to_be_visible()
        page.context.close()
    a_persons_own(site)


def a_persons_own(site):
    """Someone's own language goes before the firm's and the browser's, dates and money too."""
    person = site.firm(settings={"locale": "en-GB", "currency": "EUR"})
    pipeline = person.call("GET", "/v1/pipelines")["data"][0]
    deal = person.call("POST", "/v1/deals", {"name": "A", "pipeline_id": pipeline["id"], "stage_id": pipeline["stages"][0]["id"],
                                            "amount": {"amount": "1200.50", "currency": "EUR"}, "close_date": "2027-03-04"})
    page = site.signed_in(person, locale="en-GB")
    open_page(page, f"/deals/{deal['id']}")
    expect(page.locator("main")).to_contain_text("4 Mar 2027")
    for locale, words in {"zh-CN": ("2027年3月4日", "€1,200.50"), "de": ("04.03.2027", "1.200,50")}.items():
        person.call("PATCH", f"/v1/users/{person.call('GET', '/v1/session')['user']['id']}", {"locale": locale})
        open_page(page, f"/deals/{deal['id']}")
        assert page.locator("html").get_attribute("lang") == locale
        for word in words:
            expect(page.locator("main")).to_contain_text(word)


run(journey)
