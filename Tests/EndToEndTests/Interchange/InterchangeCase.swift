// SPDX-License-Identifier: Apache-2.0

/// One way in which one program writes what the other reads.
struct InterchangeCase: Sendable, CustomStringConvertible {
    enum Writer: String, CaseIterable, Sendable { case amfleet, stock }

    enum Compression: String, CaseIterable, Sendable {
        case none
        case fast = "gzip fast"
        case best = "gzip best"
        case zstd
    }

    enum Encryption: String, CaseIterable, Sendable {
        case plain, amcrypt
        case ossl = "amcrypt-ossl"
    }

    enum Layout: String, CaseIterable, Sendable {
        case multipart
        case blocks = "block mode"
        case parts = "several parts"
    }

    var writer: Writer
    var compression: Compression
    var encryption: Encryption
    var layout: Layout
    /// The level of the run that is restored; a complete case restores all three.
    var level: Int

    var description: String {
        "\(writer.rawValue) writes, \(compression.rawValue), \(encryption.rawValue), \(layout.rawValue), level \(level)"
    }

    /// Part of a configuration's name.
    var key: String {
        [
            writer.rawValue, compression.rawValue, encryption.rawValue,
            layout.rawValue, "\(level)",
        ].map { $0.filter { $0.isLetter || $0.isNumber } }.joined(separator: "-")
    }

    /// Every combination.
    static let complete: [InterchangeCase] = Writer.allCases.flatMap { writer in
        Compression.allCases.flatMap { compression in
            Encryption.allCases.flatMap { encryption in
                Layout.allCases.map { layout in
                    InterchangeCase(
                        writer: writer, compression: compression, encryption: encryption, layout: layout,
                        level: 2)
                }
            }
        }
    }

    /// So few that every value meets both writers, chosen greedily: always the combination that brings together most pairs
    /// that have not met.
    static let few: [InterchangeCase] = {
        let all = complete.flatMap { one in
            (0...2).map { level in
                var one = one
                one.level = level
                return one
            }
        }
        var open = Set(all.flatMap(\.pairs))
        var chosen: [InterchangeCase] = []
        while !open.isEmpty {
            guard let best = all.max(by: { $0.newPairs(open) < $1.newPairs(open) }) else { break }
            chosen.append(best)
            open.subtract(best.pairs)
        }
        return chosen
    }()

    private var pairs: [String] {
        ["compress \(compression)", "encrypt \(encryption)", "layout \(layout)", "level \(level)"].map {
            "\(writer) \($0)"
        }
    }

    private func newPairs(_ open: Set<String>) -> Int { pairs.count { open.contains($0) } }
}

extension InterchangeCase {
    /// The configuration of the case, of which nothing but the case's values differs from any other.
    func plan(_ name: String) -> ConfigurationPlan {
        var plan = ConfigurationPlan(name: name, blockSize: "5 megabytes")
        plan.isMultipart = layout != .blocks
        if layout != .multipart { plan.partSize = "5 megabytes" }
        if layout == .blocks { plan.blockSize = "1 megabytes" }
        plan.compress =
            switch compression {
            case .none: "none"
            case .fast: "client fast"
            case .best: "client best"
            case .zstd: "client custom"
            }
        plan.tapecycle = 9
        plan.dumpcycle = 30
        plan.isRecorded = true
        plan.globalLines = ["bumpsize 1 kbytes", "bumppercent 0", "bumpdays 1", "bumpmult 1"]
        if compression == .zstd { plan.dumptypeLines.append("client_custom_compress \"/usr/bin/zstd\"") }
        if encryption != .plain {
            plan.dumptypeLines += [
                "encrypt server", "server_encrypt \"/usr/sbin/\(encryption.rawValue)\"",
                "server_decrypt_option \"-d\"",
            ]
        }
        return plan
    }
}
