import Jobs
import Records
import Tenancy

/// What workers know how to do, and what comes again and again for every tenant: one list.
package enum StandingWork {
    package static let kinds: [JobKind] = [
        PruneAccess.kind,
        EmptyTrash.kind,
        RecountUsage.kind,
        MeterUsage.kind,
        IssueInvoice.kind,
        ApplyRetention.kind,
        DuplicateScan.kind,
        RunImport.kind,
        RevertImport.kind,
        PruneImports.kind,
        MakeExport.kind,
        ForgetExports.kind,
        ExportTenant.kind,
        CloneTenant.kind,
        MoveTenant.kind,
        SendMail.kind,
        RemoveBytes.kind,
        SweepAttachments.kind,
        PlanReminders.kind,
        SweepReminders.kind,
        DueReminder.kind,
        SendReminder.kind,
        SendDigest.kind,
        SendTemplateTest.kind,
    ]

    /// Of those, whose jobs are due by a test tenant's clock.
    package static var clocked: [JobKind] { kinds.filter(\.followsClock) }

    /// `catalog`: the built-in record types. Without a post mails wait for a worker that has one.
    package static func handlers(_ catalog: Catalog, _ installation: Installation, post: Post? = nil) -> JobHandlers {
        let audit = installation.audit
        let mail =
            post.map {
                [
                    SendMail.handler($0), SendReminder.handler(catalog, $0, audit), SendDigest.handler(catalog, $0, audit),
                    SendTemplateTest.handler(catalog, $0),
                ]
            } ?? []
        return JobHandlers(
            [
                PruneAccess.handler,
                EmptyTrash.handler(catalog),
                RecountUsage.handler(installation),
                MeterUsage.handler(installation),
                IssueInvoice.handler(installation),
                ApplyRetention.handler(catalog),
                DuplicateScan.handler(catalog),
                RunImport.handler(catalog),
                RevertImport.handler(catalog),
                PruneImports.handler,
                RemoveBytes.handler(installation.blobs),
                SweepAttachments.handler(catalog, installation.blobs),
                MakeExport.handler(catalog, installation.blobs),
                ForgetExports.handler(installation.blobs),
                ExportTenant.handler(catalog, installation),
                CloneTenant.handler(catalog, installation),
                MoveTenant.handler(catalog, installation),
                PlanReminders.handler(catalog),
                SweepReminders.handler(catalog),
                DueReminder.handler(catalog, installation.audit),
            ] + mail)
    }

    /// At night by Greenwich, spread over an hour or two.
    package static let schedules: [Schedule] = {
        do {
            return [
                try Schedule("meter_usage", MeterUsage(), cron: "10 0 * * *", spread: .seconds(3600)),
                try Schedule("issue_invoice", IssueInvoice(), cron: "20 4 1 * *", spread: .seconds(7200)),
                try Schedule("prune_access", PruneAccess(), cron: "20 1 * * *", spread: .seconds(3600)),
                try Schedule("apply_retention", ApplyRetention(), cron: "40 1 * * *", spread: .seconds(3600)),
                try Schedule("empty_trash", EmptyTrash(), cron: "40 2 * * *", spread: .seconds(7200)),
                try Schedule("prune_imports", PruneImports(), cron: "10 2 * * *", spread: .seconds(3600)),
                try Schedule("sweep_reminders", SweepReminders(), cron: "20 2 * * *", spread: .seconds(3600)),
                try Schedule("sweep_attachments", SweepAttachments(), cron: "10 3 * * *", spread: .seconds(3600)),
                try Schedule("forget_exports", ForgetExports(), cron: "10 3 * * *", spread: .seconds(3600)),
                try Schedule("recount_usage", RecountUsage(), cron: "50 3 * * *", spread: .seconds(3600)),
            ]
        } catch {
            // A test reads them all.
            fatalError("A schedule of ours cannot be read: \(error)")
        }
    }()
}
