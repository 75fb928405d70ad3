/// What a plan may leave out, named as in its `features`. A plan that does not name a feature does not withhold it, as with limits.
///
/// Of a tenant that has decided something before its plan withheld it nothing is lost: it holds again with the next plan that allows it.
package enum Feature: String, Sendable, Hashable, CaseIterable {
    /// A name, colour and logo of the firm's own in pages and mails, in place of the account's plain name.
    case ownBrand = "own_brand"
    /// Mail leaves through a server of the firm's own.
    case ownMailServer = "own_mail_server"
}
