// SPDX-License-Identifier: Apache-2.0

/// The words that may follow a number.
///
/// Source: Amanda 3.5.1 `common-src/conffile.c`, `numb_keytable`; amanda.conf(5), VALUE SUFFIXES.
enum ConfigurationUnit {
    /// What a unit counts: stock Amanda lets `dumpcycle 2 kb` be 2048 days, here it is a fault.
    enum Dimension: Hashable {
        case bytes, days, tapes
    }

    /// The unit's size in bytes, days or tapes.
    static func meaning(of word: String) -> (dimension: Dimension, multiplier: Int64)? {
        units[word.lowercased()]
    }

    /// Every unit's name, for hints.
    static var names: [String] { units.keys.sorted() }

    private static let units: [String: (Dimension, Int64)] = {
        var units: [String: (Dimension, Int64)] = [
            "day": (.days, 1), "days": (.days, 1), "week": (.days, 7), "weeks": (.days, 7),
            "tape": (.tapes, 1), "tapes": (.tapes, 1),
        ]
        let sizes: [(words: String, multiplier: Int64)] = [
            ("b bps byte bytes", 1),
            ("k kb kbps kbyte kbytes kilobyte kilobytes kps", 1 << 10),
            ("m mb mbps mbyte mbytes meg megabyte megabytes mps", 1 << 20),
            ("g gb gbps gbyte gbytes gig gigabyte gigabytes", 1 << 30),
            ("t tb tbps tbyte tbytes tera terabyte terabytes", 1 << 40),
        ]
        for size in sizes {
            for word in size.words.split(separator: " ") {
                units[String(word)] = (.bytes, size.multiplier)
            }
        }
        return units
    }()
}
