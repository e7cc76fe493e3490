// SPDX-License-Identifier: Apache-2.0

import Faults
public import Secret

/// What a parameter is set to, in Amanda's own units (sizes in KiB unless the parameter says otherwise).
enum ParameterValue: Sendable, Hashable {
    /// A string; nil where Amanda has none at all.
    case text(String?)
    /// Names in order: holding disks, storages, scripts, tags.
    case names([String])
    case integer(Int64)
    case real(Double)
    case bool(Bool)
    /// One of Amanda's keywords, upper case with dashes: `CLIENT BEST`, `INCRONLY`.
    case keyword(String)
    case keywords([String])
    /// Expected compression of full dumps and of increments: stored size by original size.
    case rates(full: Double, incremental: Double)
    case range(first: Int64, last: Int64)
    case selection(DLEDescription.FileSelection)
    case properties([ConfigurationProperty])
    case autolabel(Autolabel)
    case labelConstraint(LabelConstraint)
    case hosts(HostLimit)
    case dumpSelections([DumpSelection])
    case vaults([VaultRule])
}

/// A `property` or `device-property`. Its values may be keys and passwords, so all of them are secrets.
public struct ConfigurationProperty: Sendable, Hashable {
    /// Amanda's canonical form: lower case, dashes (`s3-secret-key`).
    public var name: String
    /// In order.
    public var values: [Secret]
    /// `append`: joins the values of an inherited property of the same name.
    var isAppended = false
    /// `priority`: the client must not override it.
    public var hasPriority = false
    /// `visible`: may stand in headers and logs; `hidden` must not.
    public var isVisible: Bool
    /// Where it was set.
    public var place: FaultPlace

    /// Two names are one where only case, `-` and `_` differ.
    static func canonicalName(_ name: String) -> String {
        canonicalKeyword(name)
    }
}

/// How an unlabelled volume gets a label, and which volumes may.
public struct Autolabel: Sendable, Hashable {
    /// `%%%%` is a number, `!!!` letters, `$c` the configuration, `$o` the org …; nil: no template.
    public var template: String?
    /// Volumes where a read gives nothing.
    public var takesEmpty: Bool
    /// Volumes of another Amanda configuration.
    public var takesOtherConfiguration: Bool
    /// Volumes whose first data is not Amanda's.
    public var takesForeign: Bool
    /// Volumes that cannot be read.
    public var takesVolumeError: Bool

    /// Nothing is labelled without a template, or where no kind of volume is taken.
    init(
        template: String?, takesEmpty: Bool = false, takesOtherConfiguration: Bool = false,
        takesForeign: Bool = false, takesVolumeError: Bool = false
    ) {
        self.template = template
        self.takesEmpty = takesEmpty
        self.takesOtherConfiguration = takesOtherConfiguration
        self.takesForeign = takesForeign
        self.takesVolumeError = takesVolumeError
    }

    /// Nothing is labelled.
    static let none = Autolabel(template: nil)
}

/// Which labels belong to this configuration.
public enum LabelConstraint: Sendable, Hashable {
    /// An Amanda regular expression: `labelstr "^amanda-server-[0-9][0-9]*$"`.
    case expression(String)
    /// `labelstr MATCH-AUTOLABEL`: what the autolabel template could have made.
    case matchAutolabel
}

/// `recovery-limit` and `dump-limit`: who may ask.
struct HostLimit: Sendable, Hashable {
    var allowsSameHost = false
    var allowsServer = false
    var hosts: [String] = []
}

/// `dump-selection` of a storage: a tag, or `ALL`, or `OTHER`; and which levels.
struct DumpSelection: Sendable, Hashable {
    /// Nil for the keywords.
    var tag: String?
    /// `ALL` or `OTHER` where there is no tag.
    var keyword: String
    /// `ALL`, `FULL` or `INCR`.
    var levels: String

    var takesEverything: Bool { tag == nil && keyword == "ALL" && levels == "ALL" }
}

/// `vault "storage" days`.
struct VaultRule: Sendable, Hashable {
    var storage: String
    var days: Int64
}

/// A keyword as the tables hold it: lower case, dashes.
func canonicalKeyword(_ word: String) -> String {
    String(word.lowercased().map { $0 == "_" ? "-" : $0 })
}
