import Records

/// Everything the server answers, from the open street inwards.
struct Site: Sendable {
    private let house: House

    init(_ house: House) {
        self.house = house
    }

    /// What the API's listener serves; the operators' side too, unless it has a listener of its own.
    func main(_ figures: RouteFigures) -> [Endpoint] {
        let health = Health(installation: house.installation, figures: figures)
        let inside = health.endpoints + tenants
        guard house.settings.operatorPort == nil else { return inside }
        return inside + operators + [health.guardedMetrics]
    }

    /// What the operators' own listener serves.
    func aside(_ figures: RouteFigures) -> [Endpoint] {
        let health = Health(installation: house.installation, figures: figures)
        return health.endpoints + operators + house.assets.endpoints + [OperatorPage(house.assets).entrance, health.openMetrics]
    }

    /// Someone of one tenant, and the way in.
    private var tenants: [Endpoint] {
        let verbs = [
            SessionRoutes(house).endpoints,
            LinkRoutes(house).endpoints,
            SignUpRoutes(house)?.endpoints ?? [],
            MailRoutes(house).endpoints,
            APIKeyRoutes().endpoints,
            SettingsRoutes(house).endpoints,
            LogoRoutes().endpoints,
            LeadRoutes().endpoints,
            DealRoutes().endpoints,
            PipelineReportRoutes().endpoints,
            QuotaRoutes().endpoints,
            ForecastRoutes().endpoints,
            AgendaRoutes().endpoints,
            ReminderRoutes(house).endpoints,
            CalendarRoutes(house).endpoints,
            VCardRoutes().endpoints,
            ImportRoutes(house).endpoints,
            SearchRoutes(house.catalog).endpoints,
            TypeRoutes().endpoints,
            DuplicateRoutes().endpoints,
            PersonalDataRoutes(house).endpoints,
            OperationRoutes().endpoints,
            AccessRoutes().endpoints,
            EntitlementRoutes(house).endpoints,
            InvoiceRoutes(house).endpoints,
            BillingAccountRoutes(house).endpoints,
            PaymentRoutes(house).endpoints,
            AttachmentRoutes(house).endpoints,
            EventRoutes(house).endpoints,
            ChangeRoutes().endpoints,
            ExportRoutes(house).endpoints,
            AuditRoutes(house).endpoints,
            TestClockRoutes(house).endpoints,
        ].flatMap(\.self)
        let schemas: [JSON.Member] = [
            SessionRoutes.schemas,
            LinkRoutes.schemas,
            SignUpRoutes.schemas,
            MailRoutes.schemas,
            APIKeyRoutes.schemas,
            SettingsRoutes.schemas,
            LeadRoutes.schemas,
            DealRoutes.schemas,
            PipelineReportRoutes.schemas,
            QuotaRoutes.schemas,
            ForecastRoutes.schemas,
            AgendaRoutes.schemas,
            ReminderRoutes.schemas,
            CalendarRoutes.schemas,
            VCardRoutes.schemas,
            ImportRoutes.schemas,
            SearchRoutes.schemas,
            TypeRoutes.schemas,
            DuplicateRoutes.schemas,
            PersonalDataRoutes.schemas,
            OperationRoutes.schemas,
            AccessRoutes.schemas,
            EntitlementRoutes.schemas,
            InvoiceRoutes.schemas,
            BillingAccountRoutes.schemas,
            PaymentRoutes.schemas,
            AttachmentRoutes.schemas,
            ChangeRoutes.schemas,
            ExportRoutes.schemas,
            AuditRoutes.schemas,
            TestClockRoutes.schemas,
        ].flatMap(\.members)
        let descriptions = TenantDescriptions(verbs, schemas, house)
        let files = AttachmentRoutes(house)
        let builtIn = house.catalog.types.flatMap { RecordRoutes($0, of: house.catalog).endpoints + files.endpoints(of: $0) }
        let ofTenants = RecordRoutes.forTenantTypes(of: house.catalog).endpoints + files.endpointsOfTenantTypes
        return verbs + builtIn + ofTenants + descriptions.endpoints
            + DocumentationPages(of: "/v1/openapi.json").endpoints(at: "/docs") + LinkPages(house).endpoints
            + house.assets.endpoints + PageRoutes(house).endpoints
            + (house.settings.signUp == nil ? SignUpRoutes.closed : [])
    }

    /// Those who run the installation.
    private var operators: [Endpoint] {
        let endpoints = [
            TenantRoutes(house).endpoints,
            TenantBillingRoutes(house).endpoints,
            BlueprintRoutes(house).endpoints,
            CopyRoutes(house).endpoints,
            StatsRoutes(house).endpoints,
            GrantRoutes(house).endpoints,
            OperatorRoutes(house).endpoints,
            IdentityRoutes().endpoints,
            MigrationRoutes(house).endpoints,
            JobRoutes(house).endpoints,
            IsolationRoutes(house).endpoints,
        ].flatMap(\.self)
        let schemas = [
            TenantRoutes.schemas,
            InvoiceRoutes.schemas,
            TenantBillingRoutes.schemas,
            BlueprintRoutes.schemas,
            CopyRoutes.schemas,
            StatsRoutes.schemas,
            GrantRoutes.schemas,
            OperatorRoutes.schemas,
            IdentityRoutes.schemas,
            MigrationRoutes.schemas,
            JobRoutes.schemas,
            IsolationRoutes.schemas,
        ].flatMap(\.members)
        let document = OpenAPIDocument("Tenantry for operators", endpoints: endpoints, schemas: schemas)
        return endpoints + [document.guarded(at: "/operator/v1/openapi.json")]
            + DocumentationPages(of: "/operator/v1/openapi.json").endpoints(at: "/operator/docs") + OperatorPage(house.assets).endpoints
    }
}
