// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import TestSupport
import Testing

@Suite struct ConfigFuzzTests {
    private static let file = "/etc/amanda/cf-grammar/amanda.conf"

    @Test(.timeLimit(.minutes(9))) func `every prefix of a configuration is read or refused`() throws {
        let bytes = try amandaFixture("Config/setup.conf")
        for count in bytes.indices {
            _ = try? AmandaConfiguration(parsing: Array(bytes[..<count]), file: Self.file) { _ in [] }
        }
    }

    @Test(.timeLimit(.minutes(9))) func `a damaged configuration is read or refused`() throws {
        var generator = SeededGenerator(seed: 3)
        let bytes = try amandaFixture("Config/grammar.conf")
        for _ in 0..<150 {
            let text = damaged(bytes, using: &generator)
            let configuration = try? AmandaConfiguration(parsing: text, file: Self.file) { _ in text }
            _ = try? configuration?.changer()
        }
    }

    @Test(.timeLimit(.minutes(9))) func `a damaged disklist is read or refused`() throws {
        let configuration = try configFixture("reference-corrected")
        var generator = SeededGenerator(seed: 4)
        for name in ["disklist.data", "disklist.braces"] {
            let bytes = try amandaFixture("Config/\(name)")
            for count in 0..<200 {
                let text =
                    count < 100
                    ? damaged(bytes, using: &generator) : Array(bytes[..<(bytes.count * (count - 100) / 100)])
                let list = try? Disklist(parsing: text, file: "/x/disklist", configuration: configuration) {
                    _ in text
                }
                _ = list?.refusals(configuration: configuration, ownNames: ["localhost"])
            }
        }
    }
}
