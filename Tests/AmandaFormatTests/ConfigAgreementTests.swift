// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmandaFormat

/// Agreement with stock Amanda, parameter by parameter, on what `amgetconf` printed (Fixtures/README.md).
@Suite struct ConfigAgreementTests {
    @Test(arguments: ["reference-corrected", "setup", "grammar"])
    func `every parameter of every definition is as amgetconf prints it`(name: String) throws {
        let configuration = try configFixture(name)
        let ours = AmgetconfText.all(of: configuration)
        let stock = try amgetconfFixture(name)
        #expect(stock.count > 500)
        for (parameter, lines) in stock {
            #expect(ours[parameter] == lines, "\(parameter)")
        }
        let missing = Set(ours.keys).subtracting(stock.keys)
        #expect(missing.isEmpty)
    }
}

/// A configuration of the fixtures, as if it lay where the capture read it.
func configFixture(_ name: String) throws -> AmandaConfiguration {
    let directory = "/etc/amanda/cf-\(name)/"
    return try AmandaConfiguration(
        parsing: try amandaFixture("Config/\(name).conf"), file: directory + "amanda.conf"
    ) { path in
        try amandaFixture("Config/" + path.dropFirst(directory.count))
    }
}

/// What `amgetconf` printed for a configuration of the fixtures.
func amgetconfFixture(_ name: String) throws -> [String: [String]] {
    amgetconfTexts(String(amandaBytes: try amandaFixture("Config/\(name).amgetconf")))
}

/// `== PARAMETER` lines, each followed by what was printed; properties sorted, as Amanda's order is chance.
func amgetconfTexts(_ text: String) -> [String: [String]] {
    var texts: [String: [String]] = [:]
    var current = ""
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
        if line.hasPrefix("== ") {
            current = String(line.dropFirst(3))
            texts[current] = []
        } else {
            texts[current, default: []].append(String(line))
        }
    }
    for (key, lines) in texts where key.hasSuffix("property") { texts[key] = lines.sorted() }
    return texts
}
