// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct KeyVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "What Amanda's amcrypt encrypts with.",
        subcommands: [KeyCreateVerb.self])
}

struct KeyCreateVerb: Verb {
    static let documentName = "key create"

    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key and a passphrase on every node, each its own, and prove them by a round trip.",
        discussion: """
            They lie in the home of the configurations' dumpuser, as amcrypt and amcrypt-ossl look for them, and never leave \
            the node. A key or passphrase that is there already is never replaced.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this node; may be repeated.")
    var node: [String] = []

    @Option(help: "Only for the dumpuser of this configuration; may be repeated.")
    var configuration: [String] = []

    func report() async throws -> any CommandReport {
        try await withCluster {
            try await KeyCommand($0, nodes: node, configurations: configuration).create()
        }
    }
}
