// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Sealing
public import Secret

extension RecoveryKit {
    /// Columns of a printed page, which no line of ours goes beyond; a long bucket or endpoint in a command may.
    static let columns = 70
    private static let valueColumn = 13
    /// A fingerprint in two lines: it is read by people, too.
    private static let fingerprintHalf = 32

    /// What is printed, and written to the kit's file. `KitCommands` says how its commands are meant.
    public var text: Secret {
        let parts = [
            Self.title, purpose, fields, KitCommands.worstDay(self), KitCommands.withoutAmfleet(self),
            "The key:\n\n" + certificatePEM + keyPEM.plaintext,
        ]
        return Secret(parts.joined(separator: "\n\n"))
    }

    private var purpose: String {
        """
        Print this sheet, and keep it where nothing else of the cluster is.
        With it and the bucket everything comes back: coordinator, nodes,
        keys, data. \(lock)
        """
    }

    private var lock: String {
        isLocked
            ? "Whoever has it and its passphrase can read every\nkey of the cluster; without the passphrase it is worth nothing."
            : "Whoever has it can read every key of the cluster."
    }

    private var isLocked: Bool { RecoveryKey.isLocked(keyPEM) }

    private var fields: String {
        var lines: [String] = []
        func add(_ field: Field, _ value: String?, chunk: Int = Self.columns - Self.valueColumn) {
            guard let value else { return }
            let pieces = Self.pieces(of: field == .authority ? value : PlainValue.written(value), chunk)
            let name = "\(field.rawValue):"
            lines.append(name + Self.blanks(Self.valueColumn - name.count) + (pieces.first ?? ""))
            lines += pieces.dropFirst().map { Self.blanks(Self.valueColumn) + $0 }
        }
        add(.cluster, cluster)
        add(.clusterID, clusterID)
        add(.bucket, bucket)
        add(.prefix, prefix.isEmpty ? nil : prefix)
        add(.region, region)
        add(.endpoint, endpoint)
        add(.addressing, addressing?.rawValue)
        for authority in authorities { add(.authority, authority, chunk: Self.fingerprintHalf) }
        add(.date, date.formatted(.iso8601))
        return lines.joined(separator: "\n")
    }

    /// A value on several lines, of which none but the first reads like the beginning of something else.
    private static func pieces(of value: String, _ length: Int) -> [String] {
        let pieces = cut(value, length)
        guard pieces.dropFirst().contains(where: isBeginning) else { return pieces }
        return cut(value.replacing(":", with: "%3a").replacing("-", with: "%2d"), length)
    }

    static func cut(_ text: String, _ length: Int) -> [String] {
        var (pieces, rest): ([String], Substring) = ([], text[...])
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return pieces
    }

    private static func blanks(_ count: Int) -> String { String(repeating: " ", count: max(count, 1)) }
}
