import Foundation
import Mail
import Support
import Testing

/// Reports as the servers of this world write them.
@Suite struct ReportTests {
    private func read(_ mail: String) -> MailReport? { MailReport(Array(mail.replacing("\n", with: "\r\n").utf8)) }

    private func deliveries(_ report: MailReport?) -> [DeliveryReport] {
        guard case .deliveries(let deliveries)? = report?.kind else { return [] }
        return deliveries
    }

    @Test("Postfix: a user who does not exist") func postfix() throws {
        let report = read(
            """
            Return-Path: <>
            Delivered-To: babc@bounces.example.com
            From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
            Subject: Undelivered Mail Returned to Sender
            To: babc@bounces.example.com
            Auto-Submitted: auto-replied
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status;
            \tboundary="7F2B01C0.1764344258/mx.example.net"

            This is a MIME-encapsulated message.

            --7F2B01C0.1764344258/mx.example.net
            Content-Description: Notification
            Content-Type: text/plain; charset=us-ascii

            <anna@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1
                <anna@example.org>: Recipient address rejected

            --7F2B01C0.1764344258/mx.example.net
            Content-Description: Delivery report
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.example.net
            Arrival-Date: Sat, 28 Nov 2026 15:37:38 +0000 (UTC)

            Final-Recipient: rfc822; Anna@example.org
            Original-Recipient: rfc822;anna@example.org
            Action: failed
            Status: 5.1.1
            Remote-MTA: dns; mx.example.org
            Diagnostic-Code: smtp; 550 5.1.1 <anna@example.org>: Recipient address
                rejected: User unknown

            --7F2B01C0.1764344258/mx.example.net
            Content-Description: Undelivered Message Headers
            Content-Type: text/rfc822-headers

            Message-ID: <0198@crm.example.com>
            Subject: Hello

            --7F2B01C0.1764344258/mx.example.net--
            """)

        let delivery = try #require(deliveries(report).first)
        #expect(
            delivery.recipient == "anna@example.org" && delivery.action == .failed && delivery.status == "5.1.1" && delivery.isAddressDead)
        #expect(delivery.diagnostic == "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown")
        #expect(report?.addressees == ["babc@bounces.example.com", "babc@bounces.example.com"])
        #expect(report?.original?.description == "<0198@crm.example.com>")
    }

    @Test("Exchange: codes in the status only, parts within parts, base64, LF alone, no end") func exchange() throws {
        let status = Data(
            """
            Reporting-MTA: dns;AM0PR01.prod.outlook.com
            Received-From-MTA: dns;crm.example.com

            Final-Recipient: RFC822;<bob@contoso.example>
            ACTION: Failed (mailbox full)
            STATUS: 5.2.2 (over quota)
            X-Display-Name: Bob
            """.utf8
        ).base64EncodedString()
        let report = MailReport(
            Array(
                """
                From: Microsoft Outlook <postmaster@contoso.example>
                To: <bxyz@bounces.example.com>
                Content-Type: multipart/mixed; boundary=outer

                --outer
                Content-Type: multipart/report; report-type=delivery-status; boundary=inner

                --inner
                Content-Type: text/html

                <p>Delivery has failed</p>
                --inner
                Content-Type: message/delivery-status
                Content-Transfer-Encoding: base64

                \(status)
                --inner
                Content-Type: message/rfc822

                Message-ID:
                 <0199@crm.example.com>
                To: bob@contoso.example
                """.utf8))

        let delivery = try #require(deliveries(report).first)
        #expect(
            delivery.recipient == "bob@contoso.example" && delivery.action == .failed && delivery.status == "5.2.2"
                && !delivery.isAddressDead)
        #expect(report?.original?.description == "<0199@crm.example.com>")
    }

    @Test("Several recipients in one report, delayed and failed") func several() {
        let report = read(
            """
            From: mailer-daemon@x.example
            Content-Type: multipart/report; boundary=b

            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; x.example

            Final-Recipient: rfc822; a@x.example
            Action: delayed
            Status: 4.4.1

            Final-Recipient: rfc822; b@x.example
            Action: failed
            Status: 5.0.0
            Diagnostic-Code: X-Unix; 550 5.1.10 recipient not found

            Final-Recipient: rfc822; c@x.example
            Diagnostic-Code: smtp; 550 no such user
            --b--
            """)

        #expect(deliveries(report).map(\.recipient) == ["a@x.example", "b@x.example", "c@x.example"])
        #expect(deliveries(report).map(\.action) == [.delayed, .failed, .failed])
        #expect(deliveries(report).map(\.isAddressDead) == [false, true, true])
    }

    @Test("qmail and Exim tell it in words") func words() throws {
        let qmail = read(
            """
            From: MAILER-DAEMON@yahoo.example
            To: babc@bounces.example.com
            Subject: failure notice

            Hi. This is the qmail-send program at yahoo.example.
            I'm afraid I wasn't able to deliver your message to the following addresses.

            <carol@yahoo.example>:
            192.0.2.9 does not like recipient.
            Remote host said: 554 delivery error: dd This user doesn't have an account

            --- Below this line is a copy of the message.

            Message-ID: <0197@crm.example.com>
            """)
        let exim = read(
            """
            X-Failed-Recipients: dave@example.org
            Auto-Submitted: auto-replied
            From: Mail Delivery System <Mailer-Daemon@exim.example>
            To: babc@bounces.example.com
            Content-Type: text/plain

            A message that you sent could not be delivered.

              dave@example.org
                host mx.example.org: 550 5.7.1 rejected as spam
            """)

        let carol = try #require(deliveries(qmail).first)
        #expect(carol.recipient == "carol@yahoo.example" && carol.action == .failed && carol.isAddressDead)
        #expect(carol.diagnostic?.contains("554 delivery error") == true)
        let dave = try #require(deliveries(exim).first)
        #expect(dave.recipient == "dave@example.org" && dave.status == "5.7.1" && !dave.isAddressDead)
    }

    @Test("Answers of people and holiday notices are no reports") func answers() {
        #expect(read("From: Anna <anna@example.com>\nSubject: Re: 550 5.1.1\n\nI saw 550 5.1.1 in your mail.") == nil)
        #expect(
            read(
                "From: Postmaster <postmaster@example.com>\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nI am away until 4.5.2027, room 550."
            ) == nil)
        #expect(read("") == nil)
        #expect(MailReport([UInt8](repeating: 0xFF, count: 100_000)) == nil)
    }

    @Test("A complaint in ARF names the mail and the reader") func complaint() throws {
        let report = try #require(
            read(
                """
                From: <abusedesk@example.com>
                To: <abuse@crm.example.com>
                Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d.2e68ed54_boundary"

                --part1_13d.2e68ed54_boundary
                Content-Type: text/plain

                This is an email abuse report.
                --part1_13d.2e68ed54_boundary
                Content-Type: message/feedback-report

                Feedback-Type: abuse
                User-Agent: SomeGenerator/1.0
                Version: 1
                Original-Mail-From: <babc@bounces.example.com>
                Original-Rcpt-To: <User@Example.com>
                --part1_13d.2e68ed54_boundary
                Content-Type: message/rfc822

                From: <crm@example.com>
                Message-ID: <8787KJKJ3K4J3K4J3K4J3.mail@crm.example.com>
                --part1_13d.2e68ed54_boundary--
                """))

        #expect(report.kind == .complaint(type: "abuse", recipient: "user@example.com"))
        #expect(report.addressees.contains("babc@bounces.example.com"))
        #expect(report.original?.description == "<8787KJKJ3K4J3K4J3K4J3.mail@crm.example.com>")
    }

    @Test("Two thousand damaged reports harm nobody") func damaged() {
        let whole = Array(
            "From: mailer-daemon@x\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nFinal-Recipient: rfc822; a=40x.example\r\nStatus: 5.1.1\r\n--b--"
                .utf8)
        var random = SplitMix64(seed: 3)
        var found = 0
        for _ in 0..<2000 {
            var mail = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<mail.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: mail[place] = UInt8.random(in: 0...255, using: &random)
                case 1: mail.removeSubrange(place..<min(mail.count, place + Int.random(in: 1...20, using: &random)))
                default: mail.insert(contentsOf: whole[place % whole.count..<min(whole.count, place % whole.count + 10)], at: place)
                }
                if mail.isEmpty { mail = whole }
            }
            if MailReport(mail) != nil { found += 1 }
        }
        // Most small damage is survived.
        #expect(found > 600)
    }
}
