// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Names of clusters and nodes: they stand in certificates, in keys of the bucket and in host names.
enum ClusterName {
    /// Whether `name` is a lower-case DNS label: letters, digits and inner hyphens, 1 to 63 bytes.
    static func isLabel(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...63).contains(bytes.count), bytes.first != hyphen, bytes.last != hyphen else {
            return false
        }
        return bytes.allSatisfy { $0 == hyphen || isLowerLetter($0) || isDigit($0) }
    }

    /// Why `name` cannot be a node's; nil where it can. The text follows the name or its path.
    static func nodeFault(_ name: String) -> String? {
        if name == BucketLayout.reservedName {
            return "is '\(name)', which is reserved for the cluster's own objects in the bucket"
        }
        return labelFault(name)
    }

    /// Why `name` is no DNS label; nil where it is one.
    static func labelFault(_ name: String) -> String? {
        guard !isLabel(name) else { return nil }
        return "must be lower-case letters, digits and inner hyphens, at most 63, found '\(name)'"
    }

    /// Why `name` cannot be an Amanda configuration's; nil where it can: it is a directory's name and a piece of keys.
    static func configurationFault(_ name: String) -> String? {
        let isPlain = name.utf8.allSatisfy { byte in
            isLowerLetter(byte | 0x20) || isDigit(byte)
                || [hyphen, UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
        }
        guard !name.isEmpty, isPlain, !name.hasPrefix("."), !name.hasPrefix("-") else {
            return "must be the name of a directory under /etc/amanda, found '\(name)'"
        }
        return nil
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isLowerLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
