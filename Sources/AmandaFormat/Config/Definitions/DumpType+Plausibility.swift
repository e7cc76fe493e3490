// SPDX-License-Identifier: Apache-2.0

import Secret

/// Own properties of a dumptype, which stock Amanda keeps and does not read: from which share of the last plausible dump on a dump is
/// plausible. Beside them `plausibility` in `cluster.json` is the default.
extension DumpType {
    private static let byteProperty = "plausibility-bytes"
    private static let nameProperty = "plausibility-names"

    /// Of a full dump's bytes; nil: not set.
    public var plausibleByteShare: Double? { share(Self.byteProperty) }
    /// Of the names in all directories; nil: not set.
    public var plausibleNameShare: Double? { share(Self.nameProperty) }

    private func share(_ name: String) -> Double? {
        properties.value(of: name).flatMap(Double.init).flatMap { (0...1).contains($0) ? $0 : nil }
    }

    /// Values that are no share.
    var plausibilityRefusals: [ConfigurationFault] {
        [Self.byteProperty, Self.nameProperty].compactMap { name in
            let canonical = ConfigurationProperty.canonicalName(name)
            guard share(name) == nil, let property = properties.first(where: { $0.name == canonical }) else {
                return nil
            }
            let value = property.values.first?.plaintext ?? ""
            return ConfigurationFault(
                property.place, "property \"\(name)\" is \"\(value)\", expected a number from 0 to 1",
                hint: "write property \"\(name)\" \"0.5\"; 0 takes any dump for plausible.")
        }
    }
}
