"""Importing: a file with German columns, dates and semicolons; its mapping, a dry run with its errors in place, 1,000 rows, the result, and the way back."""

import pathlib
import tempfile

from accessible import walk
from browser import eventually, expect, open_page, run


def rows(count, wrong=()):
    lines = ["Vorname;Nachname;E-Mail;Firma;Geburtstag;Bemerkung"]
    for number in range(count):
        lines.append(f"Person;Nummer {number:04};{'keine Adresse' if number in wrong else f'p{number}@import.example'};Firma {number % 7};{number % 28 + 1:02}.02.1980;\"nur; so\"")
    return "\r\n".join(lines).encode("windows-1252")


def journey(site):
    person = site.firm()
    folder = tempfile.TemporaryDirectory()
    place = pathlib.Path(folder.name)
    page = site.signed_in(person)
    open_page(page, "/import")
    site.check(page, "the import")
    _, unseen = walk(page)
    assert not [one for one in unseen if "not seen" in one], unseen

    # A workbook is refused at once, in words.
    (place / "book.xlsx").write_bytes(b"PK")
    page.locator("input[type=file]").set_input_files(str(place / "book.xlsx"))
    expect(page.get_by_role("alert")).to_contain_text("CSV")

    # 1,000 rows, three of them wrong.
    (place / "kontakte.csv").write_bytes(rows(1000, wrong=(4, 17, 900)))
    page.get_by_label("What is in it").select_option(label="Contacts")
    page.locator("input[type=file]").set_input_files(str(place / "kontakte.csv"))
    expect(page.get_by_text("kontakte.csv: 1,000 rows of Contacts.")).to_be_visible()
    expect(page.get_by_label("Field for E-Mail")).to_have_value("email")
    expect(page.get_by_role("row").filter(has_text="Nachname")).to_contain_text("Nummer 0001")
    expect(page.get_by_label("Dates look like")).to_have_value("DD.MM.YYYY")
    expect(page.get_by_label("Between the columns")).to_have_value(";")
    site.check(page, "the mapping")
    page.get_by_label("Field for Bemerkung").select_option(label="E-mail")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("Two columns")
    page.get_by_label("Field for Bemerkung").select_option(label="Leave out")
    page.get_by_role("button", name="Check").click()

    # What would happen: nothing has.
    expect(page.get_by_role("status").filter(has_text="3 rows cannot be taken, 997 can.")).to_be_visible(timeout=30_000)
    expect(page.locator(".import-errors .is-wrong")).to_have_count(3)
    expect(page.locator(".import-errors .is-wrong").first).to_contain_text("keine Adresse")
    site.check(page, "the dry run")
    assert person.call("GET", "/v1/contacts?count=exact&limit=1")["page"]["count"] == 0

    # It happens.
    page.get_by_role("button", name="Import 997 rows").click()
    expect(page.get_by_role("status").filter(has_text="997 records are in.")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="As a file to correct")).to_be_visible()
    site.check(page, "the result")
    found = person.call("GET", "/v1/contacts?count=exact&limit=1&include=company&sort=last_name")
    assert found["page"]["count"] == 997 and found["data"][0]["birthday"] == "1980-02-01" and found["data"][0]["company"]["name"] == "Firma 0", found

    # Taken back, but for what someone has changed since.
    person.call("PATCH", f"/v1/contacts/{found['data'][0]['id']}", {"phone": "+49 1"})
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("status").filter(has_text="Taken back").first).to_be_visible(timeout=30_000)
    eventually(lambda: person.call("GET", "/v1/contacts?count=exact&limit=1")["page"]["count"] <= 1, "the records are in the trash")

    # The list of former imports, and changing what is there by a key.
    page.get_by_role("link", name="Import another file").click()
    expect(page.get_by_role("table")).to_contain_text("Taken back")
    site.check(page, "former imports")
    person.call("POST", "/v1/contacts", {"last_name": "Known", "email": "known@import.example"})
    (place / "two.csv").write_text("E-Mail,Nachname\nknown@import.example,Renamed\nnew@import.example,New\n")
    page.locator("input[type=file]").set_input_files(str(place / "two.csv"))
    page.get_by_label("Records that are there already").select_option(label="Change them, and make the others")
    expect(page.get_by_label("Known by")).to_have_value("email")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("status").filter(has_text="2 records are in.")).to_be_visible(timeout=30_000)
    assert person.call("GET", "/v1/contacts?filter[email]=known@import.example")["data"][0]["last_name"] == "Renamed"

    # 390 px.
    phone = site.signed_in(person, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_page(phone, "/import")
    site.check(phone, "the import on a phone")
    phone.locator("input[type=file]").set_input_files(str(place / "two.csv"))
    expect(phone.get_by_label("Field for E-Mail")).to_be_visible()
    site.check(phone, "the mapping on a phone")

    # Who reads German is told in German what is wrong, in the table and in the file.
    person.call("PATCH", f"/v1/users/{person.call('GET', '/v1/session')['user']['id']}", {"locale": "de"})
    (place / "falsch.csv").write_text("Nachname,E-Mail,Geburtstag\nA,keine Adresse,1980-02-30\nB,known@import.example,\nC\n")
    open_page(page, "/import")
    page.locator("input[type=file]").set_input_files(str(place / "falsch.csv"))
    page.get_by_role("button", name="Prüfen").click()
    wrong = page.locator(".import-errors")
    expect(wrong.get_by_role("row").nth(1)).to_contain_text("E-Mail: Das ist keine E-Mail-Adresse wie anna@example.com.")
    expect(wrong.get_by_role("row").nth(1)).to_contain_text("Geburtstag: Das ist kein Tag in der Schreibweise, die für die Datei gewählt ist.")
    expect(wrong.get_by_role("row").nth(2)).to_contain_text("Diesen Wert hat schon ein anderer Datensatz.")
    expect(wrong.get_by_role("row").nth(3)).to_contain_text("Die Zeile hat mehr Zellen als die Kopfzeile, oder weniger.")
    expect(wrong.locator(".is-wrong")).to_have_count(3)
    site.check(page, "the wrong rows in German")
    with page.expect_download() as download:
        page.get_by_role("link", name="Als Datei zum Verbessern").click()
    lines = pathlib.Path(download.value.path()).read_text().splitlines()
    assert lines[2] == "2,E-Mail,Diesen Wert hat schon ein anderer Datensatz.,B,known@import.example,", lines
    folder.cleanup()


run(journey)
