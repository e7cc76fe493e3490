// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Secret

/// What a dumptype says of its program's keys: `property "AMFLEET-SECRETS" "/etc/keys/one" "/etc/keys/two"`.
///
/// A path names a file, or a directory with files. `elsewhere` says that they are kept where no node has them. Stock Amanda
/// reads the line and does nothing with it. Source: amanda.conf(5), `property` of a dumptype.
struct SecretProperty: Sendable, Equatable {
    static let name = "AMFLEET-SECRETS"
    static let elsewhere = "elsewhere"

    /// Absolute.
    private(set) var paths: [String] = []
    private(set) var isElsewhere = false
    /// Values that are neither.
    private(set) var unusable: [String] = []

    /// nil: the dumptype does not have it.
    init?(_ dumptype: DumpType) {
        let values = dumptype.properties.filter { $0.name == Self.name.lowercased() }.flatMap(\.values)
        guard !values.isEmpty else { return nil }
        for value in values.map(\.plaintext) {
            if value == Self.elsewhere {
                isElsewhere = true
            } else if SecretPath(value) != nil {
                paths.append(value)
            } else {
                unusable.append(value)
            }
        }
    }
}
